/** Who can do what, read from the cards that the node knows, its own included: one row for each agent. Pure. */
import { type KnownPeer, type PeerId, parseSkill, type SkillCard } from "../../protocols/mod.ts";
import type { AgentState } from "../handlers/mod.ts";
import type { Status } from "../moot-node.ts";

export interface AgentRow {
  readonly peer: PeerId;
  readonly agent: string;
  readonly description: string;
  /** Runs on the node that answers. */
  readonly here: boolean;
  readonly present: boolean;
  readonly concurrency: number;
  /** Of the node's own agents only: others say it in their bids. */
  readonly busy?: number;
  /** Of the node's own agents only: others offer none but those that are ready. */
  readonly state?: AgentState;
  readonly why?: string;
  readonly skills: readonly (Pick<SkillCard, "name"> & Partial<SkillCard>)[];
}

export function agentRows(status: Status, known: readonly KnownPeer[], skill: string | undefined): readonly AgentRow[] {
  const own = status.agents.map((agent): AgentRow => {
    const card = known.find((entry) => entry.peer === status.peer)?.card.agents.find((one) => one.name === agent.name);
    const skills = agent.skills.flatMap((text) => {
      const name = parseSkill(text);
      return card?.skills.filter((one) => one.name === text) ?? (name === undefined ? [] : [{ name }]);
    });
    const { name, concurrency, busy, state, why } = agent;
    return {
      peer: status.peer,
      agent: name,
      description: card?.description ?? "",
      here: true,
      present: true,
      concurrency,
      busy,
      state,
      why,
      skills,
    };
  });
  const others = known
    .filter((entry) => entry.peer !== status.peer)
    .flatMap(({ peer, present, card }) =>
      card.agents.map(
        ({ name, description, concurrency, skills }): AgentRow => ({
          peer,
          agent: name,
          description,
          here: false,
          present,
          concurrency,
          skills,
        }),
      ),
    );
  const rows = [...own, ...others];
  return skill === undefined ? rows : rows.filter((row) => row.skills.some((one) => one.name === skill));
}

/**
 * What would come of a task if it were submitted now: who would bid and on what terms, whom its input does not fit, who would keep
 * it. Read from the cards that the node holds; nothing is announced, and nobody is bound to it: a bid says what a card does not
 * know (load, and a price of the day). Pure.
 */
import type { Candidate, KnownPeer, PeerId, Skill, SkillCard } from "../protocols/mod.ts";
import type { DryRun, DryRunBidder } from "./moot-node.ts";

interface Known {
  readonly skill: Skill;
  readonly contract: string | undefined;
  readonly budget: number | undefined;
  readonly candidates: readonly Candidate[];
  readonly peers: readonly KnownPeer[];
  readonly custodians: readonly PeerId[];
  /** What is wrong with the input for a skill with this schema; undefined when nothing is. */
  readonly misfit: (schema: object) => string | undefined;
}

export function dryRunOf(known: Known): DryRun {
  const { skill, candidates, custodians } = known;
  const bidders = candidates.map((candidate) => bidderOf(candidate, known));
  return { skill, custodians, candidates: bidders.sort((one, other) => Number(other.bids) - Number(one.bids)) };
}

function bidderOf(candidate: Candidate, { skill, contract, budget, peers, misfit }: Known): DryRunBidder {
  const { peer, agent, cost, expected_ms, load_permille } = candidate;
  const card = cardIn(peers, candidate, skill);
  const wrong = card?.input === undefined ? undefined : misfit(card.input);
  const why =
    contract !== undefined && candidate.contract !== contract
      ? "it has the skill under another contract"
      : budget !== undefined && cost > budget
        ? `it asks ${cost}, above the budget`
        : wrong === undefined
          ? undefined
          : `the input does not fit its schema: ${wrong}`;
  return {
    ...{ peer, agent, cost, expected_ms, load_permille },
    ...(candidate.contract === undefined ? {} : { contract: candidate.contract }),
    ...(card === undefined ? {} : { effects: card.effects }),
    ...(card?.idempotent === undefined ? {} : { idempotent: card.idempotent }),
    fits: wrong === undefined,
    bids: why === undefined,
    ...(why === undefined ? {} : { why }),
  };
}

function cardIn(peers: readonly KnownPeer[], { peer, agent }: Candidate, skill: Skill): SkillCard | undefined {
  const card = peers.find((known) => known.peer === peer)?.card;
  return card?.agents.find(({ name }) => name === agent)?.skills.find(({ name }) => name === skill);
}

/**
 * What would come of a task if it were submitted now: whether this node may announce it, who would bid and on what terms, whom its
 * input does not fit, who would keep it. Agents of this node are judged as they stand, others by the cards that it holds; nothing is
 * announced, and nobody is bound to it: a bid says what a card does not know (load, and a price of the day). Pure.
 */
import type { AgentCard, Candidate, KnownPeer, PeerId, Skill } from "../protocols/mod.ts";
import type { AgentState } from "./handlers/mod.ts";
import type { DryRun, DryRunBidder } from "./moot-node.ts";

/** An agent of this node, as it stands. */
export interface OwnAgent {
  readonly card: AgentCard;
  readonly state: AgentState;
  readonly why: string;
  /** Work that it has, and places that it does not give away besides. */
  readonly busy: number;
  readonly withheld: number;
}

interface Known {
  readonly self: PeerId;
  readonly own: readonly OwnAgent[];
  /** Why this node may not announce it. */
  readonly denied: string | undefined;
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
  const { skill, candidates, custodians, denied, own, self } = known;
  const isCandidate = ({ card }: OwnAgent) =>
    candidates.some(({ peer, agent }) => peer === self && agent === card.name);
  const resting = own.filter((agent) => !isCandidate(agent)).flatMap((agent) => restingOf(agent, known));
  const bidders = [...candidates, ...resting].map((candidate) => bidderOf(candidate, known));
  const sorted = bidders.sort((one, other) => Number(other.bids) - Number(one.bids));
  return { skill, custodians, ...(denied === undefined ? {} : { denied }), candidates: sorted };
}

type Terms = Pick<Candidate, "peer" | "agent" | "cost" | "expected_ms" | "load_permille" | "contract">;

/** An agent of this node with the skill that is not on its card now. */
function restingOf({ card }: OwnAgent, { self, skill }: Known): Terms[] {
  return card.skills
    .filter(({ name }) => name === skill)
    .map(({ cost, expected_ms, contract }) => ({
      ...{ peer: self, agent: card.name, cost, expected_ms, load_permille: 1000 },
      ...(contract === undefined ? {} : { contract }),
    }));
}

function bidderOf(terms: Terms, known: Known): DryRunBidder {
  const { skill, peers, misfit } = known;
  const { peer, agent, cost, expected_ms, contract } = terms;
  const own = peer === known.self ? known.own.find(({ card }) => card.name === agent) : undefined;
  const card = own === undefined ? cardIn(peers, terms) : own.card;
  const offer = card?.skills.find(({ name }) => name === skill);
  const wrong = offer?.input === undefined ? undefined : misfit(offer.input);
  const why =
    (own && idleness(own)) ?? whyNot(terms, known) ?? (wrong && `the input does not fit its schema: ${wrong}`);
  return {
    ...{ peer, agent, cost, expected_ms, load_permille: own === undefined ? terms.load_permille : loadOf(own) },
    ...(contract === undefined ? {} : { contract }),
    ...(offer === undefined ? {} : { effects: offer.effects }),
    ...(offer?.idempotent === undefined ? {} : { idempotent: offer.idempotent }),
    fits: wrong === undefined,
    bids: why === undefined && known.denied === undefined,
    by: own === undefined ? "card" : "standing",
    ...(why === undefined ? {} : { why }),
  };
}

function whyNot({ contract, cost }: Terms, { contract: wanted, budget }: Known): string | undefined {
  if (wanted !== undefined && contract !== wanted) return "it has the skill under another contract";
  return budget !== undefined && cost > budget ? `it asks ${cost}, above the budget` : undefined;
}

function loadOf({ busy, withheld, card }: OwnAgent): number {
  return Math.min(1000, Math.floor(((busy + withheld) * 1000) / card.concurrency));
}

/** Why an agent of this node would refuse, whatever the task. */
function idleness({ state, why, busy, withheld, card: { concurrency } }: OwnAgent): string | undefined {
  const because = why === "" ? "" : `: ${why}`;
  if (state !== "ready") return `it is ${state}${because}`;
  if (withheld >= concurrency) return `it takes no work now${because}`;
  const taken = busy + withheld;
  return taken >= concurrency ? `its places are full (${taken} of ${concurrency})` : undefined;
}

function cardIn(peers: readonly KnownPeer[], { peer, agent }: Terms): AgentCard | undefined {
  return peers.find((known) => known.peer === peer)?.card.agents.find(({ name }) => name === agent);
}

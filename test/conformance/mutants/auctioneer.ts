/** Conductors that call, close or choose otherwise than a clause says. */
import type { Mutant } from "./mutant.ts";

const AUCTION_TS = "protocols/auction/initiator.ts";
const RANKING = "protocols/auction/ranking.ts";
const ANSWERS = "protocols/claim/answers.ts";
const ATTEMPT = "protocols/claim/attempt.ts";
const CONDUCTOR = "protocols/claim/conductor.ts";
const SETBACKS = "protocols/claim/setbacks.ts";
const CUSTODIAN = "protocols/claim/custodian.ts";
const CUSTODIES = "protocols/peer/custodies.ts";
const CALLS = "protocols/claim/calls.ts";

export const AUCTIONEER: readonly Mutant[] = [
  {
    clause: "AUCTION-17",
    does: "declines who bids late",
    file: AUCTION_TS,
    find: 'if (state.name === "pausing" && bid.round === this.#round - 1 && reached(state.called, from)) {',
    put: 'if (state.name === "pausing" && bid.round === this.#round && reached(state.called, from)) {',
  },
  {
    clause: "AUCTION-20",
    does: "lets a low price make up for three failures in a row",
    file: CUSTODIAN,
    find: "account.failedBy(bidder) || context.resting(bidder)",
    put: "account.failedBy(bidder)",
  },
  {
    clause: "AUCTION-20",
    does: "rests nobody before it failed four times",
    file: "protocols/auction/slumps.ts",
    find: "const failures = Math.min(LIMITS.slump_failures, (known?.failures ?? 0) + 1);",
    put: "const failures = Math.min(LIMITS.slump_failures, (known?.failures ?? -1) + 1);",
  },
  {
    clause: "AUCTION-20",
    does: "gives all it has to who has just rested",
    file: "protocols/auction/slumps.ts",
    find: "(now < slump.until || slump.probe !== undefined)",
    put: "now < slump.until",
  },
  {
    clause: "AUCTION-20",
    does: "waits for ever for a try that was refused",
    file: CUSTODIAN,
    find: 'if (before !== undefined) this.#custody.push({ type: "attempt", peer: before, open: false });',
    put: "",
  },
  {
    clause: "AUCTION-20",
    does: "never tries again who failed three times",
    file: "protocols/auction/slumps.ts",
    find: "(now < slump.until || slump.probe !== undefined)",
    put: "now >= 0",
  },
  {
    clause: "AUCTION-1",
    does: "calls on the wrong shard",
    file: CUSTODIES,
    find: "shard: shardOf(task.skill), document }",
    put: "shard: (shardOf(task.skill) + 1) % LIMITS.shards, document }",
  },
  {
    clause: "AUCTION-1",
    does: "calls on the topic that everybody reads",
    file: CUSTODIES,
    find: "shard: shardOf(task.skill), document }",
    put: 'shard: "all", document }',
  },
  {
    clause: "AUCTION-2",
    does: "calls everybody",
    file: AUCTION_TS,
    find: "if (known.length <= LIMITS.directed_candidates) return",
    put: "if (known.length > 0) return",
  },
  {
    clause: "AUCTION-2",
    does: "calls whom the lot falls on",
    file: AUCTION_TS,
    find: "new Set(this.#best(known, LIMITS.directed_candidates - LIMITS.drawn_candidates))",
    put: "new Set<PeerId>(this.#best(known, 1).slice(1))",
  },
  {
    clause: "AUCTION-3",
    does: "never calls on the topic",
    file: AUCTION_TS,
    find: 'if (state.reach === "directed" && this.#options.reach === "auto" && !this.#allBusy(state)) {',
    put: 'if (state.reach === "wide" && this.#options.reach === "auto" && !this.#allBusy(state)) {',
  },
  {
    clause: "AUCTION-3",
    does: "calls on the topic alone",
    file: AUCTION_TS,
    find: 'this.#options.reach === "wide" ? "wide" : "directed"',
    put: 'this.#options.reach === "directed" ? "directed" : "wide"',
  },
  {
    clause: "AUCTION-3",
    does: "pauses no longer each time",
    file: AUCTION_TS,
    find: "    this.#pause_ms = Math.min(LIMITS.pause_ms_last, this.#pause_ms * 2);",
    put: "",
  },
  {
    clause: "AUCTION-3",
    does: "calls once",
    file: AUCTION_TS,
    find: "until: now + pause_ms, called });\n    effects",
    put: "until: NEVER, called });\n    effects",
  },
  {
    clause: "AUCTION-5",
    does: "takes the last bid of a bidder",
    file: AUCTION_TS,
    find: "    if (this.#bids.has(from) && bid.round === this.#round) return;",
    put: "",
  },
  {
    clause: "AUCTION-7",
    does: "waits for nobody to answer",
    file: AUCTION_TS,
    find: "(now >= state.closes_at || this.#answered(state))",
    put: "now >= state.closes_at",
  },
  {
    clause: "AUCTION-7",
    does: "waits for a whole crowd",
    file: AUCTION_TS,
    find: "? this.#bids.size >= LIMITS.crowd_bids",
    put: "? this.#bids.size >= LIMITS.bids_max",
  },
  {
    clause: "AUCTION-7",
    does: "waits for the slowest",
    file: AUCTION_TS,
    find: "    state.closes_at = Math.min(state.closes_at, now + grace_ms);",
    put: "",
  },
  {
    clause: "AUCTION-9",
    does: "does not count the cost",
    file: RANKING,
    find: "const COST_WEIGHT_MS = 1000;",
    put: "const COST_WEIGHT_MS = 0;",
  },
  {
    clause: "AUCTION-9",
    does: "counts nothing but the cost",
    file: RANKING,
    find: "(terms.expected_ms * (1000 + terms.load_permille)) / 1000 + 1;",
    put: "1;",
  },
  {
    clause: "AUCTION-9",
    does: "does not count the load",
    file: RANKING,
    find: "(1000 + terms.load_permille)",
    put: "1000",
  },
  {
    clause: "AUCTION-9",
    does: "takes the highest score",
    file: RANKING,
    find: "left.score - right.score ||",
    put: "right.score - left.score ||",
  },
  {
    clause: "AUCTION-9",
    does: "lets a tie fall by the names",
    file: RANKING,
    find: "        spread(task + left.bidder) - spread(task + right.bidder) ||\n",
    put: "",
  },
  {
    clause: "AUCTION-9",
    does: "forgets who failed the task",
    file: RANKING,
    find: "Number(left.failedHere) - Number(right.failedHere) ||",
    put: "",
  },
  {
    clause: "AUCTION-9",
    does: "forgets who failed",
    file: RANKING,
    find: "(seen + 2 * receipts.failed + 1)",
    put: "(seen + 1)",
  },
  {
    clause: "AUCTION-14",
    does: "keeps the others waiting",
    file: ATTEMPT,
    find: 'if (others.length > 0) this.#options.push({ type: "dismiss"',
    put: 'if (others.length > 99) this.#options.push({ type: "dismiss"',
  },
  {
    clause: "AUCTION-15",
    does: "hurries after every setback",
    file: SETBACKS,
    find: "return this.#count < 2",
    put: "return this.#count < 99",
  },
  {
    clause: "AUCTION-15",
    does: "waits as long after every setback",
    file: SETBACKS,
    find: "2 ** Math.min(this.#count - 2, 8)",
    put: "1",
  },
  {
    clause: "AUCTION-18",
    does: "keeps silent on bids that it does not count",
    file: CALLS,
    find: '      return custody.send(effect.bidder, { type: "reject-proposal", task, round: effect.round });',
    put: "      return;",
  },
  {
    clause: "AUCTION-18",
    does: "keeps silent on bids that come too late",
    file: ANSWERS,
    find: 'if (from !== this.#conductor.contractor) custody.send(from, { type: "reject-proposal", task, round: bid.round });',
    put: "",
  },
  {
    clause: "AUCTION-18",
    does: "leaves its bidders alone when it concludes",
    file: CONDUCTOR,
    find: "    if (this.#state instanceof Attempt) this.#state.release();",
    put: "",
  },
  {
    clause: "AUCTION-18",
    does: "counts bids of those that it did not call",
    file: AUCTION_TS,
    find: '!reached(state.reach === "directed" ? state.asked : "topic", from)',
    put: '!reached("topic", from)',
  },
];

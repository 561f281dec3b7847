/** Sins against work and its distribution: contractors, places, choices, patience, memory, accounts. */
import type { Sin } from "./bent.ts";

const CLAIM = "protocols/claim";
const AUCTION = "protocols/auction";
const PEER = "protocols/peer";

export const WORK_SINS: readonly Sin[] = [
  // --- contractors ---
  {
    name: "a contractor makes its result up",
    file: `${CLAIM}/contractor.ts`,
    find: 'this.#effects.push({ type: "run", fence: this.#fence, left_ms: Math.max(0, this.#due - now), ...terms });',
    put: `const { network } = this.#options.document.value;
      const made = { kind: "outcome", network, task: this.task, ballot, contractor: this.#options.self, result: "1" } as const;
      this.#propose({ ...made, status: "done" }, now);`,
    breaks: ["P1"],
    worlds: 500,
  },
  {
    name: "handlers are not stopped",
    file: `${CLAIM}/contractor.ts`,
    find: 'this.#effects.push({ type: "stop", fence: this.#fence });',
    put: "",
    breaks: ["quiet"],
    worlds: 500,
  },
  {
    name: "an award that was worked on is worked on again",
    file: `${PEER}/works.ts`,
    find: "if (ran !== undefined && compareBallots(ballot, ran) <= 0) {",
    put: "if (ran !== undefined && compareBallots(ballot, ran) < 0) {",
    breaks: ["fence"],
    worlds: 500,
  },
  {
    name: "the fence is always the same",
    file: `${CLAIM}/contractor.ts`,
    find: "this.#fence = fenceOf(ballot);",
    put: "this.#fence = 8;",
    breaks: ["fence"],
    worlds: 500,
  },
  // --- places ---
  {
    name: "nobody looks whether there is room",
    file: `${AUCTION}/places.ts`,
    find: "else if (free <= 0) refusal",
    put: "else if (free <= -1) refusal",
    breaks: ["capacity"],
    worlds: 500,
  },
  {
    name: "a place is never given back",
    file: `${AUCTION}/places.ts`,
    find: "this.#busy.delete(task);",
    put: "",
    breaks: ["capacity"],
    worlds: 500,
  },
  {
    name: "a hold never lapses",
    file: `${AUCTION}/places.ts`,
    find: "bid, until: now + LIMITS.hold_ms });",
    put: "bid, until: now + 1e9 });",
    breaks: ["capacity"],
    worlds: 500,
  },
  // --- the choice ---
  {
    name: "the worst bid wins",
    file: `${AUCTION}/ranking.ts`,
    find: "left.score - right.score ||",
    put: "right.score - left.score ||",
    breaks: ["choice"],
    worlds: 500,
  },
  {
    name: "the load of a bidder is not priced",
    file: `${AUCTION}/ranking.ts`,
    find: "(terms.expected_ms * (1000 + terms.load_permille)) / 1000",
    put: "terms.expected_ms",
    breaks: ["choice"],
    worlds: 500,
  },
  {
    name: "a peer that failed a task is chosen again",
    file: `${AUCTION}/ranking.ts`,
    find: "Number(left.failedHere) - Number(right.failedHere) ||\n        left",
    put: "left",
    breaks: ["choice"],
    worlds: 500,
  },
  {
    name: "a window stays open for too long",
    file: `${AUCTION}/initiator.ts`,
    find: "? now : now + window_ms;",
    put: "? now : now + window_ms + 1_000;",
    breaks: ["choice"],
    worlds: 500,
  },
  {
    name: "only the first bid of a round counts",
    file: `${AUCTION}/initiator.ts`,
    find: "this.#bids.size < LIMITS.bids_max;",
    put: "this.#bids.size < 1;",
    breaks: ["choice"],
    worlds: 500,
  },
  // --- time and patience ---
  {
    name: "all deadlines are measured on the calendar",
    file: `${PEER}/peer.ts`,
    find: `  receive(event: PeerEvent): readonly Effect[] {
    this.#post.at = { now: event.now, wall: event.wall };
    this.#alarms.ring();
    this.#dispatch(event);
    this.#messages.deliver();
    this.#alarms.set(event.type === "alarm");
    return this.#post.take();
  }`,
    put: `  base: number | undefined;
  receive(given: PeerEvent): readonly Effect[] {
    this.base ??= given.wall - given.now;
    const now = given.wall - this.base;
    const event = { ...given, now };
    this.#post.at = { now, wall: event.wall };
    this.#alarms.ring();
    this.#dispatch(event);
    this.#messages.deliver();
    this.#alarms.set(event.type === "alarm");
    const real = (effect: Effect) => (effect.type === "wake" ? { ...effect, at: effect.at - now + given.now } : effect);
    return this.#post.take().map(real);
  }`,
    breaks: ["overlap", "patience"],
    worlds: 500,
  },
  {
    name: "nobody ever takes over",
    file: `${CLAIM}/patience.ts`,
    find: "return now < due ? Math.min(until, due + patience_ms) : until;",
    put: "return until + 1e9;",
    breaks: ["P3"],
    worlds: 500,
  },
  {
    name: "whoever stands by takes over at once",
    file: `${CLAIM}/patience.ts`,
    find: "(hurried ? hurry_ms : lease_ms)",
    put: "(hurried ? hurry_ms : 0)",
    breaks: ["patience"],
    worlds: 500,
  },
  {
    name: "the deadline ends nothing",
    file: `${CLAIM}/custodian.ts`,
    find: "      lease_ms,\n      due,\n",
    put: "      lease_ms,\n      due: due + 1e9,\n",
    breaks: ["P3"],
    worlds: 500,
  },
  {
    name: "attempts go on for ever",
    file: `${CLAIM}/conductor.ts`,
    find: "if (this.#options.attempts() + tried >= this.#options.attempts_max)",
    put: "if (this.#options.attempts() + tried >= 1_000)",
    breaks: ["attempts"],
    worlds: 500,
  },
  {
    name: "repeats do not slow down",
    file: `${CLAIM}/patience.ts`,
    find: "state.retry_at = now + Math.min(LIMITS.pause_ms_last, LIMITS.retry_ms * 2 ** Math.min(state.tries, 8));",
    put: "state.retry_at = now + 20;",
    breaks: ["messages"],
    worlds: 500,
  },
  {
    name: "a running contractor is replaced, not attached",
    file: `${CLAIM}/finding.ts`,
    find: "  return newest;",
    put: "  return undefined;",
    breaks: ["overlap"],
    worlds: 500,
  },
  {
    name: "a peer wakes itself for nothing",
    file: `${PEER}/alarms.ts`,
    find: 'post.push({ type: "wake", at: next });',
    put: 'post.push({ type: "wake", at: Math.min(next, post.at.now + 200) });',
    breaks: ["quiet"],
    worlds: 500,
  },
  // --- memory and word ---
  {
    name: "an outcome is forgotten at the deadline",
    file: `${PEER}/custodies.ts`,
    find: "LIMITS.deadline_ms_max : LIMITS.retention_ms",
    put: "LIMITS.deadline_ms_max : 0",
    breaks: ["P1", "P3"],
    worlds: 500,
  },
  {
    name: "a submit is acknowledged before a majority has stored it",
    file: `${CLAIM}/storing.ts`,
    find: "return this.#stored.size >= majority(this.#custodians);",
    put: "return this.#stored.size >= 1;",
    breaks: ["P3"],
    worlds: 500,
  },
  {
    name: "fellows are not told what was decided",
    file: `${CLAIM}/voter.ts`,
    find: "    if (custody.decided !== undefined) {\n      custody.tell(from, custody.decided);\n      return;\n    }\n    if (!this.#plausible(from, ballot, now)) return;",
    put: "    if (custody.decided !== undefined) return;\n    if (!this.#plausible(from, ballot, now)) return;",
    breaks: ["P3"],
    worlds: 500,
  },
  // --- accounts ---
  {
    name: "refusals are not told",
    file: `${CLAIM}/account.ts`,
    find: "else if (this.#refusals.size < LIMITS.account_entries) this.#refusals.set(key, { peer, reason, times: 1 });",
    put: "",
    breaks: ["P6"],
    worlds: 500,
  },
  {
    name: "the account has no attempts",
    file: `${CLAIM}/account.ts`,
    find: "const attempts = [...this.#attempts, ...this.#cutOff(verdict, at)].slice(-LIMITS.attempts_max);",
    put: "const attempts: Attempt[] = [];",
    breaks: ["P6"],
    worlds: 500,
  },
  {
    name: "work that was cut off is not told",
    file: `${CLAIM}/account.ts`,
    find: "[...this.#attempts, ...this.#cutOff(verdict, at)]",
    put: "[...this.#attempts]",
    breaks: ["P6"],
    worlds: 500,
  },
  {
    name: "a conductor's verdict gives no reason",
    file: `${CLAIM}/proposer.ts`,
    find: "      status,\n      failure,\n",
    put: "      status,\n",
    breaks: ["P6"],
    worlds: 500,
  },
];

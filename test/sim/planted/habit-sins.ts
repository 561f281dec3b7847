/** Sins against thrift: copies that make a difference, talk without need, and what is never given back. */
import type { Sin } from "./bent.ts";

const CLAIM = "protocols/claim";
const PEER = "protocols/peer";

export const HABIT_SINS: readonly Sin[] = [
  // --- messages that come twice ---
  {
    name: "a failure that is said twice counts as two attempts",
    file: `${CLAIM}/account.ts`,
    find: "if (this.#attemptOf(contractor, ballot) !== undefined || this.#attempts.length",
    put: "if (this.#attempts.length",
    breaks: ["copies"],
    worlds: 3_000,
  },
  {
    name: "a failure that is said twice is held against its peer twice",
    file: `${CLAIM}/custodian.ts`,
    find: "if (!custody.account.ended(attempt, now)) return;",
    put: "custody.account.ended(attempt, now);",
    breaks: ["copies"],
    worlds: 3_000,
  },
  {
    name: "who gave up is taken back for an old renewal",
    file: `${CLAIM}/leases.ts`,
    find: " || custody.account.gaveUp(from, ballot);",
    put: ";",
    breaks: ["copies"],
    worlds: 3_000,
  },
  {
    name: "a custodian's vote counts each time it comes",
    file: `${CLAIM}/voter.ts`,
    find: "if (!voters.includes(index)) voters.push(index);",
    put: "voters.push(index);",
    breaks: ["P1", "votes"],
    worlds: 500,
  },
  // --- talk ---
  {
    name: "leases are renewed twenty times as often",
    file: `${CLAIM}/holding.ts`,
    find: "return Math.floor(this.#lease_ms / 3);",
    put: "return Math.floor(this.#lease_ms / 60);",
    breaks: ["messages"],
    worlds: 1_000,
  },
  {
    name: "a call is tended twenty times as often",
    file: `${CLAIM}/attempt.ts`,
    find: "return now + Math.floor(this.#options.lease_ms / 3);",
    put: "return now + Math.floor(this.#options.lease_ms / 60);",
    breaks: ["messages"],
    worlds: 1_000,
  },
  {
    name: "a result is offered again and again",
    file: `${CLAIM}/contractor.ts`,
    find: "state.retry_at = now + Math.min(LIMITS.pause_ms_last, LIMITS.retry_ms * 2 ** Math.min(state.tries, 8));",
    put: "state.retry_at = now + 20;",
    breaks: ["messages"],
    worlds: 1_000,
  },
  // --- what is never given back ---
  {
    name: "work that is over is not put away",
    file: `${PEER}/works.ts`,
    find: "    this.#runs.delete(task);\n",
    put: "",
    breaks: ["memory"],
    worlds: 500,
  },
  {
    name: "an award that can be no news stays on disk",
    file: `${PEER}/works.ts`,
    find: 'if (!this.#runs.has(task)) this.#post.push({ type: "keep", key: `run/',
    put: 'if (this.#runs.has(task)) this.#post.push({ type: "keep", key: `run/',
    breaks: ["memory"],
    worlds: 500,
  },
  {
    name: "the input of a forgotten task stays on disk",
    file: `${PEER}/custodies.ts`,
    find: '    this.#post.push({ type: "keep", key: `input/',
    put: '    if (custodian === undefined) this.#post.push({ type: "keep", key: `input/',
    breaks: ["memory"],
    worlds: 500,
  },
  {
    name: "a deadline that was taken back stays set",
    file: "protocols/kernel/timetable.ts",
    find: "if (at === Number.POSITIVE_INFINITY) this.#deadlines.delete(key);",
    put: "if (at === Number.POSITIVE_INFINITY) this.#deadlines.set(key, before);",
    breaks: ["memory"],
    worlds: 500,
  },
  {
    name: "a decided task counts as open",
    file: `${PEER}/custodies.ts`,
    find: 'if (effect.type === "note" && effect.fact.type === "decided") this.#open.closed(custodian);',
    put: "",
    breaks: ["memory"],
    worlds: 500,
  },
  {
    name: "a submit that was overtaken is not answered",
    file: `${CLAIM}/conductor.ts`,
    find: '        this.#acknowledge(true);\n        if (state.name !== "decided")',
    put: '        if (state.name === "storing") this.#acknowledge(true);\n        if (state.name !== "decided")',
    breaks: ["answer", "memory"],
    worlds: 2_000,
  },
];

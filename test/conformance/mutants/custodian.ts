/** Custodians that break a clause: of storing, keeping and leases. */
import type { Mutant } from "./mutant.ts";

const CUSTODIAN_TS = "protocols/claim/custodian.ts";
const CUSTODY = "protocols/claim/custody.ts";
const CUSTODIES = "protocols/peer/custodies.ts";
const LEASES = "protocols/claim/leases.ts";
const LEGITIMATE = "protocols/claim/legitimate.ts";
const VOTER = "protocols/claim/voter.ts";

export const CUSTODIAN: readonly Mutant[] = [
  {
    clause: "CLAIM-1",
    does: "stores a task that somebody else signed first",
    file: LEGITIMATE,
    find: "if (custodians[0] !== task.signer) return",
    put: "if (!custodians.length) return",
  },
  {
    clause: "CLAIM-1",
    does: "stores a task that names a custodian twice",
    file: LEGITIMATE,
    find: 'return new Set(custodians).size === custodians.length ? undefined : "CLAIM-1";',
    put: "return undefined;",
  },
  {
    clause: "CLAIM-1",
    does: "stores a task of two",
    file: "protocols/claim/documents.ts",
    find: "z.union([z.array(peerId).length(1), z.array(peerId).length(3), z.array(peerId).length(5)])",
    put: "z.array(peerId).min(1).max(5)",
  },
  {
    clause: "CLAIM-1",
    does: "names itself last",
    file: CUSTODIES,
    find: "return [this.#post.self, ...(wanted === undefined && others.length < 2 ? [] : others)];",
    put: "return [...(wanted === undefined && others.length < 2 ? [] : others), this.#post.self];",
  },
  {
    clause: "CLAIM-2",
    does: "says that it stored what it forgets",
    file: CUSTODIAN_TS,
    find: "  adopt(): readonly CustodianEffect[] {\n    this.#custody.keepInput();\n    this.#custody.keep();",
    put: "  adopt(): readonly CustodianEffect[] {",
  },
  {
    clause: "CLAIM-2",
    does: "keeps another input than the task's",
    file: CUSTODY,
    find: 'record: { kind: "input", text: this.input }',
    put: 'record: { kind: "input", text: "0" }',
  },
  {
    clause: "CLAIM-2",
    does: "asks for a prepare of the first ballot",
    file: CUSTODY,
    find: "kept?.promised ?? FIRST",
    put: "kept?.promised ?? { round: 1, custodian: 1 }",
  },
  {
    clause: "CLAIM-21",
    does: "adopts a task of its own",
    file: CUSTODIES,
    find: "if (document.signer === this.#post.self) return;",
    put: "",
  },
  {
    clause: "CLAIM-22",
    does: "says nothing about a task that it does not hold",
    file: CUSTODIES,
    find: "else if (ANSWERED.has(message.type)) {",
    put: "else if (ANSWERED.has(message.type) && ANSWERED.size === 0) {",
  },
  {
    clause: "CLAIM-22",
    does: "does not send the task to who lacks it",
    file: CUSTODIAN_TS,
    find: "else if (custody.decided === undefined) custody.send(from, custody.store(now));",
    put: "",
  },
  {
    clause: "CLAIM-23",
    does: "forgets a decided task at its deadline",
    file: CUSTODIES,
    find: "LIMITS.deadline_ms_max : LIMITS.retention_ms",
    put: "LIMITS.deadline_ms_max : 0",
  },
  {
    clause: "CLAIM-23",
    does: "forgets an undecided task an hour after its deadline",
    file: CUSTODIES,
    find: "LIMITS.deadline_ms_max : LIMITS.retention_ms",
    put: "LIMITS.retention_ms : LIMITS.retention_ms",
  },
  {
    clause: "CLAIM-38",
    does: "takes any number of tasks of one initiator",
    file: CUSTODIES,
    find: "this.#open.fullFor(document.signer)",
    put: "false",
  },
  {
    clause: "CLAIM-38",
    does: "counts decided tasks as open",
    file: CUSTODIES,
    find: 'if (effect.type === "note" && effect.fact.type === "decided") this.#open.closed(custodian);',
    put: "",
  },
  {
    clause: "CLAIM-39",
    does: "waits for what it missed",
    file: CUSTODIAN_TS,
    find: "if (custody.indexOf(from) < 0) voter.catchUp(now);",
    put: "",
  },
  {
    clause: "CLAIM-39",
    does: "asks one fellow only",
    file: VOTER,
    find: "others.length > 0 ? { at:",
    put: "others.length > 9 ? { at:",
  },
  {
    clause: "CLAIM-40",
    does: "says that it stored to custodians only",
    file: CUSTODIAN_TS,
    find: 'return custody.send(from, { type: "stored", task: custody.task });',
    put: 'return custody.indexOf(from) < 0 ? undefined : custody.send(from, { type: "stored", task: custody.task });',
  },
  {
    clause: "CLAIM-16",
    does: "renews to anybody",
    file: LEASES,
    find: " || award.value.contractor !== from) {",
    put: ") {",
  },
  {
    clause: "CLAIM-17",
    does: "always answers ok",
    file: LEASES,
    find: 'const answer = fenced ? "fenced" : behind ? "moved" : custody.cancel ? "cancel" : "ok";',
    put: 'const answer = "ok" as "fenced" | "cancel" | "ok";',
  },
  {
    clause: "CLAIM-17",
    does: "moves whoever was replaced",
    file: CUSTODY,
    find: "if (higher && known.value.contractor !== award.value.contractor) return true;",
    put: "",
  },
  {
    clause: "CLAIM-17",
    does: "takes back whoever gave up",
    file: LEASES,
    find: "|| custody.account.gaveUp(from, ballot);",
    put: ";",
  },
  {
    clause: "CLAIM-31",
    does: "keeps the wish to cancel to itself",
    file: "protocols/claim/conductor.ts",
    find: '      this.#effects.push({ type: "ask-to-cancel", conductor: this.#options.promised().custodian });',
    put: "",
  },
  {
    clause: "CLAIM-31",
    does: "cancels for anybody",
    file: CUSTODIAN_TS,
    find: 'if (voter.fellow(from, "cancel")) this.#cancel(now);',
    put: "this.#cancel(now);",
  },
  {
    clause: "CLAIM-31",
    does: "forgets the wish to cancel",
    file: CUSTODY,
    find: "cancel: this.cancel,",
    put: "cancel: false,",
  },
];

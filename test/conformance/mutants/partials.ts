/** Peers that break a clause of what is said before the end, and of tasks of tasks. */
import type { Mutant } from "./mutant.ts";

const ANSWERS = "protocols/claim/answers.ts";
const CONTRACTOR_TS = "protocols/claim/contractor.ts";
const DOCUMENTS_TS = "protocols/claim/documents.ts";
const LEASES = "protocols/claim/leases.ts";
const TELLING = "protocols/claim/telling.ts";

export const PARTIALS: readonly Mutant[] = [
  {
    clause: "CLAIM-43",
    does: "takes tasks of any depth",
    file: DOCUMENTS_TS,
    find: "depth: z.int().min(1).max(LIMITS.depth_max),\n    path: z.array(skill).min(1).max(LIMITS.depth_max),",
    put: "depth: z.int().min(1),\n    path: z.array(skill).min(1),",
  },
  {
    clause: "CLAIM-43",
    does: "believes any depth",
    file: DOCUMENTS_TS,
    find: "path.length === depth,",
    put: "path.length >= depth,",
  },
  {
    clause: "CLAIM-43",
    does: "takes no task as deep as allowed",
    file: DOCUMENTS_TS,
    find: "depth: z.int().min(1).max(LIMITS.depth_max),",
    put: "depth: z.int().min(1).max(LIMITS.depth_max - 1),",
  },
  {
    clause: "CLAIM-44",
    does: "keeps partial results to itself",
    file: TELLING,
    find: "    const seq = this.#count++;\n    if (bytes > LIMITS.partial_bytes) return;",
    put: "    const seq = this.#count++;\n    if (bytes > 0) return;",
  },
  {
    clause: "CLAIM-44",
    does: "tells its conductor alone",
    file: CONTRACTOR_TS,
    find: 'this.#toAll({ type: "partial", task: this.task, award, beat, ...news });',
    put: 'this.#send(award.signer, { type: "partial", task: this.task, award, beat, ...news });',
  },
  {
    clause: "CLAIM-44",
    does: "sends each result as it comes",
    file: TELLING,
    find: "return this.#sent_at + LIMITS.partial_ms;",
    put: "return this.#sent_at;",
  },
  {
    clause: "CLAIM-44",
    does: "numbers on under a higher award",
    file: CONTRACTOR_TS,
    find: "      this.#telling.restart();\n",
    put: "",
  },
  {
    clause: "CLAIM-45",
    does: "takes partial results for a renewal",
    file: LEASES,
    find: "  const fence = fenceOf(ballot);\n",
    put: "  const fence = fenceOf(ballot);\n  custody.hear(award, custody.due - 10_000);\n",
  },
  {
    clause: "CLAIM-45",
    does: "answers partial results",
    file: LEASES,
    find: "  const fence = fenceOf(ballot);\n",
    put: '  const fence = fenceOf(ballot);\n  custody.send(from, { type: "renewed", task: custody.task, ballot, answer: "ok", beat });\n',
  },
  {
    clause: "CLAIM-46",
    does: "pays any price",
    file: ANSWERS,
    find: "if (budget !== undefined && bid.cost > budget)",
    put: "if (budget !== undefined && bid.cost < 0)",
  },
  {
    clause: "CLAIM-46",
    does: "pays less than it may",
    file: ANSWERS,
    find: "bid.cost > budget)",
    put: "bid.cost >= budget)",
  },
];

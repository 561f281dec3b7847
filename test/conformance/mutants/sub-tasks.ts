/** Peers that count wrongly what comes of a task, or leave it behind. */
import type { Mutant } from "./mutant.ts";

const ALLOWANCE = "protocols/claim/allowance.ts";
const DOCUMENTS_TS = "protocols/claim/documents.ts";
const CUSTODIES = "protocols/peer/custodies.ts";

export const SUB_TASKS: readonly Mutant[] = [
  {
    clause: "CLAIM-47",
    does: "takes tasks that allow any number",
    file: DOCUMENTS_TS,
    find: "z.int().min(0).max(LIMITS.sub_tasks_max)",
    put: "z.int().min(0)",
  },
  {
    clause: "CLAIM-47",
    does: "takes no task that allows the most",
    file: DOCUMENTS_TS,
    find: "z.int().min(0).max(LIMITS.sub_tasks_max)",
    put: "z.int().min(0).max(LIMITS.sub_tasks_max - 1)",
  },
  {
    clause: "CLAIM-47",
    does: "gives to each what it has",
    file: ALLOWANCE,
    find: "this.#left -= 1 + given;",
    put: "this.#left -= 1;",
  },
  {
    clause: "CLAIM-47",
    does: "does not count the tasks themselves",
    file: ALLOWANCE,
    find: "this.#left -= 1 + given;",
    put: "this.#left -= given;",
  },
  {
    clause: "CLAIM-47",
    does: "counts nothing",
    file: ALLOWANCE,
    find: "    this.#left -= 1 + given;\n",
    put: "",
  },
  {
    clause: "CLAIM-47",
    does: "causes below as much as at the root",
    file: ALLOWANCE,
    find: "lineage === undefined ? LIMITS.sub_tasks_default : 0",
    put: "lineage === undefined ? LIMITS.sub_tasks_default : LIMITS.sub_tasks_default",
  },
  {
    clause: "CLAIM-47",
    does: "causes nothing at a root that says nothing",
    file: ALLOWANCE,
    find: "lineage === undefined ? LIMITS.sub_tasks_default : 0",
    put: "lineage === undefined ? 0 : 0",
  },
  {
    clause: "CLAIM-48",
    does: "goes on with what nobody waits for",
    file: CUSTODIES,
    find: "    this.#cancelOrphan(custodian);\n",
    put: "",
  },
];

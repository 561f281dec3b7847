export type { Allowance } from "./allowance.ts";
export { CONDUCTOR_MOVES } from "./conducting.ts";
export { CONTRACTOR_MOVES, type ContractorEffect } from "./contracting.ts";
export { Contractor } from "./contractor.ts";
export { Custodian, type CustodianEffect } from "./custodian.ts";
export type * from "./documents.ts";
export { brokenAward, brokenTask, equivocal, untimely } from "./legitimate.ts";
export type { ClaimMessage, CustodyRecord, RunRecord } from "./wire.ts";

/** All mutants, section by section of the specification. */
import { ADMISSIONS } from "./admission.ts";
import { AUCTION } from "./auction.ts";
import { AUCTIONEER } from "./auctioneer.ts";
import { BLOBS } from "./blobs.ts";
import { CONDUCTOR } from "./conductor.ts";
import { CONTRACTOR } from "./contractor.ts";
import { CONTRACTS } from "./contracts.ts";
import { CUSTODIAN } from "./custodian.ts";
import { DIRECTORY } from "./directory.ts";
import type { Mutant } from "./mutant.ts";
import { PARTIALS } from "./partials.ts";
import { PERMISSIONS } from "./permissions.ts";
import { SUB_TASKS } from "./sub-tasks.ts";
import { VOTES } from "./votes.ts";
import { WIRE } from "./wire.ts";
import { DOCUMENTS } from "./wire-documents.ts";

export type { Mutant } from "./mutant.ts";
export const MUTANTS: readonly Mutant[] = [
  ...WIRE,
  ...DOCUMENTS,
  ...DIRECTORY,
  ...AUCTION,
  ...AUCTIONEER,
  ...CONTRACTOR,
  ...PARTIALS,
  ...SUB_TASKS,
  ...CONTRACTS,
  ...CUSTODIAN,
  ...VOTES,
  ...CONDUCTOR,
  ...ADMISSIONS,
  ...PERMISSIONS,
  ...BLOBS,
];

/** All mutants, section by section of the specification. */
import { AUCTION } from "./auction.ts";
import { CONDUCTOR } from "./conductor.ts";
import { CONTRACTOR } from "./contractor.ts";
import { CUSTODIAN } from "./custodian.ts";
import { DIRECTORY } from "./directory.ts";
import type { Mutant } from "./mutant.ts";
import { WIRE } from "./wire.ts";

export type { Mutant } from "./mutant.ts";
export const MUTANTS: readonly Mutant[] = [
  ...WIRE,
  ...DIRECTORY,
  ...AUCTION,
  ...CONTRACTOR,
  ...CUSTODIAN,
  ...CONDUCTOR,
];

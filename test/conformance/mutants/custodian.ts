import type { Mutant } from "./mutant.ts";

export const CUSTODIAN: readonly Mutant[] = [];

import type { Mutant } from "./mutant.ts";

export const CONTRACTOR: readonly Mutant[] = [];

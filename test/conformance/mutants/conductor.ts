import type { Mutant } from "./mutant.ts";

export const CONDUCTOR: readonly Mutant[] = [];

import type { Mutant } from "./mutant.ts";

export const WIRE: readonly Mutant[] = [];

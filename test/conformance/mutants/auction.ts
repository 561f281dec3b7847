import type { Mutant } from "./mutant.ts";

export const AUCTION: readonly Mutant[] = [];

import type { Mutant } from "./mutant.ts";

export const DIRECTORY: readonly Mutant[] = [];

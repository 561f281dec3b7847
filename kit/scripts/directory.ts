import type { Script } from "../script.ts";

export const DIRECTORY: readonly Script[] = [];

import type { Script } from "../script.ts";

export const CONDUCTOR: readonly Script[] = [];

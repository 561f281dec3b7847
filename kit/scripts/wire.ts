import type { Script } from "../script.ts";

export const WIRE: readonly Script[] = [];

/**
 * Bugs that somebody could write into the machines or their driver, a line each, and what the checkers must call them. Each is planted alone, into
 * the sources as they are loaded; the files on disk stay as they are.
 */
import type { Sin } from "./bent.ts";
import { DRIVER_SINS } from "./driver-sins.ts";
import { HABIT_SINS } from "./habit-sins.ts";
import { REGISTER_SINS } from "./register-sins.ts";
import { WORK_SINS } from "./work-sins.ts";

export const SINS: readonly Sin[] = [...REGISTER_SINS, ...WORK_SINS, ...HABIT_SINS, ...DRIVER_SINS];

/**
 * The agent that scripts work with, as every peer under test may offer it: the input says what the work is. `conformance.work@1`
 * has many places, `conformance.narrow@1` one. What the guide in `test/conformance` asks strangers for is this.
 */
import { z } from "zod";
import { LIMITS } from "../../protocols/mod.ts";

export const WORK_SKILL = "conformance.work@1";
export const NARROW_SKILL = "conformance.narrow@1";
/** More than scripts ask for at once, with half of them for one conductor. */
export const WORK_PLACES = 256;
/** What the agents ask; actors are cheaper or dearer by choice. */
export const COST = 10;
export const EXPECTED_MS = 10;

const work = z.object({
  /** Until it ends. */
  after_ms: z.int().min(0).max(LIMITS.deadline_ms_max).default(0),
  /** The output, unless it fails. */
  answer: z.unknown().default("done"),
  /** It fails with these words. */
  fail: z.string().optional(),
  /** Another contractor may do better. */
  retry: z.boolean().default(false),
  /** It does not stop when it is told to. */
  deaf: z.boolean().default(false),
  /** Thousandths, told at once. */
  progress: z.int().min(0).max(1000).optional(),
  /** So many partial results, the numbers from 0 upwards, one each `every_ms`. */
  partials: z.int().min(0).max(1000).default(0),
  every_ms: z.int().min(0).max(LIMITS.deadline_ms_max).default(0),
  /** Tasks that it submits at once, each with one custodian, before it does anything else. It waits for none of them. */
  below: z
    .array(z.strictObject({ skill: z.string(), sub_tasks: z.int().min(0).optional() }))
    .max(16)
    .default([]),
});
export type Work = z.output<typeof work>;

/** Undefined for what is no work: then the agent fails. */
export function workOf(input: unknown): Work | undefined {
  const parsed = work.safeParse(input);
  return parsed.success ? parsed.data : undefined;
}

/** What the lines of a run's record say: a header, what the run did in order, and its end. Version 1; all values are plain JSON. */
import { z } from "zod";
import { blobRef } from "../../protocols/mod.ts";

const omitted = z.strictObject({ digest: z.string(), bytes: z.int().min(0) });

const header = z.strictObject({
  type: z.literal("run"),
  version: z.literal(1),
  task: z.string(),
  skill: z.string(),
  agent: z.string(),
  /** The digest of the skill's contract, where it has one. */
  contract: z.string().optional(),
  /** The kind of handler, and what it runs. */
  kind: z.string(),
  runs: z.string(),
  /** The configuration that named it. */
  config: z.string().optional(),
  fence: z.int().min(0),
  /** What was left of the task's deadline, and what the handler was given of it. */
  deadline_ms: z.number(),
  budget_ms: z.number(),
  /** What it might spend. */
  budget: z.number().optional(),
  /** Calendar time of the start. */
  began_ms: z.number(),
  /** Names of environment variables that it could see, never their values. */
  env: z.array(z.string()),
  /** JSON text. */
  input: z.string(),
});
export type Header = z.output<typeof header>;

/** The tool that it came from the inside of, by its `start`. */
const within = z.int().min(0).optional();

const called = {
  name: z.string(),
  args: z.unknown().optional(),
  argsOmitted: omitted.optional(),
  start: z.int().min(0),
  after: z.int().min(0),
  within,
};
const error = z.strictObject({
  name: z.string().optional(),
  code: z.string().optional(),
  reason: z.string().optional(),
  retry: z.literal(true).optional(),
});
const answer = z.union([
  z.strictObject({ ok: z.literal(true), value: z.unknown().optional(), omitted: omitted.optional() }),
  z.strictObject({ ok: z.literal(false), message: z.string(), error: error.optional() }),
]);

const act = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("progress"), done: z.number(), note: z.string().optional(), within }),
  z.strictObject({ type: z.literal("partial"), value: z.unknown().optional(), omitted: omitted.optional(), within }),
  z.strictObject({ type: z.literal("tool"), ...called, answer, ms: z.number() }),
  z.strictObject({ type: z.literal("open"), ...called }),
  z.strictObject({ type: z.literal("now"), value: z.number(), within }),
  z.strictObject({ type: z.literal("random"), value: z.number(), within }),
  z.strictObject({ type: z.literal("spend"), value: z.number(), within }),
  z.strictObject({
    type: z.literal("blob"),
    verb: z.enum(["open", "path", "put", "file"]),
    /** Of a file that a program left, in its folder. */
    name: z.string().optional(),
    ref: blobRef,
    within,
  }),
]);
export type Act = z.output<typeof act>;

const end = z.strictObject({
  type: z.literal("end"),
  ms: z.number(),
  cost: z.number(),
  result: z.union([
    z.strictObject({ ok: z.literal(true), output: z.unknown() }),
    z.strictObject({ ok: z.literal(false), reason: z.string(), message: z.string(), retryable: z.boolean() }),
  ]),
  /** The record was full: so many acts more were not written. */
  truncated: z.int().min(1).optional(),
});
export type End = z.output<typeof end>;

export const SHAPES = { header, act, end } as const;

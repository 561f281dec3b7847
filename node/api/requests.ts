/**
 * What clients may say to the control API: bodies and queries, strict, so that a slip is an error and not a default. Numbers
 * are checked here against the protocol's limits, the input's size by the node.
 */
import { z } from "zod";
import { LIMITS } from "../../protocols/kernel/mod.ts";
import { nearest } from "../config/mod.ts";
import { Fault } from "../fault.ts";
import { depthOf } from "../handlers/mod.ts";
import { API } from "./limits.ts";

const custodians = z.union([z.literal(1), z.literal(3), z.literal(5)]);

export const submitRequest = z.strictObject({
  skill: z.string().max(96),
  input: z.unknown(),
  deadline_ms: z.int().min(1).max(LIMITS.deadline_ms_max).optional(),
  lease_ms: z.int().min(LIMITS.lease_ms_min).max(LIMITS.lease_ms_max).optional(),
  attempts_max: z.int().min(1).max(LIMITS.attempts_max).optional(),
  custodians: custodians.optional(),
  reach: z.enum(["auto", "directed", "wide"]).optional(),
  sealed: z.boolean().optional(),
  budget: z.number().min(0).max(1e12).optional(),
  contract: z.string().max(64).optional(),
  sub_tasks: z.int().min(0).max(LIMITS.sub_tasks_max).optional(),
});

export const dryRunRequest = submitRequest
  .pick({ skill: true, custodians: true, budget: true, contract: true, deadline_ms: true })
  .extend({ input: z.unknown().optional() });

/** An envelope in base64. */
export const revokeRequest = z.strictObject({ revocation: z.string().max(LIMITS.gossip_bytes) });

export const stopRequest = z.strictObject({ grace_ms: z.int().min(0).max(API.grace_ms_max).optional() });
export const emptyRequest = z.strictObject({});

const flag = z.enum(["0", "1"]).transform((text) => text === "1");
export const skillQuery = z.strictObject({ skill: z.string().max(96).optional() });
export const tasksQuery = z.strictObject({
  state: z.enum(["open", "decided"]).optional(),
  limit: z.coerce.number().int().min(1).max(API.tasks_max).default(API.tasks_default),
});
export const outcomeQuery = z.strictObject({
  follow: flag.default(false),
  /** Absent: as long as the task lives. */
  wait_ms: z.coerce.number().int().min(0).max(LIMITS.deadline_ms_max).optional(),
});
export const watchQuery = z.strictObject({ task: z.string().max(64).optional() });
export const noQuery = z.strictObject({});

/** Throws Fault "usage" that names every field that is wrong, and the nearest known one for an unknown one. */
export function checked<S extends z.ZodObject>(schema: S, value: unknown): z.output<S> {
  const found = schema.safeParse(value);
  if (found.success) return found.data;
  const known = Object.keys(schema.shape);
  const problems = found.error.issues.flatMap((issue) => problemsOf(issue, known));
  throw new Fault("usage", problems.join("; "), { remedy: `known here: ${known.join(", ") || "nothing"}` });
}

function problemsOf(issue: z.core.$ZodIssue, known: readonly string[]): string[] {
  if (issue.code !== "unrecognized_keys")
    return [`${issue.path.map(String).join(".") || "the request"}: ${issue.message}`];
  return issue.keys.slice(0, 8).map((key) => {
    const near = nearest(key, known);
    return `${JSON.stringify(key.slice(0, 64))} is not known${near === undefined ? "" : `, perhaps ${near}?`}`;
  });
}

/** A body as JSON, its size checked by whoever read it. Throws Fault "usage". */
export function parseBody(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return {};
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (depthOf(text) > API.body_depth) throw new Error(`it nests deeper than ${API.body_depth} levels`);
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : "";
    throw new Fault("usage", `the body is not JSON in UTF-8: ${why}`, { remedy: "send one JSON object", cause: error });
  }
}

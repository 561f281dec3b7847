/**
 * The three signed documents of a task's life: the task (by its initiator), the award of a ballot (by its conductor) and
 * the outcome (by the contractor, or by the conductor of a ballot kept for itself). All strict: whoever relays one relays
 * its envelope, so a field this version does not know would be a field it cannot check.
 */
import { z } from "zod";
import { LIMITS } from "../kernel/limits.ts";
import {
  ballot,
  body,
  count,
  digest,
  duration_ms,
  issued_ms,
  message,
  network,
  peerId,
  skill,
  taskId,
} from "../kernel/wire.ts";

/**
 * Where a sub-task comes from: the run that submitted it, and the skills from the root task down to that run's. Whoever takes the
 * task sees how deep it is (clause CLAIM-43).
 */
export const lineage = z
  .strictObject({
    root: taskId,
    parent: taskId,
    fence: count,
    depth: z.int().min(1).max(LIMITS.depth_max),
    path: z.array(skill).min(1).max(LIMITS.depth_max),
  })
  .refine(({ depth, path }) => path.length === depth, "the path has another length than the depth");
export type Lineage = z.output<typeof lineage>;

/** What may be paid: for a bid and all that its run spends together. In the units of `cost`. */
export const budget = z.number().min(0).max(1e12);

/** How many tasks may come of one, itself not counted (clause CLAIM-47). */
export const subTasks = z.int().min(0).max(LIMITS.sub_tasks_max);

export const taskDocument = z.strictObject({
  kind: z.literal("task"),
  network,
  skill,
  /** SHA-256 and size in bytes of the input's JSON text, which travels beside the document. */
  input_digest: digest,
  input_bytes: z.int().min(0).max(LIMITS.body_bytes),
  /** 1, 3 or 5 distinct peers, the initiator first (clause CLAIM-1). */
  custodians: z.union([z.array(peerId).length(1), z.array(peerId).length(3), z.array(peerId).length(5)]),
  reach: z.enum(["auto", "directed", "wide"]),
  /** Sealed: bids go to the conductor alone, at any number of agents. */
  sealed: z.boolean(),
  deadline_ms: duration_ms.min(1),
  lease_ms: duration_ms.min(LIMITS.lease_ms_min).max(LIMITS.lease_ms_max),
  attempts_max: z.int().min(1).max(LIMITS.attempts_max),
  nonce: z.string().min(16).max(64),
  issued_ms,
  /** Of a sub-task. */
  lineage: lineage.optional(),
  /** Absent: no limit. */
  budget: budget.optional(),
  /** The contract of the skill that is asked for; absent: any of that name. */
  contract: digest.optional(),
  /** Absent: `sub_tasks_default`; of a sub-task: none. */
  sub_tasks: subTasks.optional(),
});
export type TaskDocument = z.output<typeof taskDocument>;
export type Reach = TaskDocument["reach"];

export const awardDocument = z.strictObject({
  kind: z.literal("award"),
  network,
  task: taskId,
  ballot,
  /** The one contractor of the ballot; null when the conductor keeps the ballot to propose an outcome itself. */
  contractor: peerId.nullable(),
});
export type AwardDocument = z.output<typeof awardDocument>;

/** Why an attempt, or a task, did not succeed. `lost`: the lease ran out in silence; `error`: the handler failed. */
export const reason = z.enum([
  "error",
  "retry",
  "timeout",
  "cancelled",
  "invalid-input",
  "invalid-output",
  "output-too-large",
  "spawn",
  "lost",
  "fenced",
  "refused",
  "silent",
  "no-bids",
  "deadline",
  "attempts",
  "not-stored",
  "shutdown",
]);
export type Reason = z.output<typeof reason>;

export const refusalReason = z.enum([
  "no-skill",
  "overloaded",
  "draining",
  "too-late",
  "too-large",
  "invalid-input",
  "stale",
  "not-initiator",
  "silent",
  "denied",
  "too-dear",
]);
export type RefusalReason = z.output<typeof refusalReason>;

/** Times are milliseconds since the task's conductor began to work on it. */
export const attempt = z.strictObject({
  contractor: peerId,
  ballot,
  started: count,
  ended: count,
  exitReason: reason,
  message: message.optional(),
});
export type Attempt = z.output<typeof attempt>;

/** The latest tool calls of a run, oldest first: what was called, with which arguments (SHA-256 of their JSON text), how it ended. */
export const toolTrace = z
  .array(z.strictObject({ name: z.string().max(128), argsDigest: digest, outcome: z.string().max(64), ms: count }))
  .max(64);
export type ToolTrace = z.output<typeof toolTrace>;

/** Why a task did not succeed: `asked`, `refusals` and `attempts` are what promise P6 is kept with. */
export const failure = z.strictObject({
  status: z.enum(["failed", "cancelled", "expired"]),
  reason,
  message,
  retryable: z.boolean(),
  attempts: z.array(attempt).max(LIMITS.attempts_max),
  toolTrace,
  retryCount: count,
  causes: z.array(message).max(16),
  asked: z.array(peerId).max(LIMITS.account_entries),
  refusals: z.array(z.strictObject({ peer: peerId, reason: refusalReason, times: count })).max(LIMITS.account_entries),
  /** Announcements made. */
  rounds: count,
});
export type Failure = z.output<typeof failure>;

export const outcomeDocument = z.strictObject({
  kind: z.literal("outcome"),
  network,
  task: taskId,
  /** The ballot it was made in; a higher ballot may carry the same document to its decision. */
  ballot,
  status: z.enum(["done", "failed", "cancelled", "expired"]),
  contractor: peerId.optional(),
  agent: z.string().max(64).optional(),
  result: body.optional(),
  failure: failure.optional(),
  ran_ms: count.optional(),
  /** What the run cost beyond the skill's price, in the units of `cost`. */
  cost: z.number().min(0).max(1e12).optional(),
  /** The digest of the run's record, which the contractor keeps. */
  record: digest.optional(),
});
export type OutcomeDocument = z.output<typeof outcomeDocument>;
export type Status = OutcomeDocument["status"];

/**
 * Messages of `/moot/claim/1`: Paxos for one value per task (Lamport, "Paxos Made Simple"), leases and hand-over. Tolerant
 * objects; the signed documents inside are strict. Every message names its task.
 */
import { z } from "zod";
import { LIMITS, Signed, utf8Bytes } from "../kernel/mod.ts";
import {
  ballot,
  body,
  count,
  type DigestOf,
  digest,
  duration_ms,
  message,
  type Open,
  peerId,
  sealed,
  taskId,
} from "../kernel/wire.ts";
import { awardDocument, outcomeDocument, reason, type TaskDocument, taskDocument, toolTrace } from "./documents.ts";

/** A value on its way: the outcome, and the award of the ballot that the outcome was made in. */
function valueSchema(open: Open) {
  return z.object({ outcome: sealed(open, outcomeDocument), origin: sealed(open, awardDocument) });
}
export type Value = z.output<ReturnType<typeof valueSchema>>;

const partialItems = z
  .array(body)
  .max(LIMITS.partial_items)
  .refine(
    (items) => items.reduce((sum, item) => sum + utf8Bytes(item), 0) <= LIMITS.partial_bytes,
    "are too many bytes",
  );

/** The input beside a signed task is the one that it names (WIRE-5). */
export function namesInput(digestOf: DigestOf) {
  return ({ document, input }: { readonly document: Signed<TaskDocument>; readonly input: string }): boolean =>
    document instanceof Signed && digestOf(input) === document.value.input_digest;
}

export function claimSchema(open: Open, digestOf: DigestOf) {
  const award = sealed(open, awardDocument);
  const value = valueSchema(open);
  return z.discriminatedUnion("type", [
    z
      .object({
        type: z.literal("store"),
        task: taskId,
        document: sealed(open, taskDocument),
        input: body,
        left_ms: duration_ms,
      })
      .refine(namesInput(digestOf), "the input is not the one that the task names"),
    z.object({ type: z.literal("stored"), task: taskId }),
    z.object({ type: z.literal("prepare"), task: taskId, ballot }),
    z.object({
      type: z.literal("promise"),
      task: taskId,
      ballot,
      accepted: z.object({ ballot, value }).optional(),
      /** The award of a contractor heard within its lease: to be re-attached, not replaced. */
      live: award.optional(),
    }),
    z.object({ type: z.literal("nack"), task: taskId, ballot, promised: ballot }),
    z.object({ type: z.literal("accept"), task: taskId, ballot, award, value }),
    /** Sent to the other custodians, not to the proposer: only custodians tell custodians what was accepted. */
    z.object({ type: z.literal("accepted"), task: taskId, ballot, digest }),
    z.object({ type: z.literal("decided"), task: taskId, digest, value: value.optional() }),
    z.object({
      type: z.literal("renew"),
      task: taskId,
      award,
      done_permille: z.int().min(0).max(1000),
      note: message.optional(),
      /** Counts renewals; the answer repeats it, so that a late answer extends no later lease. */
      beat: count,
    }),
    /** What the handler says meanwhile. Never part of the outcome; not answered. */
    z.object({
      type: z.literal("partial"),
      task: taskId,
      award,
      /** Of the last renewal: what is said here is newer than that. */
      beat: count,
      /** The number of the first of the items, from 0 in each ballot; with no items, of the next. */
      seq: count,
      /** Partial results as JSON texts, together at most `partial_bytes`. */
      items: partialItems,
      done_permille: z.int().min(0).max(1000),
      note: message.optional(),
    }),
    z.object({
      type: z.literal("renewed"),
      task: taskId,
      ballot,
      answer: z.enum(["ok", "cancel", "moved", "fenced"]),
      promised: ballot.optional(),
      beat: count,
    }),
    z.object({
      type: z.literal("failure"),
      task: taskId,
      award,
      reason,
      message,
      retryable: z.boolean(),
      toolTrace: toolTrace.optional(),
      causes: z.array(message).max(16).optional(),
    }),
    z.object({ type: z.literal("tend"), task: taskId, ballot }),
    z.object({ type: z.literal("cancel"), task: taskId }),
    z.object({ type: z.literal("query"), task: taskId }),
    z.object({
      type: z.literal("not-understood"),
      task: taskId,
      what: z.string().max(32),
      reason: z.enum(["unknown-task", "not-custodian", "overloaded"]),
    }),
  ]);
}
export type ClaimMessage = z.output<ReturnType<typeof claimSchema>>;

/** What a node keeps of a task it is a custodian of. Parsed like a message: a disk is a stranger too. */
export function custodyRecord(open: Open) {
  return z.object({
    kind: z.literal("custody"),
    document: sealed(open, taskDocument),
    /** Calendar time of the deadline: the only clock that survives a restart. */
    due_ms: z.int().min(0),
    promised: ballot,
    accepted: z.object({ ballot, value: valueSchema(open) }).optional(),
    decided: z.boolean(),
    /** The award this node signed as conductor, written before it was sent. */
    awarded: sealed(open, awardDocument).optional(),
    attempts: z.array(
      z.object({
        contractor: peerId,
        ballot,
        started: z.number(),
        ended: z.number(),
        exitReason: reason,
        message: message.optional(),
      }),
    ),
    /** What the latest attempt that told of any had called, and its causes. */
    told: z.object({ toolTrace, causes: z.array(message).max(16) }).optional(),
    /** Somebody asked for the task to be cancelled and was told that it will be. */
    cancel: z.boolean(),
  });
}
export type CustodyRecord = z.output<ReturnType<typeof custodyRecord>>;

/** What a contractor keeps: that it ran this ballot, so that no restart and no duplicate runs it twice. */
export function runRecord(open: Open) {
  return z.object({
    kind: z.literal("run"),
    award: sealed(open, awardDocument),
    custodians: z.array(peerId).min(1).max(5),
    due_ms: z.int().min(0),
  });
}
export type RunRecord = z.output<ReturnType<typeof runRecord>>;

export const inputRecord = z.object({ kind: z.literal("input"), text: body });
export type InputRecord = z.output<typeof inputRecord>;

/**
 * What the client believes of the node's answers. The node is this user's own (it showed the token's file) and almost always
 * the same version, so the head of each shape is checked, against a wrong or older server, and the rest is taken as typed.
 */
import { z } from "zod";
import type { TaskId, TaskView } from "../../protocols/mod.ts";
import type { DryRun, MootNode, Observed, Status, SubmitResult } from "../moot-node.ts";
import type { Keys } from "../permissions/mod.ts";
import type { RecordRow } from "../records/mod.ts";
import type { AgentRow } from "./agents.ts";
import type { SubTaskRow, TaskRow } from "./tasks.ts";

/** `self`: the node that answers. */
export type PeerRow = ReturnType<MootNode["peers"]>[number] & { readonly self: boolean };
export type Candidate = ReturnType<MootNode["candidates"]>[number];
export type TaskAnswer = TaskView & {
  readonly messages: { readonly sent: number; readonly received: number };
  /** Of its runs at this node. */
  readonly records: readonly RecordRow[];
  /** Tasks that its runs submitted, of those that this node keeps. */
  readonly subTasks: readonly SubTaskRow[];
};

/** A record whose named fields have these types; the type `T` is the server's word. */
function headed<T>(head: Readonly<Record<string, "string" | "number" | "object" | "boolean">>) {
  return z.custom<T>(
    (value) => isRecord(value) && Object.entries(head).every(([key, type]) => typeof value[key] === type),
    "is not what a node of this version answers",
  );
}

const id = z.custom<TaskId>((value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value), "is no task id");
const observed = headed<Observed>({ type: "string", at_ms: "number", node: "string" });
const outcome = headed<SubmitResult>({ task: "string", status: "string", timings: "object", messages: "object" });
const error = z.object({
  code: z.string(),
  message: z.string(),
  remedy: z.string().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
});

export const ANSWERS = {
  status: headed<Status>({
    peer: "string",
    network: "string",
    addrs: "object",
    meshReady: "boolean",
    agents: "object",
    tasks: "object",
    process: "object",
  }),
  peers: z.object({
    peers: z.array(headed<PeerRow>({ peer: "string", card: "object", connected: "boolean", self: "boolean" })),
  }),
  agents: z.object({ agents: z.array(headed<AgentRow>({ peer: "string", agent: "string", skills: "object" })) }),
  candidates: z.object({
    candidates: z.array(headed<Candidate>({ peer: "string", agent: "string", cost: "number", expected_ms: "number" })),
  }),
  tasks: z.object({
    tasks: z.array(headed<TaskRow>({ task: "string", skill: "string", state: "string", ballot: "object" })),
    total: z.number(),
  }),
  task: headed<TaskAnswer>({
    task: "string",
    skill: "string",
    state: "string",
    ballot: "object",
    attempts: "object",
    account: "object",
  }),
  messages: z.object({ task: id, sent: z.number(), received: z.number() }),
  facts: z.object({ task: id, facts: z.array(observed) }),
  records: z.object({
    task: id,
    records: z.array(headed<RecordRow>({ fence: "number", file: "string", bytes: "number" })),
  }),
  dryRun: headed<DryRun>({ skill: "string", custodians: "object", candidates: "object" }),
  submitted: z.object({ task: id }),
  accepted: z.object({ task: id, accepted: z.boolean() }),
  outcome,
  keys: headed<Keys>({ network: "string", roots: "object", own: "object", members: "object", revocations: "object" }),
  taken: z.object({ accepted: z.boolean() }),
  stopping: z.object({ stopping: z.boolean() }),
  blobs: z.object({
    blobs: z.array(z.object({ blob: id, bytes: z.number(), used_ms: z.number(), pinned: z.boolean() })),
    used_bytes: z.number(),
    max_bytes: z.number(),
  }),
  dropped: z.object({ blob: id, dropped: z.boolean() }),
  fetchLine: z.discriminatedUnion("event", [
    z.object({ event: z.literal("progress"), done_bytes: z.number() }),
    z.object({ event: z.literal("fetched") }),
    z.object({ event: z.literal("error"), error }),
  ]),
  error: z.object({ error }),
} as const;

/** One line of a stream. */
export type Line =
  | { readonly kind: "fact"; readonly fact: Observed }
  | { readonly kind: "outcome"; readonly outcome: SubmitResult }
  /** Why the stream ended without one: dropped, stopped, failed. */
  | { readonly kind: "end"; readonly event: string; readonly code: string; readonly message: string };

const ending = z.object({ event: z.string(), error: error.optional(), message: z.string().optional() });

/** Undefined for what is no line of ours. */
export function parseLine(value: unknown): Line | undefined {
  const fact = observed.safeParse(value);
  if (fact.success) return { kind: "fact", fact: fact.data };
  const end = ending.safeParse(value);
  if (!end.success) return undefined;
  if (end.data.event === "outcome") {
    const found = outcome.safeParse(withoutEvent(value));
    if (found.success) return { kind: "outcome", outcome: found.data };
  }
  const { event, error: failed, message } = end.data;
  return { kind: "end", event, code: failed?.code ?? "internal", message: failed?.message ?? message ?? event };
}

function withoutEvent(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const { event: _event, ...rest } = value;
  return rest;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

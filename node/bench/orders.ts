/** What the bench tells its worker processes, and what they answer: parsed on arrival, as all that crosses a process is. */
import { z } from "zod";

const id = z.int();

export const orderSchema = z.discriminatedUnion("do", [
  /** Become a node of the network. */
  z.object({ id, do: z.literal("node"), config: z.string(), join: z.array(z.string()) }),
  /** Become a bare host that answers every message and publication with one of its own, or one that asks. */
  z.object({
    id,
    do: z.literal("host"),
    key: z.string(),
    answers: z.boolean(),
    join: z.array(z.string()),
  }),
  /** A host: so many round trips, one after the other. */
  z.object({ id, do: z.literal("trips"), over: z.enum(["stream", "gossip"]), count: z.int() }),
  /** A node: so many tasks, one after the other. */
  z.object({ id, do: z.literal("tasks"), count: z.int() }),
  /** A node: as many tasks as it can, so many at once. */
  z.object({ id, do: z.literal("load"), at_once: z.int(), for_ms: z.number(), profile: z.boolean() }),
  z.object({ id, do: z.literal("stop") }),
]);
export type Order = z.output<typeof orderSchema>;

export const replySchema = z.union([
  z.object({ id, ok: z.literal(true), value: z.unknown() }),
  z.object({ id, ok: z.literal(false), message: z.string() }),
]);
export type Reply = z.output<typeof replySchema>;

const share = z.object({ name: z.string(), percent: z.number() });

export const ANSWERS = {
  node: z.object({ addrs: z.array(z.string()) }),
  host: z.object({ addrs: z.array(z.string()) }),
  /** Milliseconds each. */
  trips: z.array(z.number()),
  tasks: z.array(
    z.object({ announced_ms: z.number(), awarded_ms: z.number(), done_ms: z.number(), status: z.string() }),
  ),
  load: z.object({
    done: z.int(),
    failed: z.int(),
    cpu_ms: z.number(),
    profile: z.object({ packages: z.array(share), functions: z.array(share) }).optional(),
  }),
  stop: z.null(),
} as const;

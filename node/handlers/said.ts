/**
 * What an agent's room (a thread, a process) may say to its node, checked when it arrives: the code there is the agent's, and can say
 * anything. The types are `Said` in `bridge.ts`. Pure.
 */
import { z } from "zod";
import { BRIDGE, CROSSED_CHARS, type Manner } from "./bridge.ts";
import { HANDLER } from "./limits.ts";
import { RETRYABLE, type Reason } from "./types.ts";

const MANNERS = new Map<unknown, Manner>(Object.entries(BRIDGE));
/** Each method in its own manner: the promise of one that was only told would be nobody's, and could end the node. */
const method = (manner: Manner) => z.custom<keyof typeof BRIDGE>((name) => MANNERS.get(name) === manner);
const reason = z.custom<Reason>((word) => typeof word === "string" && Object.hasOwn(RETRYABLE, word));
const args = z.array(z.unknown()).max(16);
const inside = z.int().min(0).optional();
const crossedSchema = z.object({
  message: z.string(),
  name: z.string().max(CROSSED_CHARS).optional(),
  code: z.string().max(CROSSED_CHARS).optional(),
  reason: reason.optional(),
  retry: z.boolean().optional(),
});
const answer = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), error: crossedSchema }),
]);

export const saidSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready") }),
  z.object({ type: z.literal("tell"), method: method("tell"), args, inside }),
  z.object({
    type: z.literal("ask"),
    id: z.int(),
    method: method("ask"),
    args,
    functions: z.array(z.int().min(0).max(15)).max(16),
    inside,
  }),
  z.object({ type: z.literal("sync"), method: method("sync"), args, inside }),
  z.object({ type: z.literal("called"), id: z.int(), answer }),
  z.object({ type: z.literal("ended"), answer }),
  z.object({
    type: z.literal("stray"),
    task: z.string().max(256),
    message: z.string().max(HANDLER.message_chars),
    stack: z.string().max(HANDLER.stack_chars),
    late: z.boolean(),
  }),
]);
export type Heard = z.infer<typeof saidSchema>;

/**
 * Schemas of the things that every protocol's messages are built from. Machines import the types, only decoders import the
 * schemas. Objects are tolerant (unknown fields are dropped) unless they say strict; whatever is signed is strict.
 */
import { z } from "zod";
import type { Ballot } from "./ballot.ts";
import {
  type Digest,
  type Network,
  type PeerId,
  parseDigest,
  parseNetwork,
  parsePeerId,
  parseSkill,
  parseTaskId,
  type Skill,
  type TaskId,
} from "./ids.ts";
import { LIMITS } from "./limits.ts";
import { Signed } from "./signed.ts";

/** Opens an envelope: the signer, the digest of the payload bytes and the payload as JSON; nothing when anything is wrong. */
export type Open = (
  seal: string,
) => { readonly signer: PeerId; readonly digest: Digest; readonly payload: unknown } | undefined;

function parsed<T>(parse: (text: string) => T | undefined, what: string) {
  return z.string().transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: `is no ${what}` });
    return z.NEVER;
  });
}

export const peerId = parsed<PeerId>(parsePeerId, "peer id");
export const taskId = parsed<TaskId>(parseTaskId, "task id");
export const digest = parsed<Digest>(parseDigest, "SHA-256 digest in hex");
export const skill = parsed<Skill>(parseSkill, "skill name such as text.count@1");
export const network = parsed<Network>(parseNetwork, "network name");

/** A duration in whole milliseconds, never an instant. */
export const duration_ms = z.int().min(0).max(LIMITS.deadline_ms_max);
/** A calendar time in Unix milliseconds: only in signed documents, for expiry and replay protection. */
export const issued_ms = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
export const count = z.int().min(0).max(1_000_000_000);
export const message = z.string().max(LIMITS.message_chars);
/** JSON text of a task's input or output. Its size in bytes is checked where it is parsed. */
export const body = z.string().max(LIMITS.body_bytes);

export const ballot: z.ZodType<Ballot> = z.strictObject({
  round: z.int().min(1).max(1_000_000),
  custodian: z.int().min(0).max(4),
});

/** A signed document inside a message: its envelope on the wire, a `Signed` value after decoding. */
export function sealed<S extends z.ZodType<{ readonly kind: string }>>(open: Open, schema: S) {
  return z
    .string()
    .max(LIMITS.claim_bytes)
    .transform((seal, context): Signed<z.output<S>> => {
      const opened = open(seal);
      const value = opened === undefined ? undefined : schema.safeParse(opened.payload);
      if (opened !== undefined && value?.success === true) return new Signed(value.data, { ...opened, seal });
      context.addIssue({
        code: "custom",
        message: opened === undefined ? "is no envelope with a good signature" : "holds no such document",
      });
      return z.NEVER;
    });
}

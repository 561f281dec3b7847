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
/** SHA-256 of a text's UTF-8 bytes; the edge has the means. */
export type DigestOf = (text: string) => Digest;

/** JSON text of a task's input or output: bounded in bytes and nesting, and really JSON. */
export const body = z.string().max(LIMITS.body_bytes).refine(isBody, "is no JSON of the size and depth allowed");

function isBody(text: string): boolean {
  let bytes = 0;
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    // A surrogate pair is 4 bytes of UTF-8, 2 for each half.
    bytes += code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 2 : 3;
    if (quoted) {
      if (code === 0x5c) {
        index += 1;
        bytes += 1;
      } else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x5b || code === 0x7b) depth += 1;
    else if (code === 0x5d || code === 0x7d) depth -= 1;
    if (depth > LIMITS.body_depth || bytes > LIMITS.body_bytes) return false;
  }
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

export const ballot: z.ZodType<Ballot> = z.strictObject({
  round: z.int().min(1).max(LIMITS.round_max),
  custodian: z.int().min(0).max(4),
});

/** A signed document inside a message: its envelope on the wire, a `Signed` value after decoding. */
export function sealed<S extends z.ZodType<{ readonly kind: string }>>(open: Open, schema: S) {
  return z
    .string()
    .max(LIMITS.seal_chars)
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

/** What scripts let a user submit, made ready for machines. */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Json } from "../../kit/mod.ts";
import { LIMITS, parseDigest, parseSkill, type Request } from "../../protocols/mod.ts";

const request = z.strictObject({
  skill: z.string(),
  input: z.unknown().default(null),
  deadline_ms: z.int().default(LIMITS.deadline_ms_default),
  lease_ms: z.int().default(LIMITS.lease_ms_default),
  attempts_max: z.int().default(LIMITS.attempts_max_default),
  reach: z.enum(["auto", "directed", "wide"]).default("directed"),
  sealed: z.boolean().default(false),
  custodians: z.union([z.literal(1), z.literal(3), z.literal(5)]).optional(),
  sub_tasks: z.int().optional(),
});
export type Wish = z.output<typeof request>;

/** Throws when it is no request: a mistake in a script. */
export function wishOf(value: Json): Wish {
  return request.parse(value);
}

export function requestOf(value: Json): Request {
  const wish = wishOf(value);
  const input = JSON.stringify(wish.input);
  const skill = parseSkill(wish.skill);
  const input_digest = parseDigest(createHash("sha256").update(input).digest("hex"));
  if (skill === undefined || input_digest === undefined) throw new Error(`${wish.skill} is no skill`);
  return {
    ...wish,
    skill,
    input,
    input_digest,
    input_bytes: Buffer.byteLength(input),
    nonce: `nonce-${wish.skill}`.padEnd(16, "x").slice(0, 64),
  };
}

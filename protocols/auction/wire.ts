/**
 * Messages of `/moot/auction/1` and of the announcement topics: the contract net of Smith 1980 in FIPA's words (SC00029H).
 * A directed call travels on a stream, a wide one is a signed document on the topic of its skill's shard.
 */
import { z } from "zod";
import { awardDocument, refusalReason, taskDocument } from "../claim/documents.ts";
import { namesInput } from "../claim/wire.ts";
import {
  ballot,
  body,
  count,
  type DigestOf,
  digest,
  duration_ms,
  issued_ms,
  network,
  type Open,
  peerId,
  sealed,
  skill,
  taskId,
} from "../kernel/wire.ts";

const call = {
  task: taskId,
  skill,
  /** Announcements of this task by this conductor are numbered; one bid per bidder and round. */
  round: count,
  window_ms: duration_ms,
  left_ms: duration_ms,
  input_bytes: count,
  /** Agents that the conductor believes to have the skill. */
  eligible: count,
  /** Whose task it is, where rights are asked for and the conductor is another. */
  initiator: peerId.optional(),
  /** The contract that the task names. */
  contract: digest.optional(),
};

const bid = {
  task: taskId,
  round: count,
  agent: z.string().min(1).max(64),
  cost: z.number().min(0).max(1e12),
  /** Until the result, with the bidder's queue in mind. */
  expected_ms: duration_ms,
  /** Committed share of the bidder's capacity, in thousandths. */
  load_permille: z.int().min(0).max(1000),
  /** The contract of its skill: what the bidder is held to (AUCTION-21). Absent: it does not say. */
  contract: digest.optional(),
};

export function auctionSchema(open: Open, digestOf: DigestOf) {
  return z.discriminatedUnion("type", [
    z.object({ type: z.literal("cfp"), ...call }),
    z.object({ type: z.literal("propose"), ...bid, hold_ms: duration_ms }),
    /** With a ballot it refuses an award, without one the call. */
    z.object({
      type: z.literal("refuse"),
      task: taskId,
      round: count,
      reason: refusalReason,
      load_permille: bid.load_permille,
      ballot: ballot.optional(),
    }),
    z
      .object({
        type: z.literal("accept-proposal"),
        task: taskId,
        round: count,
        award: sealed(open, awardDocument),
        document: sealed(open, taskDocument),
        input: body,
        left_ms: duration_ms,
      })
      .refine(namesInput(digestOf), "the input is not the one that the task names"),
    z.object({ type: z.literal("agree"), task: taskId, ballot }),
    z.object({ type: z.literal("reject-proposal"), task: taskId, round: count }),
  ]);
}
export type AuctionMessage = z.output<ReturnType<typeof auctionSchema>>;
export type Cfp = Extract<AuctionMessage, { type: "cfp" }>;
export type Propose = Extract<AuctionMessage, { type: "propose" }>;
export type Bid = Omit<Propose, "type" | "hold_ms">;

/** A wide call. Strict, signed, under 512 bytes with its envelope. */
export const cfpDocument = z.strictObject({ kind: z.literal("cfp"), network, issued_ms, ...call, sealed: z.boolean() });
export type CfpDocument = z.output<typeof cfpDocument>;

/** A bid on the topic, so that worse bidders may keep silent; the conductor gets its own copy on a stream. */
export const bidDocument = z.strictObject({ kind: z.literal("propose"), network, issued_ms, ...bid });

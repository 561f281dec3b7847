/**
 * Messages of `/moot/directory/1` and the card: who can do what, said by the agents themselves. Cards are tolerant (their
 * fields follow the A2A 1.x AgentCard, which grows); everything that decides is checked against the signature.
 */
import { z } from "zod";
import { LIMITS } from "../kernel/limits.ts";
import { digest, duration_ms, issued_ms, message, network, type Open, peerId, sealed, skill } from "../kernel/wire.ts";
import { chainSeals, revocationDocument } from "../permissions/mod.ts";

export const skillCard = z.object({
  name: skill,
  description: message.default(""),
  /** JSON Schemas of input and output; absent means anything. */
  input: z.record(z.string(), z.unknown()).optional(),
  output: z.record(z.string(), z.unknown()).optional(),
  effects: z.union([z.enum(["none", "read", "write"]), z.array(z.string().max(256)).max(32)]),
  cost: z.number().min(0).max(1e12),
  expected_ms: duration_ms,
  /** Whether doing it twice is as doing it once; absent: not said. */
  idempotent: z.boolean().optional(),
  /** The digest of its contract (`contracts.ts`); absent: a peer that does not say. */
  contract: digest.optional(),
});
export type SkillCard = z.output<typeof skillCard>;

export const agentCard = z.object({
  name: z.string().min(1).max(64),
  description: message.default(""),
  concurrency: z.int().min(1).max(4096),
  skills: z.array(skillCard).min(1).max(64),
});
export type AgentCard = z.output<typeof agentCard>;

export const cardDocument = z.object({
  kind: z.literal("card"),
  network,
  version: z.string().max(32),
  /** Grows with every new card of a peer; the highest wins. */
  seq: z.int().min(0),
  issued_ms,
  valid_ms: duration_ms.max(24 * 3600 * 1000),
  /** How long the node had been up when it wrote the card. */
  uptime_ms: z.int().min(0),
  addrs: z.array(z.string().max(256)).max(16),
  /** No agents: the peer is leaving, or only watches. */
  agents: z.array(agentCard).max(64),
  /** Whether what it promises survives its restart; custodians must. */
  durable: z.boolean(),
  /** The grants that say what its peer may do, where the network asks for them. */
  grants: chainSeals.optional(),
});
export type CardDocument = z.output<typeof cardDocument>;

export function directorySchema(open: Open) {
  return z.discriminatedUnion("type", [
    /** What the sender has, or (with `news`) what is new to it. A peer of another network is hung up on. */
    z.object({
      type: z.literal("digest"),
      network,
      news: z.boolean(),
      cards: z.array(z.tuple([peerId, z.int().min(0)])).max(LIMITS.digest_entries),
    }),
    z.object({ type: z.literal("want"), peers: z.array(peerId).max(LIMITS.digest_entries) }),
    z.object({ type: z.literal("cards"), cards: z.array(sealed(open, cardDocument)).max(64) }),
    /** Grants that are over before their time: all that the sender holds, or what is new to it. */
    z.object({ type: z.literal("revocations"), revocations: z.array(sealed(open, revocationDocument)).max(64) }),
  ]);
}
export type DirectoryMessage = z.output<ReturnType<typeof directorySchema>>;

export const seqRecord = z.object({ kind: z.literal("seq"), seq: z.int().min(0) });
export type SeqRecord = z.output<typeof seqRecord>;

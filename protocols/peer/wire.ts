/**
 * Everything a peer says: stream messages by protocol, documents on topics, records on disk. A driver builds one decoder
 * of each with its envelope opener, and hands the machines nothing that did not come through one.
 */
import { z } from "zod";
import { type AuctionMessage, auctionSchema, bidDocument, cfpDocument } from "../auction/wire.ts";
import { awardDocument } from "../claim/documents.ts";
import { type ClaimMessage, claimSchema, custodyRecord, inputRecord, runRecord } from "../claim/wire.ts";
import { type DirectoryMessage, directorySchema, seqRecord } from "../directory/wire.ts";
import { LIMITS } from "../kernel/limits.ts";
import { type DigestOf, network, type Open, sealed } from "../kernel/wire.ts";
import { revocationDocument } from "../permissions/mod.ts";

export type Message = DirectoryMessage | AuctionMessage | ClaimMessage;

/** The stream protocols, in the order of their ids, with the bound of one frame. */
export const PROTOCOLS = {
  directory: { id: "/moot/directory/1", frame_bytes: LIMITS.control_bytes },
  auction: { id: "/moot/auction/1", frame_bytes: LIMITS.claim_bytes },
  claim: { id: "/moot/claim/1", frame_bytes: LIMITS.claim_bytes },
} as const;
export type ProtocolName = keyof typeof PROTOCOLS;

const DIRECTORY: ReadonlySet<string> = new Set<DirectoryMessage["type"]>(["digest", "want", "cards", "revocations"]);
const AUCTION: ReadonlySet<string> = new Set<AuctionMessage["type"]>([
  "cfp",
  "propose",
  "refuse",
  "accept-proposal",
  "agree",
  "reject-proposal",
]);

/** Which stream a message belongs on. */
export function protocolOf(type: Message["type"]): ProtocolName {
  return DIRECTORY.has(type) ? "directory" : AUCTION.has(type) ? "auction" : "claim";
}

/** Decoders of the three stream protocols. */
export function messageSchemas(open: Open, digestOf: DigestOf) {
  return {
    directory: directorySchema(open),
    auction: auctionSchema(open, digestOf),
    claim: claimSchema(open, digestOf),
  };
}

/** Two awards for one ballot, as they were signed: the proof carries itself, whoever publishes it. */
export function equivocationDocument(open: Open) {
  const award = sealed(open, awardDocument);
  return z.strictObject({ kind: z.literal("equivocation"), network, first: award, second: award });
}

/** A revocation as it was signed, whoever passes it on. */
export function revocationNotice(open: Open) {
  return z.strictObject({
    kind: z.literal("revocation-notice"),
    network,
    revocation: sealed(open, revocationDocument),
  });
}

/** What a peer keeps of a revocation: with what it counted for when it came. */
function revocationRecord(open: Open) {
  return z.object({
    kind: z.literal("revocation"),
    revocation: sealed(open, revocationDocument),
    general: z.boolean(),
  });
}

/** A document on a topic; the envelope around it names its signer. */
export function topicSchema(open: Open) {
  return z.discriminatedUnion("kind", [cfpDocument, bidDocument, equivocationDocument(open), revocationNotice(open)]);
}
export type TopicDocument = z.output<ReturnType<typeof topicSchema>>;

/** Records of the node's store. */
export function recordSchema(open: Open) {
  return z.discriminatedUnion("kind", [
    custodyRecord(open),
    runRecord(open),
    inputRecord,
    seqRecord,
    revocationRecord(open),
  ]);
}
export type Kept = z.output<ReturnType<typeof recordSchema>>;

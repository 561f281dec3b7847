/** What is said on a stream of `/moot/blob/1`, and what stands for a blob in a body. Frames after an answer are bare bytes. */
import { z } from "zod";
import { digest, peerId } from "../kernel/wire.ts";
import { BLOB } from "./limits.ts";

export const BLOB_PROTOCOL = "/moot/blob/1";

const bytes = z.int().min(0).max(BLOB.blob_bytes_max);
const chunk = z
  .int()
  .min(0)
  .max(BLOB.blob_bytes_max / BLOB.chunk_bytes);

/** The asker's only words. */
export const blobRequest = z.discriminatedUnion("type", [
  z.object({ type: z.literal("list"), blob: digest }),
  z.object({ type: z.literal("get"), blob: digest, from: chunk, count: chunk.min(1).max(BLOB.request_chunks) }),
]);
export type BlobRequest = z.output<typeof blobRequest>;

/** The head of an answer. */
export const blobAnswer = z.discriminatedUnion("type", [
  z.object({ type: z.literal("have"), blob: digest, bytes }),
  z.object({ type: z.literal("refuse"), blob: digest, reason: z.enum(["unknown", "busy", "range"]) }),
]);
export type BlobAnswer = z.output<typeof blobAnswer>;

/** In an input or output, in place of the bytes. Other fields are dropped. */
export const blobRef = z.object({
  $blob: digest,
  bytes,
  /** An Internet media type, such as `video/mp4`. */
  media: z.string().max(BLOB.media_chars).optional(),
  /** Peers that hold it, first choice first. */
  from: z.array(peerId).max(BLOB.holders_max).optional(),
});
export type BlobRef = z.output<typeof blobRef>;

/** Blobs: what travels beside the bodies of tasks, named by its contents. The words and numbers; the bytes are the driver's. */
export { BLOB, chunkBytes, chunksOf } from "./limits.ts";
export { blobsIn, mapBlobs, WrongReference } from "./references.ts";
export {
  BLOB_PROTOCOL,
  type BlobAnswer,
  type BlobRef,
  type BlobRequest,
  blobAnswer,
  blobRef,
  blobRequest,
} from "./wire.ts";

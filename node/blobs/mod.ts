/** Large data: blobs named by their contents, kept for a while, fetched from peers piece by checked piece. */
export { Blobs } from "./blobs.ts";
export { runWithBlobs } from "./handed.ts";
export { BLOBS } from "./limits.ts";

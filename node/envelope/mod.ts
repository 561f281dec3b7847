/** Signed envelopes: the one form in which documents travel, and the reader of all JSON that strangers send. */
export { readJson } from "./json.ts";
export { peerOf } from "./keys.ts";
export { Recent } from "./recent.ts";
export { claimedSigner, digestOf, makeOpen, makeSeal, openBytes } from "./seal.ts";

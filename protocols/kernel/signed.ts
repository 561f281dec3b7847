/**
 * Documents that must be shown to third parties (tasks, awards, outcomes, cards, announcements) travel inside libp2p signed
 * envelopes. A machine sees one as a value with its signer; the driver has checked the signature before the machine sees it.
 * Everything else is sent over authenticated streams and needs no signature of its own.
 */
import type { Digest, PeerId } from "./ids.ts";

export class Signed<T> {
  /** The parsed payload. */
  readonly value: T;
  /** Whose key signed it. */
  readonly signer: PeerId;
  /** SHA-256 of the payload bytes as they were signed, never of a re-encoding (clause WIRE-4). */
  readonly digest: Digest;
  /** The whole envelope, base64: what travels and what is kept. */
  readonly seal: string;

  constructor(value: T, proof: { readonly signer: PeerId; readonly digest: Digest; readonly seal: string }) {
    this.value = value;
    this.signer = proof.signer;
    this.digest = proof.digest;
    this.seal = proof.seal;
  }

  /** On the wire and on disk a signed document is its envelope. */
  toJSON(): string {
    return this.seal;
  }
}

/** Signs a document with the node's key. Deterministic (Ed25519), so a pure machine may be given one. */
export type Seal = <T extends { readonly kind: string }>(document: T) => Signed<T>;

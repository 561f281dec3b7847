/**
 * Symbolic signatures. The notary knows who sealed what: a seal is a name for (signer, payload) that only the notary can
 * open, so nobody in the world can forge another's word, and a run needs no cryptography. A liar may seal anything with its
 * own key. Digests stand in for SHA-256: 256 bits wide, the same on every machine, no security.
 */
import { type Digest, type Open, type PeerId, parseDigest, type Seal, Signed } from "../protocols/mod.ts";

const LANES = [
  [0x811c9dc5, 0x01000193],
  [0x9e3779b9, 0x85ebca6b],
  [0xc2b2ae35, 0x27d4eb2f],
  [0x165667b1, 0x9e3779b1],
] as const;

function mix(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Four multiply-and-xor lanes over the UTF-16 code units, each finalized twice: 64 hex digits. */
export function digestOf(text: string): Digest {
  let hex = "";
  for (const [basis, prime] of LANES) {
    let hash: number = basis;
    for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), prime);
    for (const salt of [text.length, basis])
      hex += mix(hash ^ salt)
        .toString(16)
        .padStart(8, "0");
  }
  return branded(hex);
}

interface Entry {
  readonly signer: PeerId;
  readonly digest: Digest;
  readonly text: string;
}

export class Notary {
  readonly #sealed: Map<string, Entry> | undefined;

  /** `opens`: remembers what was sealed, which only a world whose messages go through text needs. */
  constructor({ opens = true }: { readonly opens?: boolean } = {}) {
    this.#sealed = opens ? new Map() : undefined;
  }

  /** The seal of one signer's key: deterministic, like Ed25519. */
  sealOf(signer: PeerId): Seal {
    return (document) => {
      const text = JSON.stringify(document);
      const digest = shortDigestOf(text);
      const seal = `seal:${signer}:${digest}`;
      this.#sealed?.set(seal, { signer, digest, text });
      return new Signed(document, { signer, digest, seal });
    };
  }

  /** What a decoder uses in place of checking a signature. */
  readonly open: Open = (seal) => {
    const entry = this.#sealed?.get(seal);
    return entry && { signer: entry.signer, digest: entry.digest, payload: JSON.parse(entry.text) };
  };
}

/** Two lanes are enough to tell documents of one run apart (2^64), and cost a quarter. */
function shortDigestOf(text: string): Digest {
  let [one, two] = [0x811c9dc5, 0x9e3779b9];
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    one = Math.imul(one ^ unit, 0x01000193);
    two = Math.imul(two ^ unit, 0x85ebca6b);
  }
  const high = mix(one ^ text.length) & 0xfffff;
  const hex = (high * 0x1_0000_0000 + mix(two ^ one)).toString(16).padStart(13, "0");
  return branded(
    `${mix(one ^ 0x5bd1e995)
      .toString(16)
      .padStart(8, "0")}${hex}`.padEnd(64, "0"),
  );
}

const branded = (hex: string): Digest => {
  const digest = parseDigest(hex);
  if (digest === undefined) throw new Error("a digest is 64 hex digits");
  return digest;
};

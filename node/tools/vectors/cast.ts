/** Who speaks in the vectors: keys from fixed seeds, one network, one instant. Nothing here is secret. */
import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import type { Ed25519PrivateKey } from "@libp2p/interface";
import { assert, type PeerId, parseNetwork, type Seal } from "../../../protocols/mod.ts";
import { makeSeal, peerOf } from "../../envelope/mod.ts";

export const NETWORK = named(parseNetwork("example"));
/** The receiver's calendar, in Unix milliseconds. */
export const NOW_MS = 1_800_000_000_000;

export interface Actor {
  readonly name: string;
  readonly peer: PeerId;
  readonly seed: Uint8Array;
  readonly key: Ed25519PrivateKey;
  readonly seal: Seal;
}

/** The initiator and first custodian; two custodians; the contractor; somebody else. */
export const NAMES = ["alice", "bob", "carol", "dave", "mallory"] as const;
export type Cast = Readonly<Record<(typeof NAMES)[number], Actor>>;

export async function makeCast(): Promise<Cast> {
  const [alice, bob, carol, dave, mallory] = await Promise.all(NAMES.map(actor));
  return { alice: named(alice), bob: named(bob), carol: named(carol), dave: named(dave), mallory: named(mallory) };
}

/** The key's seed is 32 times the place in the list: `alice` has 32 bytes of 1. */
async function actor(name: string, index: number): Promise<Actor> {
  const seed = new Uint8Array(32).fill(index + 1);
  const key = await generateKeyPairFromSeed("Ed25519", seed);
  return { name, seed, key, peer: peerOf(key.publicKey.raw), seal: makeSeal(key) };
}

function named<T>(value: T | undefined): T {
  assert(value !== undefined, "the cast is complete");
  return value;
}

/**
 * Names of things, branded so that one cannot be handed in for another. Each brand is made in one place, by parsing; the
 * schemas in `wire.ts` files are built on these parsers. Nothing here knows what a name stands for.
 */
import { LIMITS } from "./limits.ts";

declare const brand: unique symbol;
type Branded<T, B extends string> = T & { readonly [brand]: B };

/** A libp2p peer id in its text form (base58btc, RFC 0001 of libp2p). */
export type PeerId = Branded<string, "PeerId">;
/** A task's id: SHA-256 of the signed payload bytes, 64 lower-case hex digits (clause WIRE-4). */
export type TaskId = Branded<string, "TaskId">;
/** SHA-256 of bytes, 64 lower-case hex digits. */
export type Digest = Branded<string, "Digest">;
/** A skill: a dotted lower-case name and a major version, as in `text.count@1`. */
export type Skill = Branded<string, "Skill">;
/** A name of a network: letters, digits, `-`, `_` and `.`, at most 64. */
export type Network = Branded<string, "Network">;

const HEX64 = /^[0-9a-f]{64}$/;
const PEER = /^[1-9A-HJ-NP-Za-km-z]{32,64}$/;
const SKILL = /^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)*@[1-9][0-9]{0,3}$/;
const NETWORK = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export function parsePeerId(text: string): PeerId | undefined {
  return PEER.test(text) ? (text as PeerId) : undefined;
}
export function parseTaskId(text: string): TaskId | undefined {
  return HEX64.test(text) ? (text as TaskId) : undefined;
}
export function parseDigest(text: string): Digest | undefined {
  return HEX64.test(text) ? (text as Digest) : undefined;
}
export function parseSkill(text: string): Skill | undefined {
  return text.length <= 96 && SKILL.test(text) ? (text as Skill) : undefined;
}
export function parseNetwork(text: string): Network | undefined {
  return NETWORK.test(text) ? (text as Network) : undefined;
}
/** The task that a signed task document names: its digest, seen as an id. */
export function taskIdOf(digest: Digest): TaskId {
  return digest as string as TaskId;
}

/** 32-bit FNV-1a over UTF-16 code units: spreading, never security. */
export function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** Which announcement topic a skill is called on (clause AUCTION-1). */
export function shardOf(skill: Skill): number {
  return spread(skill) % LIMITS.shards;
}

/** Code-unit order: the same on every machine, unlike `localeCompare`. */
export function byText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

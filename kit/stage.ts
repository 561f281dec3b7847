/**
 * Where scripts are played: a stage sets up the peer under test with actors around it, lets time pass, and says what the actors
 * heard. In virtual time, over libp2p, in front of a stranger: the player sees no difference.
 */
import type { Pace } from "./durations.ts";
import type { Actor, Json, Need, Protocol, Wired } from "./script.ts";

/** Something that the peer under test said. */
export interface Heard {
  readonly to: Actor;
  /** On the stage's clock. */
  readonly at_ms: number;
  readonly what:
    | { readonly type: "message"; readonly message: Json }
    /** `on`: the topic, by its shard. */
    | { readonly type: "document"; readonly signer: string; readonly on: number | "all"; readonly document: Json }
    | { readonly type: "nonsense"; readonly detail: string };
}

/** An envelope that is not as it should be; absent parts are right. */
export interface Oddity {
  /** Signed for another domain than `moot`. */
  readonly domain?: string;
  readonly type?: string;
  /** One bit of it is turned. */
  readonly spoil?: "signature" | "payload" | "type" | "key";
  /** `doubled` fields, `swapped` payload and type, an `unknown` field, a `long` varint, `cut` short, bytes behind (`tail`). */
  readonly form?: "doubled" | "swapped" | "unknown" | "long" | "cut" | "tail";
}

export interface Opened {
  readonly signer: string;
  /** SHA-256 of the payload as it was signed, in hex. */
  readonly digest: string;
  readonly document: Json;
}

export type UserAnswer =
  | { readonly ok: true; readonly task?: string; readonly blob?: string }
  | { readonly ok: false; readonly why: string };

/** A blob as an actor gives it out, right or wrong. */
export interface Served {
  readonly blob: string;
  readonly bytes: number;
  readonly list: Bytes;
  readonly contents: Bytes;
  /** It takes requests, and does not answer. */
  readonly mute: boolean;
}

/** What came on a stream of blobs. */
export interface BlobReply {
  /** Undefined: nothing that can be read. */
  readonly head: Json | undefined;
  readonly contents: Bytes;
}

/** One script's own surroundings. */
export interface Scene {
  /** Peer ids. */
  readonly self: string;
  idOf(actor: Actor): string;
  /** What was heard, oldest first; it grows. */
  readonly heard: readonly Heard[];
  now_ms(): number;
  /** Unix milliseconds, on the calendar of all. */
  wall_ms(): number;
  /** Resolves when something was heard, or at that time. */
  pass(until_ms: number): Promise<void>;
  /** An envelope in base64 around this payload: of an actor, or of a stranger with a name of its own. */
  seal(signer: string, payload: string, oddity?: Oddity): string;
  /** Of any network; undefined for what is no envelope with a good signature. */
  open(seal: string): Opened | undefined;
  /** One byte for each character, U+0000 to U+00FF. Throws RangeError at another: a mistake in a script. */
  bytes(text: string): Bytes;
  /** In hex. */
  sha256(text: string | Bytes): string;
  /** One frame on the actor's stream. What cannot be delivered is lost. */
  send(actor: Actor, protocol: Protocol, frame: string | Bytes): void;
  /** The same on a stream of its own, because the peer may reset it. */
  throwIn(actor: Actor, protocol: Protocol, frame: string | Bytes): void;
  /** Bytes as they are on a stream of its own that nobody reads. Whether the peer under test resets it before that time. */
  raw(actor: Actor, protocol: Wired, bytes: Bytes, until_ms: number): Promise<boolean>;
  /** A frame on `/moot/admit/1`, and the answer; undefined when there is none before that time. */
  admit(actor: Actor, frame: string | Bytes, until_ms: number): Promise<Json | undefined>;
  /** From now on the actor lets nobody in. */
  bar(actor: Actor): void;
  serve(actor: Actor, what: Served): void;
  /** A request of a stream of blobs, and its answer with so many bytes behind the head. */
  ask(actor: Actor, request: Json, about: { readonly bytes: number; readonly until_ms: number }): Promise<BlobReply>;
  publish(actor: Actor, shard: number | "all", data: Bytes): void;
  leave(actor: Actor): Promise<void>;
  join(actor: Actor): Promise<void>;
  connected(actor: Actor): boolean;
  /** Puts a record (a key as text, a value in base64) at the DHT server under test, and asks for it. Whether it is given back. */
  record(actor: Actor, key: string, value: Bytes): Promise<boolean>;
  /** Each gives what tells the answer, undefined while there is none. */
  submit(request: Json): () => UserAnswer | undefined;
  cancel(task: string): () => UserAnswer | undefined;
  put(contents: Bytes): () => UserAnswer | undefined;
  fetch(ref: Json): () => UserAnswer | undefined;
  /** `empty`: with nothing but its key; only where there is no lack of `wipe`. */
  restart(empty: boolean): Promise<void>;
  drain(): Promise<void>;
  close(): Promise<void>;
}

export interface Bytes {
  readonly base64: string;
}

export interface Stage {
  readonly name: string;
  readonly network: string;
  readonly pace: Pace;
  /** The machine's own speed shows. */
  readonly realTime: boolean;
  /** Why a script with this need cannot be played here; undefined: it can. */
  lacks(need: Need): string | undefined;
  /** `rooted`: in a network that names the kit's root. Rejects with Error when the peer under test cannot be reached. */
  open(cast: readonly Actor[], seed: number, rooted?: boolean): Promise<Scene>;
  close(): Promise<void>;
}

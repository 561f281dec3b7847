/**
 * The language of conformance scripts: what the actors around the peer under test do, and what they must then see. A script is
 * data. Times are durations of the protocol (`durations.ts`), values are templates (`template.ts`), and everything that a script
 * asks for can be done from outside, over the wire, but what it declares in `needs`.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The actors that the kit plays. The peer under test is `P` wherever a peer is named. */
export const ACTORS = ["A", "B", "C", "D", "E"] as const;
export type Actor = (typeof ACTORS)[number];
export type Someone = Actor | "P";
/** Who signs grants; any other name is a stranger's. */
export type Signer = Actor | "root" | "somebody else";

/** What the peer under test is in a script: strangers may choose to be only some of it. */
export const ROLES = [
  "wire",
  "directory",
  "bidder",
  "contractor",
  "custodian",
  "conductor",
  "initiator",
  "holder",
] as const;
export type Role = (typeof ROLES)[number];

/**
 * What a script needs besides messages. `work`: an agent with the skill `conformance.work@1` does as its input says; `narrow`:
 * another with `conformance.narrow@1` and one place; `submit`, `cancel`, `restart`, `drain`: somebody who does that at the peer;
 * `topics`, `dht`: that it speaks gossipsub, or serves the DHT, which it may leave out; `unbroken`: that those around it are connected from the first moment
 * after its restart; `wipe`: who takes its disk away; `patience`: hours; `libp2p`: a layer below messages, which virtual time does
 * not have; `roots`: that it was started in a network that names the kit's root, with a certificate of the kit's (`grants.ts`);
 * `blobs`: that it speaks `/moot/blob/1`; `put`, `fetch`: somebody who gives it a blob, or has it fetch one; `sub-tasks`: that the agent
 * of `work` submits what its input says.
 */
export const NEEDS = [
  "work",
  "narrow",
  "topics",
  "dht",
  "submit",
  "cancel",
  "restart",
  "drain",
  "unbroken",
  "wipe",
  "patience",
  "libp2p",
  "roots",
  "blobs",
  "put",
  "fetch",
  "sub-tasks",
] as const;
export type Need = (typeof NEEDS)[number];

/** A sum of durations of the protocol, such as `hold_ms`, `2 lease_ms_min + retry_ms`, `lease_ms_min / 3`; see `durations.ts`. */
export type Duration = string;

/** JSON with references (`$t.id`) and makers (`{ "$ms": "hold_ms" }`); see `template.ts`. */
export type Template = Json;
/** JSON that a value must contain, with tests (`{ "$absent": true }`); see `pattern.ts`. */
export type Pattern = Json;

/** A signed task: its parts are `$name.id`, `.document`, `.seal`, `.input`, `.left_ms`. */
export interface TaskStep {
  readonly task: string;
  readonly by: Actor;
  readonly custodians: readonly Someone[];
  /** Absent: `conformance.work@1`. */
  readonly skill?: Template;
  /** What the work is; absent: answer at once. */
  readonly input?: Template;
  readonly lease?: Duration;
  readonly deadline?: Duration;
  /** Of the calendar, from now; negative: past. */
  readonly issued?: Duration;
  /** Fields that take the place of these. */
  readonly with?: Template;
}

/** A signed award: `$name.seal`, `.document`, `.ballot`, `.digest`. */
export interface AwardStep {
  readonly award: string;
  readonly of: string;
  readonly by: Actor;
  readonly ballot: readonly [round: number, custodian: number];
  readonly to: Someone | null;
  readonly with?: Template;
}

/** A signed outcome made under an award: `$name.seal`, `.digest`, `.value` (what `accept` carries). */
export interface OutcomeStep {
  readonly outcome: string;
  readonly under: string;
  readonly by: Actor;
  readonly with?: Template;
}

/** A signed card: `$name.seal`, `.document`. Says what the actor can do; `cards` messages carry it. */
export interface CardStep {
  readonly card: string;
  readonly by: Actor;
  /** Absent: no agent. */
  readonly skill?: Template;
  readonly cost?: number;
  readonly seq?: number;
  readonly with?: Template;
}

/** A grant: `$name.chain` down from the root's (a list of seals), `.seal`, `.digest`, `.document`. */
export interface GrantStep {
  readonly grant: string;
  /** `root`: whom the network names. */
  readonly by: Signer;
  readonly to: Someone;
  /** Absent: `member`. */
  readonly can?: readonly Template[];
  readonly limits?: Template;
  /** The grant that it passes a part of on. */
  readonly under?: string;
  /** From now; absent: from now on, for a quarter of `delegated_ms_max`, or as long as the one above it. */
  readonly from?: Duration;
  readonly until?: Duration;
  readonly with?: Template;
}

/** A revocation of these grants: `$name.seal`, `.digest`, `.document`. */
export interface RevocationStep {
  readonly revocation: string;
  readonly by: Signer;
  readonly of: readonly string[];
  /** The grant whose chain shows that the signer may. */
  readonly proof?: string;
  readonly with?: Template;
}

/** A blob of a text: `$name.id`, `.bytes`, `.list` and `.contents` (bytes), `.ref` (what stands for it in a body). */
export interface BlobStep {
  readonly blob: string;
  readonly text: Template;
}

export type Step =
  | TaskStep
  | AwardStep
  | OutcomeStep
  | CardStep
  | GrantStep
  | RevocationStep
  | BlobStep
  /** A value under a name, to be used again. */
  | { readonly let: string; readonly be: Template }
  /** A message to the peer under test, on the stream of its protocol. */
  | { readonly say: Actor; readonly message: Template; readonly times?: number }
  /** A frame as it is: text, or bytes as `{ "$base64": … }`. */
  | { readonly frame: Actor; readonly protocol: Protocol; readonly bytes: Template }
  /**
   * Bytes as they are on a stream of its own, without a length before them. Whether the peer under test resets it, though nobody
   * reads from it.
   */
  | {
      readonly stream: Actor;
      readonly protocol: Wired;
      readonly bytes: Template;
      readonly reset: boolean;
      readonly within?: Duration;
    }
  /** The actor shows a chain on `/moot/admit/1`, or sends whatever the frame is. What it must be told; null: nothing that can be read. */
  | { readonly admit: Actor; readonly chain?: Template; readonly bytes?: Template; readonly answer: Pattern }
  /** From now on it lets nobody in. */
  | { readonly bar: Actor }
  /** It answers requests for that blob from now on, with this list and these contents, right or wrong, or says nothing (`mute`). */
  | { readonly serve: Actor; readonly blob: Template; readonly with?: Template; readonly mute?: true }
  /** A request on a stream of `/moot/blob/1` of its own: the head of the answer, and the bytes that follow. */
  | { readonly ask: Actor; readonly request: Template; readonly answer: Pattern; readonly contents?: Template }
  /** A document in an envelope of the actor, or an envelope (or any bytes) in base64, on the topic of a shard, or of `all`. */
  | { readonly publish: Actor; readonly on: Template; readonly document?: Template; readonly bytes?: Template }
  /** Such a message from the peer under test, of those not heard yet; the name stands for it then. */
  | { readonly hear: Actor; readonly message: Pattern; readonly within?: Duration; readonly as?: string }
  /** Such a document of the peer under test, on the topic of that shard; absent: on any. */
  | {
      readonly overhear: Actor;
      readonly document: Pattern;
      readonly on?: Template;
      readonly within?: Duration;
      readonly as?: string;
    }
  /** No such message to this actor, or anybody, for so long; nor among what is there already. */
  | {
      readonly quiet: Actor | "all";
      readonly message?: Pattern;
      readonly document?: Pattern;
      /** What is no message at all, and what came where nothing may come. */
      readonly nonsense?: true;
      /** So many are none too many. */
      readonly most?: number;
      readonly for?: Duration;
    }
  /** What was heard before, and in a moment from now, does not count. */
  | { readonly forget: true }
  | { readonly wait: Duration }
  /** The actor hangs up, or is back. */
  | { readonly leave: Actor }
  | { readonly join: Actor }
  /** The peer under test hangs up on the actor. */
  | { readonly cut: Actor; readonly within?: Duration }
  /** A record for the peer's DHT server: put, and whether it is given back then. */
  | { readonly record: Actor; readonly key: Template; readonly value: Template; readonly kept: boolean }
  /** What its user asks of the peer under test, under a name. Nobody waits for the answer. */
  | { readonly user: "submit"; readonly request: Template; readonly as: string }
  | { readonly user: "cancel"; readonly task: Template; readonly as: string }
  | { readonly user: "put"; readonly contents: Template; readonly as: string }
  | { readonly user: "fetch"; readonly ref: Template; readonly as: string }
  /** The answer to that: what was asked is done (`$name.task`, `$name.blob`), or refused; or there is none for so long. */
  | { readonly answered: string; readonly ok: boolean; readonly within?: Duration }
  | { readonly unanswered: string; readonly for?: Duration }
  /** Killed without a word, and started again on what it had on disk, or with its key alone. */
  | { readonly restart: "P"; readonly empty?: true }
  | { readonly drain: "P" };

export type Protocol = "directory" | "auction" | "claim";
/** Those of messages, and the two that have frames of their own. */
export type Wired = Protocol | "admit" | "blob";

export interface Script {
  /** Unique; lower-case words with dashes. */
  readonly name: string;
  readonly role: Role;
  /** What fails when it fails. */
  readonly clauses: readonly string[];
  /** In a sentence, what a peer must do to pass. */
  readonly about: string;
  readonly needs?: readonly Need[];
  /** Takes something that scripts cannot share (the narrow agent, the choice of custodians): not beside others. */
  readonly alone?: boolean;
  /** Half a minute of real time or more: begun before others. */
  readonly long?: boolean;
  /** Played once with each as `$case`, which is filled in where it is used, on a network of its own. */
  readonly cases?: { readonly [name: string]: Template };
  readonly steps: readonly Step[];
}

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

/** What the peer under test is in a script: strangers may choose to be only some of it. */
export const ROLES = ["wire", "directory", "bidder", "contractor", "custodian", "conductor", "initiator"] as const;
export type Role = (typeof ROLES)[number];

/**
 * What a script needs besides messages. `work`: an agent with the skill `conformance.work@1` does as its input says; `narrow`:
 * another with `conformance.narrow@1` and one place; `submit`, `cancel`, `restart`, `drain`: somebody who does that at the peer;
 * `topics`, `dht`: that it speaks gossipsub, or serves the DHT, which it may leave out; `unbroken`: that those around it are connected from the first moment
 * after its restart; `wipe`: who takes its disk away; `patience`: hours; `libp2p`: a layer below messages, which virtual time does
 * not have.
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

export type Step =
  | TaskStep
  | AwardStep
  | OutcomeStep
  | CardStep
  /** A value under a name, to be used again. */
  | { readonly let: string; readonly be: Template }
  /** A message to the peer under test, on the stream of its protocol. */
  | { readonly say: Actor; readonly message: Template; readonly times?: number }
  /** A frame as it is: text, or bytes as `{ "$base64": … }`. */
  | { readonly frame: Actor; readonly protocol: Protocol; readonly bytes: Template }
  /** Bytes as they are on a stream of its own, without a length before them. Whether the peer under test resets it. */
  | { readonly stream: Actor; readonly protocol: Protocol; readonly bytes: Template; readonly reset: boolean }
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
  /** The answer to that: what was asked is done (`$name.task`), or refused; or there is none for so long. */
  | { readonly answered: string; readonly ok: boolean; readonly within?: Duration }
  | { readonly unanswered: string; readonly for?: Duration }
  /** Killed without a word, and started again on what it had on disk, or with its key alone. */
  | { readonly restart: "P"; readonly empty?: true }
  | { readonly drain: "P" };

export type Protocol = "directory" | "auction" | "claim";

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
  /** Played once with each as `$case`, which is filled in where it is used, on a network of its own. */
  readonly cases?: { readonly [name: string]: Template };
  readonly steps: readonly Step[];
}

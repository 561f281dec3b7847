/**
 * The contract between a peer and whatever drives it: libp2p in `node/`, a modelled world in `sim/`.
 *
 * The driver promises: one event at a time; `now` never decreases; effects are performed in the order given, and nothing
 * after a `keep` before it is durable; `from` and `signer` are verified identities; every `run` is answered by exactly one
 * `ran`, also when it was stopped; every `submit` and `cancel` gets exactly one `answer`. A message may be lost, repeated, late or
 * out of order. An alarm rings at or after its time.
 *
 * The peer promises: it never throws because of anything a peer sent; it asks for one alarm at a time (the last `wake` counts);
 * it never uses a ballot twice; it holds bounded state.
 */
import type { Lineage, Reach, Reason, ToolTrace } from "../claim/documents.ts";
import type { AgentCard, CardDocument } from "../directory/wire.ts";
import type { Digest, Instant, Network, PeerId, Seal, Signed, Skill, TaskId } from "../kernel/mod.ts";
import type { DigestOf } from "../kernel/wire.ts";
import type { PermissionOptions } from "../permissions/mod.ts";
import type { Fact } from "./facts.ts";
import type { Kept, Message, TopicDocument } from "./wire.ts";

export interface PeerOptions {
  readonly self: PeerId;
  readonly network: Network;
  readonly version: string;
  /** Seeds every choice that chance makes. */
  readonly seed: number;
  readonly seal: Seal;
  /** SHA-256, for the contracts of others' skills; absent: they are taken as they come. */
  readonly digestOf?: DigestOf | undefined;
  readonly durable: boolean;
  readonly addrs: readonly string[];
  readonly agents: readonly AgentCard[];
  /** As in the event `agents`. */
  readonly resting?: readonly string[] | undefined;
  /** Cards of others that it holds at most; absent: `LIMITS.cards_max`. */
  readonly cards_max?: number | undefined;
  /** Whom the network lets in, and what for; absent: everybody may do everything. */
  readonly permissions?: PermissionOptions | undefined;
}

/** What a user asks for; the driver has checked the input against its size and parsed it as JSON. */
export interface Request {
  readonly skill: Skill;
  /** JSON text, with its SHA-256 and size in bytes. */
  readonly input: string;
  readonly input_digest: Digest;
  readonly input_bytes: number;
  readonly nonce: string;
  readonly deadline_ms: number;
  readonly lease_ms: number;
  readonly attempts_max: number;
  readonly reach: Reach;
  readonly sealed: boolean;
  /** Only agents with this contract are to do it. */
  readonly contract?: Digest | undefined;
  /** Absent: 3 when at least 3 peers are known, else 1. */
  readonly custodians?: 1 | 3 | 5 | undefined;
  /** Of a sub-task: the run that submits it. */
  readonly lineage?: Lineage | undefined;
  readonly budget?: number | undefined;
  /** Tasks that may come of it; absent: `sub_tasks_default`, of a sub-task a part of what its run may still cause. */
  readonly sub_tasks?: number | undefined;
}

/** What a run leaves besides its end: for the outcome, or for the report of a failure. */
export interface RunAccount {
  readonly toolTrace?: ToolTrace | undefined;
  /** Why, where the cause lies elsewhere: failures of sub-tasks, oldest first. */
  readonly causes?: readonly string[] | undefined;
  readonly cost?: number | undefined;
  readonly record?: Digest | undefined;
}

/** How a handler ended. `output` is JSON text. */
export type RunResult = RunAccount & { readonly ms: number } & (
    | { readonly ok: true; readonly output: string }
    | { readonly ok: false; readonly reason: Reason; readonly message: string; readonly retryable: boolean }
  );

export type PeerEvent = Instant &
  (
    | { readonly type: "start"; readonly kept: readonly { readonly key: string; readonly record: Kept }[] }
    | { readonly type: "alarm" }
    | { readonly type: "message"; readonly from: PeerId; readonly message: Message }
    | { readonly type: "heard"; readonly signer: PeerId; readonly document: TopicDocument }
    | { readonly type: "connected"; readonly peer: PeerId }
    | { readonly type: "disconnected"; readonly peer: PeerId }
    /** A message could not be delivered now; a hint that saves waiting, never a proof of death. */
    | { readonly type: "unreachable"; readonly peer: PeerId }
    | { readonly type: "submit"; readonly ref: number; readonly request: Request }
    | { readonly type: "cancel"; readonly ref: number; readonly task: TaskId }
    | { readonly type: "progress"; readonly task: TaskId; readonly done_permille: number; readonly note: string }
    /** A partial result, as JSON text of at most `partial_bytes`. */
    | { readonly type: "partial"; readonly task: TaskId; readonly fence: number; readonly value: string }
    | { readonly type: "ran"; readonly task: TaskId; readonly fence: number; readonly result: RunResult }
    /**
     * These agents are here from now on, and no others: on the card and in bids. What they work on goes on. Those that are `resting`, by
     * name, cannot serve just now: they are on no card and begin nothing. The driver also takes all of their places (`stuck`), so that who
     * calls hears `overloaded`, and gets a bid when they can again.
     */
    | { readonly type: "agents"; readonly agents: readonly AgentCard[]; readonly resting?: readonly string[] }
    /** So many places of the agent are not to be given away: handlers that would not stop have them, or it takes no work for a while. */
    | { readonly type: "stuck"; readonly agent: string; readonly places: number }
    /** Peers that the DHT names as providers of the skill. */
    | { readonly type: "found"; readonly skill: Skill; readonly peers: readonly PeerId[] }
    | { readonly type: "card"; readonly card: Signed<CardDocument> }
    | { readonly type: "addresses"; readonly addrs: readonly string[] }
    /** A connected peer showed this chain of grants, and was let in. */
    | { readonly type: "presented"; readonly peer: PeerId; readonly chain: readonly string[] }
    /** Its own chain was renewed. */
    | { readonly type: "granted"; readonly chain: readonly string[] }
    /** No new work; a card without agents tells the others. */
    | { readonly type: "drain" }
  );

export type Effect =
  | { readonly type: "keep"; readonly key: string; readonly record: Kept | null }
  | { readonly type: "send"; readonly to: PeerId; readonly message: Message }
  /** Sign and publish on the topic of this shard, or on the topic everybody reads. */
  | { readonly type: "publish"; readonly shard: number | "all"; readonly document: TopicDocument }
  | {
      readonly type: "run";
      readonly task: TaskId;
      readonly agent: string;
      readonly skill: Skill;
      readonly input: string;
      readonly fence: number;
      readonly left_ms: number;
      /** Of the task, for the sub-tasks of this run. */
      readonly lineage?: Lineage | undefined;
      readonly budget?: number | undefined;
    }
  | { readonly type: "stop"; readonly task: TaskId; readonly fence: number }
  | { readonly type: "answer"; readonly ref: number; readonly answer: Answer }
  /** A peer broke a clause: score it, log it. */
  | { readonly type: "refuse"; readonly from: PeerId; readonly clause: string; readonly detail: string }
  /** Advertise the card in the DHT, under its own key and under these skills. */
  | { readonly type: "advertise"; readonly card: Signed<CardDocument>; readonly skills: readonly Skill[] }
  | { readonly type: "look-up"; readonly skill: Skill }
  /** Fetch the card of a peer known by name only. */
  | { readonly type: "fetch-card"; readonly peer: PeerId }
  /** A card was learned: its addresses may be dialled. */
  | { readonly type: "learned"; readonly card: Signed<CardDocument> }
  /** Another network: hang up. */
  | { readonly type: "hang-up"; readonly peer: PeerId }
  | { readonly type: "note"; readonly fact: Fact }
  | { readonly type: "wake"; readonly at: number };

export type Answer =
  | { readonly ok: true; readonly task: TaskId }
  | {
      readonly ok: false;
      readonly task?: TaskId;
      readonly reason:
        | "not-stored"
        | "unknown-task"
        | "overloaded"
        | "draining"
        | "too-few-peers"
        | "already-decided"
        | "used-up"
        | "denied";
      readonly message: string;
    };

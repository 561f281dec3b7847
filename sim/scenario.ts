/**
 * A scenario: everything a simulated run is made of, as data. What is drawn by chance is drawn from its seed; what is planned
 * stands in `plan`. The same scenario runs on the modelled network and on real libp2p nodes (tier `libp2p`), so it names nothing
 * that only one of them has. Times are virtual milliseconds from the start of the trouble (after the peers have met), unless
 * said otherwise. Shares are thousandths.
 */
import type { Message, Reach } from "../protocols/mod.ts";
import type { Faults } from "./faults.ts";

/** An even draw between two numbers, both included; a single number is that number. */
export type Span = number | readonly [number, number];

export interface PeerGroup {
  readonly name: string;
  readonly count: number;
  /** None: peers that only ask and keep. */
  readonly skills: readonly string[];
  readonly concurrency: Span;
  /** What their agents ask and claim. */
  readonly cost: Span;
  readonly expected_ms: Span;
  /** How long the work really takes; absent: as long as was claimed. */
  readonly work_ms?: Span;
  /** Calls of tools within one execution, evenly spread over its time. */
  readonly tool_calls: number;
  /** Executions that fail for good, fail and ask for a retry, never end, never end and do not even stop when told. */
  readonly fail_permille: number;
  readonly retry_permille: number;
  readonly stall_permille: number;
  readonly deaf_permille: number;
  /** Agrees to work and is never heard of again: no renewals, no results, for this share of executions. */
  readonly silent_permille: number;
  /** Peers of the group that lie about results, costs and failures. */
  readonly liars: number;
  readonly durable: boolean;
  /** Come up, and go for good, this late; absent: from the beginning, to the end. */
  readonly joins_ms?: Span;
  readonly leaves_ms?: Span;
  /** Each event of the peer takes this long: an overloaded machine. */
  readonly slow_us: number;
  /** Region of the network model; absent: round robin. */
  readonly region?: number;
}

export interface TaskGroup {
  readonly name?: string;
  readonly skill: string;
  readonly count: number;
  /** The first one, and the pause between one and the next. */
  readonly at_ms: number;
  readonly every_ms: Span;
  /** Which peers ask, by group name; absent: all that are up. `peer`: this one. */
  readonly from?: string;
  readonly peer?: number;
  readonly reach: Reach;
  readonly sealed: boolean;
  readonly custodians?: 1 | 3 | 5;
  readonly deadline_ms: Span;
  readonly lease_ms: Span;
  readonly attempts_max: Span;
  /** Cancelled after a draw from the span, this share of them. */
  readonly cancel_permille: number;
  readonly cancel_ms: Span;
  /** Bytes of JSON text. */
  readonly input_bytes: number;
}

export interface NetworkModel {
  /** One-way delays within a region. */
  readonly delay_ms: Span;
  /** One-way delays between regions: row from, column to. Absent: one region. */
  readonly regions?: readonly (readonly number[])[];
  /** This share of messages takes longer, up to this factor, heavy-tailed (Pareto, shape 1.5). */
  readonly tail_permille: number;
  readonly tail_factor: number;
  /** Of each peer's uplink; 0: without bound. */
  readonly bandwidth_kbps: number;
  /** `full`: everybody is connected to everybody, gossip goes straight to all. `mesh`: a degree keeper's graph and gossipsub's mesh. */
  readonly topology: "full" | "mesh";
  /** Connections that the degree keeper aims at. */
  readonly degree: number;
  /** Cards that each peer knows at the beginning; absent: peers meet as they would, until all know all. */
  readonly warm_cards?: number;
  /** Cards that each peer holds at most; absent: the protocol's limit. */
  readonly cards_max?: number;
  /** From asking a disk to having it. */
  readonly sync_us: number;
  /** Each monotonic clock gains or loses up to this much. */
  readonly drift_ppm: number;
}

/** One planned fault. `peers`: indices. */
export type PlannedFault = { readonly at_ms: number } & (
  | { readonly type: "crash"; readonly peer: number; readonly down_ms: number; readonly after_effects?: number }
  /** Before or after the peer says this kind of message for the nth time (from 0) since the trouble began. */
  | {
      readonly type: "crash-at";
      readonly peer: number;
      readonly kind: Message["type"];
      readonly nth: number;
      readonly when: "before" | "after";
      readonly down_ms: number;
    }
  | { readonly type: "pause"; readonly peer: number; readonly for_ms: number }
  | { readonly type: "slow"; readonly peer: number; readonly for_ms: number; readonly event_us: number }
  | { readonly type: "split"; readonly group: readonly number[]; readonly for_ms: number; readonly bridge?: number }
  | { readonly type: "one-way"; readonly from: number; readonly to: number; readonly for_ms: number }
  | { readonly type: "ring"; readonly for_ms: number }
  | { readonly type: "burst"; readonly loss_permille: number; readonly for_ms: number }
  | { readonly type: "clock-jump"; readonly peer: number; readonly by_ms: number }
  | { readonly type: "drain"; readonly peer: number }
  /** The message with this name (kind:task:ballot:from:to:nth) is lost, or comes twice, or later. */
  | {
      readonly type: "message";
      readonly name: string;
      readonly fate: "lost" | "twice" | "late";
      readonly late_ms?: number;
    }
);

export interface Scenario {
  readonly name: string;
  readonly seed: number;
  readonly peers: readonly PeerGroup[];
  readonly tasks: readonly TaskGroup[];
  readonly network: NetworkModel;
  /** Rates, drawn upon all through the trouble. */
  readonly faults: Faults;
  readonly plan: readonly PlannedFault[];
  /** Length of the trouble; then no more faults, and at most `settle_ms` for what is left. */
  readonly trouble_ms: number;
  readonly settle_ms: number;
  /** Peers that stay dead when the trouble is over. */
  readonly dead: readonly number[];
}

export const PEERS: PeerGroup = {
  name: "peers",
  count: 10,
  skills: ["text.count@1"],
  concurrency: 2,
  cost: 1,
  expected_ms: 100,
  tool_calls: 0,
  fail_permille: 0,
  retry_permille: 0,
  stall_permille: 0,
  deaf_permille: 0,
  silent_permille: 0,
  liars: 0,
  durable: true,
  slow_us: 0,
};
export const TASKS: TaskGroup = {
  skill: "text.count@1",
  count: 10,
  at_ms: 0,
  every_ms: 100,
  reach: "auto",
  sealed: false,
  deadline_ms: 30_000,
  lease_ms: 9_000,
  attempts_max: 3,
  cancel_permille: 0,
  cancel_ms: 1_000,
  input_bytes: 64,
};
export const LAN: NetworkModel = {
  delay_ms: [1, 3],
  tail_permille: 0,
  tail_factor: 10,
  bandwidth_kbps: 0,
  topology: "full",
  degree: 8,
  sync_us: 0,
  drift_ppm: 0,
};

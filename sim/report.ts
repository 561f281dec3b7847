/** What a run says about itself: the shape of `moot sim --json` (fields are added, never renamed), and what a page shows. */
import type { Fact, PeerId, TaskId } from "../protocols/mod.ts";
import type { Breach } from "./checkers.ts";
import type { Run } from "./host.ts";
import type { Scenario } from "./scenario.ts";

export interface Distribution {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface SimReport {
  readonly scenario: string;
  readonly tier: "model" | "libp2p";
  readonly seed: number;
  readonly agents: number;
  readonly runs: number;
  readonly tasks: {
    readonly submitted: number;
    /** `submit` was answered with yes. */
    readonly acknowledged: number;
    readonly done: number;
    readonly failed: number;
    readonly cancelled: number;
    readonly expired: number;
    readonly undecided: number;
  };
  /** Breaches by promise: all zero is the claim. */
  readonly broken: Readonly<Record<string, number>>;
  readonly breaches: readonly Breach[];
  readonly messagesPerTask: Distribution;
  readonly bytesPerTask: Distribution;
  readonly bidsPerTask: Distribution;
  /** Deliveries of publications, duplicates among them counted too. */
  readonly deliveriesPerTask: Distribution;
  /** From submit to outcome, of tasks that were done. */
  readonly latencyMs: Distribution;
  /** Executions of a task beyond its first, and those of them that overlapped in time. */
  readonly duplicateExecutions: number;
  readonly overlappingExecutions: number;
  readonly toolCalls: number;
  /** Thousandths of the chosen bid's score against the best capable agent's, over all choices. */
  readonly choiceQuality: number;
  readonly coverage: Readonly<Record<string, number>>;
  readonly events: number;
  readonly eventsPerSecond: number;
  readonly virtualMs: number;
  readonly wallMs: number;
  readonly traceHash: string;
  readonly notes: readonly string[];
}

/** A run as a page needs it. Kept only when a page was asked for. */
export interface RunRecord {
  readonly scenario: Scenario;
  readonly report: SimReport;
  /** When the peers had met: tasks and faults count from here. */
  readonly met_ms: number;
  readonly peers: readonly {
    readonly index: number;
    readonly id: PeerId;
    readonly name: string;
    readonly agents: readonly string[];
  }[];
  readonly facts: readonly { readonly at: number; readonly node: number; readonly fact: Fact }[];
  readonly executions: readonly Run[];
  /** Stream messages of each task, in runs of any size. */
  readonly messages: ReadonlyMap<TaskId, number>;
  /** Faults as they struck. */
  readonly faults: readonly {
    readonly at: number;
    readonly until?: number;
    readonly what: string;
    readonly peers: readonly number[];
  }[];
  /** Who was connected with whom, once the peers had met, from when to when; open at its end while it lasts. */
  readonly links: readonly {
    readonly ends: readonly [number, number];
    readonly spells: readonly { readonly from: number; readonly until?: number }[];
  }[];
  /** Sampled each `every_ms`. */
  readonly series: {
    readonly every_ms: number;
    readonly open: readonly number[];
    readonly decided: readonly number[];
    readonly running: readonly number[];
    readonly messages: readonly number[];
    readonly up: readonly number[];
  };
  /** Sent messages by task and kind, in order, for small runs: what a sequence diagram is drawn from. */
  readonly said: readonly {
    readonly at: number;
    readonly from: number;
    readonly to: number;
    readonly kind: string;
    readonly task: TaskId | undefined;
  }[];
}

/**
 * What a running node offers to the program around it: the control API, the demo, tests and benches use this and nothing
 * deeper. `startNode` in `node/mod.ts` makes one. Every method that can fail rejects with a `Fault`.
 */
import type { Fact, KnownPeer, OutcomeDocument, PeerId, Reach, Skill, TaskId, TaskView } from "../protocols/mod.ts";
import type { Way } from "./driver/mod.ts";

export interface SubmitOptions {
  readonly skill: string;
  /** Any JSON value, at most 64 KiB as text. */
  readonly input: unknown;
  readonly deadline_ms?: number | undefined;
  readonly lease_ms?: number | undefined;
  readonly attempts_max?: number | undefined;
  readonly custodians?: 1 | 3 | 5 | undefined;
  readonly reach?: Reach | undefined;
  readonly sealed?: boolean | undefined;
}

/** DESIGN.md section 6, the shape of `submit --json`. */
export interface SubmitResult {
  readonly task: TaskId;
  readonly status: "done" | "failed" | "cancelled" | "expired";
  readonly result?: unknown;
  readonly failure?: OutcomeDocument["failure"];
  readonly contractor?: PeerId | undefined;
  readonly agent?: string | undefined;
  readonly ballot: { readonly round: number; readonly custodian: number };
  readonly attempts: number;
  /** Milliseconds since `submit` was called: first announcement, (last) award, outcome known here. */
  readonly timings: { readonly announcedMs: number | null; readonly awardedMs: number | null; readonly doneMs: number };
  /** Stream frames and publications of this task at this node. */
  readonly messages: { readonly sent: number; readonly received: number };
}

/** A fact as a node saw it. `at_ms` is the node's calendar time, `node` the observer. */
export type Observed = Fact & { readonly at_ms: number; readonly node: PeerId };

export interface Status {
  readonly peer: PeerId;
  readonly network: string;
  readonly version: string;
  readonly addrs: readonly string[];
  readonly uptimeMs: number;
  readonly state: "starting" | "ready" | "draining" | "stopped";
  /**
   * Connected to two peers of the network or to all that could be found, with every topic grafted; or alone because there is
   * nobody to join. At the latest 3 s after the first neighbour.
   */
  readonly meshReady: boolean;
  readonly connections: number;
  readonly agents: readonly {
    readonly name: string;
    readonly skills: readonly string[];
    readonly busy: number;
    readonly concurrency: number;
  }[];
  readonly tasks: { readonly open: number; readonly decided: number };
  readonly process: { readonly pid: number; readonly node: string; readonly rssBytes: number };
}

export interface Joining {
  readonly joined: boolean;
  readonly ways: readonly Way[];
}

export interface MootNode {
  readonly self: PeerId;
  status(): Status;
  /** Resolves when `meshReady`; rejects when the signal aborts. */
  ready(signal?: AbortSignal): Promise<void>;
  /**
   * Resolves when a majority of custodians has stored the task. In the first 5 s of its life a node waits for its mesh before it
   * chooses them, and for as many as were asked for.
   */
  submit(options: SubmitOptions): Promise<TaskId>;
  /** Waits for the outcome of a task that this node is a custodian of. */
  outcome(task: TaskId, signal?: AbortSignal): Promise<SubmitResult>;
  /** Resolves when the cancellation is accepted; the outcome follows (a result that was first wins). */
  cancel(task: TaskId): Promise<void>;
  peers(): readonly (KnownPeer & { readonly connected: boolean; readonly addrs: readonly string[] })[];
  /** Whether a member of the network is connected, and what came of every address to join. */
  joining(): Joining;
  tasks(): readonly TaskView[];
  task(id: TaskId): TaskView | undefined;
  facts(task: TaskId): readonly Observed[];
  /** Who would be asked, and in what order, without announcing anything. */
  candidates(skill: Skill): readonly {
    readonly peer: PeerId;
    readonly agent: string;
    readonly cost: number;
    readonly expected_ms: number;
    readonly load_permille: number;
  }[];
  watch(listener: (fact: Observed) => void): () => void;
  /** Frames and publications of a task at this node. */
  messages(task: TaskId): { readonly sent: number; readonly received: number };
  /** Takes no new work, lets running work end (at most `grace_ms`), tells the others, closes. */
  stop(options?: { readonly grace_ms?: number }): Promise<void>;
}

/**
 * What a running node offers to the program around it: the control API, the demo, tests and benches use this and nothing
 * deeper. `startNode` in `node/mod.ts` makes one. Every method that can fail rejects with a `Fault`.
 */
import type {
  Fact,
  KnownPeer,
  Lineage,
  OutcomeDocument,
  PeerId,
  Reach,
  Skill,
  TaskId,
  TaskView,
} from "../protocols/mod.ts";
import type { Blobs } from "./blobs/mod.ts";
import type { Way } from "./driver/mod.ts";
import type { Fault } from "./fault.ts";
import type { AgentSpec, AgentState } from "./handlers/mod.ts";
import type { Keys } from "./permissions/mod.ts";
import type { RecordRow } from "./records/mod.ts";
import type { ProcessVitals } from "./vitals.ts";

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
  /** What the task may cost: the bid that is taken, and what its run spends, sub-tasks included. Absent: no limit. */
  readonly budget?: number | undefined;
  /** How many tasks may come of it, at all depths. Absent: 1,024; of a sub-task a part of what its run may still cause. */
  readonly sub_tasks?: number | undefined;
  /** The digest of the contract that the agent must have; absent: any agent with the skill. */
  readonly contract?: string | undefined;
  /** Of a sub-task: the run that submits it. The node itself says so, no client. */
  readonly lineage?: Lineage | undefined;
}

export type DryRunOptions = Pick<SubmitOptions, "skill" | "custodians" | "budget" | "contract" | "deadline_ms"> & {
  readonly input?: unknown;
};

/** Whom a task would be announced to, if it were submitted now. */
export interface DryRun {
  readonly skill: Skill;
  /** Who would keep it, the first of them this node. */
  readonly custodians: readonly PeerId[];
  /** Why this node would not announce it at all; absent: it would. */
  readonly denied?: string;
  /** Those that would bid first. */
  readonly candidates: readonly DryRunBidder[];
}

export interface DryRunBidder {
  readonly peer: PeerId;
  readonly agent: string;
  readonly cost: number;
  readonly expected_ms: number;
  readonly load_permille: number;
  readonly contract?: string;
  readonly effects?: "none" | "read" | "write" | readonly string[];
  readonly idempotent?: boolean;
  /** Whether the input fits the schema on its card. */
  readonly fits: boolean;
  readonly bids: boolean;
  /** What this is read from: agents of this node as they stand now, others by their cards, which say nothing of the moment. */
  readonly by: "standing" | "card";
  /** Why it would not bid, or its bid would not be taken. */
  readonly why?: string;
}

/** What `submit --json` prints. */
export interface SubmitResult {
  readonly task: TaskId;
  readonly status: "done" | "failed" | "cancelled" | "expired";
  readonly result?: unknown;
  readonly failure?: OutcomeDocument["failure"];
  readonly contractor?: PeerId | undefined;
  readonly agent?: string | undefined;
  readonly ballot: { readonly round: number; readonly custodian: number };
  readonly attempts: number;
  /** The price of the contractor's bid, as far as this node heard it, and what its run spent. */
  readonly cost?: number;
  /** Milliseconds since `submit` was called: first announcement, (last) award, outcome known here. */
  readonly timings: { readonly announcedMs: number | null; readonly awardedMs: number | null; readonly doneMs: number };
  /** Stream frames and publications of this task at this node. */
  readonly messages: { readonly sent: number; readonly received: number };
}

/** `stopped` and `failed` are ends: told to end, or a machine broke its promise or the disk failed. */
export type NodeState = "starting" | "ready" | "draining" | "stopped" | "failed";

/** What became of this node itself. */
export interface NodeFact {
  readonly type: "node";
  readonly state: NodeState;
  /** In words; empty when there is nothing to say. */
  readonly why: string;
}

/** What became of an agent of this node: of the node itself, not of its machines. */
export interface AgentFact {
  readonly type: "agent";
  readonly agent: string;
  readonly state: AgentState;
  /** In words; empty when there is nothing to say. */
  readonly why: string;
}

/** Code of an agent of this node left an error that nothing caught. Of one agent some a minute are told. */
export interface StrayFact {
  readonly type: "stray";
  readonly agent: string;
  /** The task of the run that it belongs to; empty: of no run, but of the module itself. */
  readonly run: string;
  readonly message: string;
  readonly stack: string;
  /** The run was over: nothing was left to fail, so it counts for the agent. */
  readonly late: boolean;
}

/** A fact as a node saw it. `at_ms` is the node's calendar time, `node` the observer. */
export type Observed = (Fact | NodeFact | AgentFact | StrayFact) & { readonly at_ms: number; readonly node: PeerId };

export interface Status {
  readonly peer: PeerId;
  readonly network: string;
  readonly version: string;
  readonly addrs: readonly string[];
  readonly uptimeMs: number;
  readonly state: NodeState;
  /** Of the state, in words; empty when there is nothing to say. */
  readonly why: string;
  /** Since when it is in this state, in calendar time. */
  readonly stateSinceMs: number;
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
    readonly state: AgentState;
    /** Of the state, in words; empty when there is nothing to say. */
    readonly why: string;
    /** Since when, in calendar time. */
    readonly sinceMs: number;
  }[];
  readonly tasks: { readonly open: number; readonly decided: number };
  readonly process: ProcessVitals;
}

export interface Joining {
  readonly joined: boolean;
  readonly ways: readonly Way[];
}

/** Names of agents. */
export interface AgentsChange {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

export interface StartOptions {
  /** A machine broke its promise or the disk failed: the node has stopped itself. */
  readonly onFatal?: (error: unknown) => void;
  /** A peer broke a clause. */
  readonly onRefused?: (from: PeerId, clause: string, detail: string) => void;
  /** A record or the journal cannot be written. The node goes on without. */
  readonly onTrouble?: (fault: Fault) => void;
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
  /** Large data at this node. */
  readonly blobs: Blobs;
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
  /** What this node recorded of the task's runs here. */
  records(task: TaskId): readonly RecordRow[];
  /** What would come of `submit`, by the cards that are known. Announces nothing; an absent input fits every schema. */
  dryRun(options: DryRunOptions): DryRun;
  /** Who would be asked, and in what order, without announcing anything. */
  candidates(skill: Skill): readonly {
    readonly peer: PeerId;
    readonly agent: string;
    readonly cost: number;
    readonly expected_ms: number;
    readonly load_permille: number;
  }[];
  /**
   * From now on these agents. One that is as before stays as it is, and is tried again if it is failed; what a removed or changed one runs goes on to its end. Throws
   * Fault "config", having changed nothing, when their contracts do not fit on a card.
   */
  setAgents(agents: readonly AgentSpec[]): AgentsChange;
  watch(listener: (fact: Observed) => void): () => void;
  /** Roots, own grants, members and revocations. */
  keys(): Keys;
  /** Takes a signed revocation (an envelope in base64), keeps it and tells the others. */
  revoke(seal: string): Promise<void>;
  /** Frames and publications of a task at this node. */
  messages(task: TaskId): { readonly sent: number; readonly received: number };
  /** Takes no new work, lets running work end (at most `grace_ms`), tells the others, closes. */
  stop(options?: { readonly grace_ms?: number }): Promise<void>;
}

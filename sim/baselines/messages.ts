/**
 * What the two designs that the mesh is compared with say and keep. Machines are named by their numbers. `works` are what a
 * worker holds: executions under way and results that nobody has confirmed yet.
 */
import type { TaskId } from "../../protocols/mod.ts";

/** A task as its user wants it; times are of the one clock that all machines of these designs share. */
export interface Job {
  readonly task: TaskId;
  readonly label: string;
  readonly skill: string;
  readonly input: string;
  readonly due_ms: number;
  readonly lease_ms: number;
  readonly attempts_max: number;
}

/** One attempt; the fence grows with each. */
export interface Work {
  readonly task: TaskId;
  readonly fence: number;
}

/** What a worker, or a manager of workers, offers. */
export interface Offer {
  readonly skills: readonly string[];
  readonly concurrency: number;
  /** Price in milliseconds when idle, as the mesh scores a bid: the lowest is the best. */
  readonly score: number;
}

/** A line of the log. Offsets count from 1. */
export type Entry = {
  readonly offset: number;
  readonly task: TaskId;
} /** A task that is free to be claimed: a new one, or one whose claim has lapsed. */ & (
  | { readonly kind: "open"; readonly job: Job; readonly from: number; readonly fence: number }
  | { readonly kind: "claim"; readonly by: number; readonly fence: number }
  | { readonly kind: "end"; readonly ok: boolean }
);

export type BaselineMessage =
  /** Client and centre; repeated until it is answered. */
  | { readonly type: "submit"; readonly task: TaskId; readonly job: Job }
  | { readonly type: "accepted"; readonly task: TaskId }
  | { readonly type: "finished"; readonly task: TaskId; readonly ok: boolean }
  /** Worker and its boss: who it is and what it holds, at every boot, renewed contact, or change of its offer. */
  | {
      readonly type: "register";
      readonly boot: number;
      readonly offer: Offer;
      readonly works: readonly Work[];
      /** The last line that a reader of the log has. */
      readonly cursor: number;
    }
  | { readonly type: "welcome" }
  /** Sent by a boss that came back, to all that it knew. */
  | { readonly type: "hello" }
  /** A sign of life for each work. */
  | { readonly type: "running"; readonly works: readonly Work[] }
  | { readonly type: "result"; readonly task: TaskId; readonly fence: number; readonly ok: boolean }
  | { readonly type: "got"; readonly task: TaskId }
  | { readonly type: "stop"; readonly task: TaskId; readonly fence: number }
  /** Manager to worker. */
  | { readonly type: "assign"; readonly task: TaskId; readonly job: Job; readonly fence: number }
  | { readonly type: "busy"; readonly task: TaskId; readonly fence: number }
  /** Log and worker. `after`: the last line that went to this worker before; `crowd`: how many workers read. */
  | {
      readonly type: "entries";
      readonly after: number;
      readonly upto: number;
      readonly entries: readonly Entry[];
      readonly crowd: number;
    }
  | { readonly type: "poll"; readonly cursor: number }
  | { readonly type: "claim"; readonly task: TaskId }
  | { readonly type: "claimed"; readonly task: TaskId; readonly fence: number }
  | { readonly type: "taken"; readonly task: TaskId };

/** What survives a crash, by the key it was kept under. */
export type BaselineRecord =
  /** A client's wish that has no outcome yet. */
  | { readonly kind: "wish"; readonly job: Job }
  /** A manager's task. */
  | {
      readonly kind: "entrusted";
      readonly job: Job;
      readonly from: number;
      readonly fence: number;
      readonly worker: number | undefined;
      readonly ok: boolean | undefined;
    }
  /** A worker's attempt: under way (only a manager of others can go on with it), or with its result. */
  | { readonly kind: "work"; readonly work: Work; readonly ok: boolean | undefined }
  | { readonly kind: "line"; readonly entry: Entry };

/**
 * The contractor's vocabulary: its events, its effects, and the moves between its states. The theory is in `contractor.ts`; the
 * diagram in the README is drawn from the table at the end.
 */
import type { AuctionMessage } from "../auction/wire.ts";
import type { PeerId, Seal, Signed } from "../kernel/mod.ts";
import type { RunResult } from "../peer/contract.ts";
import type { TaskFact } from "../peer/facts.ts";
import type { AwardDocument, Lineage, TaskDocument } from "./documents.ts";
import type { ClaimMessage, RunRecord } from "./wire.ts";

export interface ContractorOptions {
  readonly self: PeerId;
  readonly seal: Seal;
  readonly document: Signed<TaskDocument>;
  readonly input: string;
  readonly agent: string;
  readonly left_ms: number;
  readonly now: number;
  readonly wall: number;
}

export type ContractorEvent = { readonly now: number } & (
  | { readonly type: "award"; readonly award: Signed<AwardDocument> }
  | { readonly type: "progress"; readonly done_permille: number; readonly note: string }
  | { readonly type: "partial"; readonly fence: number; readonly value: string }
  | { readonly type: "ran"; readonly fence: number; readonly result: RunResult }
  | { readonly type: "message"; readonly from: PeerId; readonly message: ClaimMessage }
  | { readonly type: "tick" }
);

export type ContractorEffect =
  | { readonly type: "keep"; readonly key: string; readonly record: RunRecord | null }
  | { readonly type: "send"; readonly to: PeerId; readonly message: ClaimMessage | AuctionMessage }
  | {
      readonly type: "run";
      readonly fence: number;
      readonly left_ms: number;
      readonly lineage?: Lineage;
      readonly budget?: number;
    }
  | { readonly type: "stop"; readonly fence: number }
  /** The handler has ended: its place is free. */
  | { readonly type: "release" }
  | { readonly type: "note"; readonly fact: TaskFact };

type StateName = "awarded" | "running" | "stopping" | "proposing" | "over";

/** Legal moves; the diagram in the README is drawn from this table. */
export const CONTRACTOR_MOVES = {
  awarded: ["running"],
  running: ["stopping", "proposing", "over"],
  stopping: ["over"],
  proposing: ["proposing", "over"],
  over: [],
} as const satisfies Record<StateName, readonly StateName[]>;

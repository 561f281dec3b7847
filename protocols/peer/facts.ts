/**
 * Facts: what a peer observed, for people (`watch`, `trace`, the demo), for journals and for checkers. A fact changes
 * nothing; losing one loses nothing but its line. Each names its task unless it is about the directory.
 */
import type { Bid } from "../auction/wire.ts";
import type { OutcomeDocument, Reason, RefusalReason, TaskDocument } from "../claim/documents.ts";
import type { Ballot, PeerId, Skill, TaskId } from "../kernel/mod.ts";

export type RejectedBid = {
  readonly bidder: PeerId;
  readonly agent: string;
  readonly score: number;
  /** Put behind all others: it failed this task before, or the last ones of the skill (AUCTION-20). */
  readonly avoided?: boolean;
};

export type TaskFact = { readonly task: TaskId } & (
  | {
      readonly type: "submitted";
      readonly skill: Skill;
      readonly custodians: readonly PeerId[];
      readonly reach: TaskDocument["reach"];
      readonly left_ms: number;
    }
  | { readonly type: "stored"; readonly by: readonly PeerId[] }
  /** An announcement went out: to these peers, or to the skill's topic. */
  | {
      readonly type: "called";
      readonly round: number;
      readonly reach: "directed" | "wide";
      readonly asked: readonly PeerId[];
      readonly eligible: number;
    }
  | { readonly type: "proposed"; readonly bidder: PeerId; readonly bid: Bid }
  | { readonly type: "refused"; readonly bidder: PeerId; readonly reason: RefusalReason; readonly round: number }
  /** Nobody acceptable answered; the next announcement follows after the pause. */
  | { readonly type: "unanswered"; readonly round: number; readonly pause_ms: number }
  /** The choice: scores are costs, lowest wins (clause AUCTION-9). */
  | {
      readonly type: "chosen";
      readonly ballot: Ballot;
      readonly winner: RejectedBid;
      readonly others: readonly RejectedBid[];
      readonly why: string;
    }
  | { readonly type: "awarded"; readonly ballot: Ballot; readonly contractor: PeerId; readonly reattached: boolean }
  | { readonly type: "agreed"; readonly ballot: Ballot; readonly contractor: PeerId }
  | {
      readonly type: "award-refused";
      readonly ballot: Ballot;
      readonly contractor: PeerId;
      readonly reason: RefusalReason;
    }
  | { readonly type: "progress"; readonly contractor: PeerId; readonly done_permille: number; readonly note: string }
  /** Partial results of the run with this fence, numbered from `seq`; a gap in the numbers is what was lost. */
  | {
      readonly type: "partial";
      readonly contractor: PeerId;
      readonly fence: number;
      readonly seq: number;
      readonly values: readonly unknown[];
    }
  /** A run of this task submitted another: seen by whoever keeps that one. */
  | { readonly type: "sub-task"; readonly child: TaskId; readonly skill: Skill; readonly fence: number }
  /** Such a task of this node's own, found open at a start: the run that it was for ended with the node, and it is cancelled. */
  | { readonly type: "sub-task-orphaned"; readonly child: TaskId; readonly skill: Skill; readonly fence: number }
  | {
      readonly type: "attempt-ended";
      readonly ballot: Ballot;
      readonly contractor: PeerId;
      readonly reason: Reason;
      readonly message: string;
    }
  | {
      readonly type: "prepared";
      readonly ballot: Ballot;
      readonly why: "take-over" | "re-award" | "cancel" | "expire" | "give-up" | "resume";
    }
  | { readonly type: "found"; readonly ballot: Ballot; readonly accepted: Ballot }
  | { readonly type: "standing-by"; readonly conductor: PeerId; readonly promised: Ballot }
  | { readonly type: "accepted"; readonly ballot: Ballot; readonly proposer: PeerId }
  | { readonly type: "decided"; readonly ballot: Ballot; readonly outcome: OutcomeDocument }
  | { readonly type: "equivocation"; readonly conductor: PeerId; readonly ballot: Ballot }
  /** The contractor's side. */
  | { readonly type: "running"; readonly ballot: Ballot; readonly agent: string; readonly skill: Skill }
  | {
      readonly type: "ran";
      readonly ballot: Ballot;
      readonly ok: boolean;
      readonly ms: number;
      readonly message: string;
    }
  | { readonly type: "stopped"; readonly ballot: Ballot; readonly reason: Reason }
);

export type DirectoryFact =
  | {
      readonly type: "met";
      readonly peer: PeerId;
      readonly agents: readonly string[];
      readonly skills: readonly Skill[];
    }
  | { readonly type: "left"; readonly peer: PeerId };

export type Fact = TaskFact | DirectoryFact;

/** Whether a message belongs to a task (and so counts among the task's messages). */
export function taskOf(message: { readonly type: string; readonly task?: TaskId }): TaskId | undefined {
  return message.task;
}

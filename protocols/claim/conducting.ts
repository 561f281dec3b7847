/**
 * The conductor's vocabulary: its events, its effects, the names of its states and the moves between them. The theory is in
 * `conductor.ts`; the diagram in the README is drawn from the table at the end.
 */
import type { Auction, AuctionEffect, AuctionEvent, RankedBid } from "../auction/mod.ts";
import { assert, type Ballot, type PeerId, type Random } from "../kernel/mod.ts";
import type { AcceptedValue } from "./acceptor.ts";
import type { Reason, RefusalReason } from "./documents.ts";

/** What a conductor says itself when no contractor will. */
export interface Verdict {
  readonly status: "failed" | "cancelled" | "expired";
  readonly reason: Reason;
  readonly message: string;
}

export const EXPIRED: Verdict = {
  status: "expired",
  reason: "deadline",
  message: "the deadline passed before there was a result",
};
export const CANCELLED: Verdict = { status: "cancelled", reason: "cancelled", message: "cancelled on request" };
export const NOT_STORED: Verdict = {
  status: "cancelled",
  reason: "not-stored",
  message: "no majority of custodians stored the task in time",
};
/** The account says what the last attempt died of. */
export const GAVE_UP: Verdict = { status: "failed", reason: "attempts", message: "gave up" };

export type Why = "take-over" | "re-award" | "cancel" | "expire" | "give-up" | "resume";

/** A contractor that may still be at work, from whoever heard it. */
export interface Live {
  readonly contractor: PeerId;
  readonly ballot: Ballot;
}

export interface ConductorOptions {
  readonly me: number;
  readonly custodians: number;
  readonly lease_ms: number;
  readonly due: number;
  readonly attempts_max: number;
  readonly random: Random;
  readonly promised: () => Ballot;
  /** Whether honest conductors can have come to this ballot by now. */
  readonly plausible: (ballot: Ballot, now: number) => boolean;
  readonly attempts: () => number;
  /** Whose attempt ended last. */
  readonly lastTried: () => PeerId | undefined;
  readonly auction: () => Auction;
}

export type ConductorEvent = { readonly now: number } & (
  | { readonly type: "begin" }
  /** After a restart; `awarded` is the award it had signed last. */
  | { readonly type: "resume"; readonly awarded: Live | undefined }
  | { readonly type: "stored"; readonly by: number }
  | { readonly type: "auction"; readonly event: AuctionEvent }
  | { readonly type: "agreed"; readonly ballot: Ballot }
  | { readonly type: "award-refused"; readonly ballot: Ballot; readonly from: PeerId; readonly reason: RefusalReason }
  | {
      readonly type: "renewed";
      readonly live: Live /** Its ballot is below the promised one. */;
      readonly behind: boolean;
    }
  | {
      readonly type: "attempt-failed";
      readonly live: Live;
      readonly reason: Reason;
      readonly message: string;
      readonly retryable: boolean;
    }
  | {
      readonly type: "promised";
      readonly ballot: Ballot;
      readonly by: number;
      readonly accepted: AcceptedValue | undefined;
      readonly live: Live | undefined;
    }
  | { readonly type: "outrun"; readonly ballot: Ballot }
  | { readonly type: "heard" }
  | { readonly type: "cancel" }
  | { readonly type: "unreachable"; readonly peer: PeerId }
  | { readonly type: "decided" }
  | { readonly type: "tick" }
);

export type ConductorEffect =
  | { readonly type: "store"; readonly missing: readonly number[] }
  | { readonly type: "acknowledge"; readonly stored: boolean }
  | { readonly type: "auction"; readonly effect: AuctionEffect }
  | {
      readonly type: "prepare";
      readonly ballot: Ballot;
      readonly why: Why;
      readonly missing: readonly number[];
      readonly again: boolean;
    }
  | {
      readonly type: "award";
      readonly ballot: Ballot;
      readonly contractor: PeerId;
      readonly round: number;
      readonly reattached: boolean;
      readonly ranking: readonly RankedBid[];
    }
  /** The award was not answered: say it again. */
  | { readonly type: "award-again" }
  | { readonly type: "dismiss"; readonly peers: readonly PeerId[]; readonly round: number }
  | { readonly type: "conclude"; readonly ballot: Ballot; readonly verdict: Verdict }
  | { readonly type: "finish"; readonly ballot: Ballot; readonly found: AcceptedValue }
  | { readonly type: "propose-again"; readonly ballot: Ballot }
  | { readonly type: "tend"; readonly ballot: Ballot }
  | { readonly type: "ask-to-cancel"; readonly conductor: number }
  | {
      readonly type: "ended";
      readonly contractor: PeerId;
      readonly ballot: Ballot;
      readonly reason: Reason;
      readonly message: string;
    };

/** What a prepared ballot is for. */
export type Purpose =
  | { readonly type: "work"; readonly why: Why; readonly next: readonly RankedBid[]; readonly live: Live | undefined }
  | { readonly type: "conclude"; readonly why: Why; readonly verdict: Verdict };

export interface Promised {
  readonly accepted: AcceptedValue | undefined;
  readonly live: Live | undefined;
}

export type StateName =
  | "storing"
  | "auctioning"
  | "awarding"
  | "running"
  | "preparing"
  | "deciding"
  | "standing-by"
  | "decided";

/** Legal moves; the diagram in the README is drawn from this table. */
export const CONDUCTOR_MOVES = {
  storing: ["auctioning", "deciding", "standing-by", "decided"],
  auctioning: ["awarding", "deciding", "standing-by", "decided"],
  awarding: ["running", "preparing", "standing-by", "decided"],
  running: ["preparing", "standing-by", "decided"],
  preparing: ["preparing", "auctioning", "awarding", "deciding", "standing-by", "decided"],
  deciding: ["standing-by", "decided"],
  "standing-by": ["storing", "standing-by", "preparing", "decided"],
  decided: [],
} as const satisfies Record<StateName, readonly StateName[]>;

export function assertMove(from: StateName, to: StateName): void {
  const legal: readonly string[] = CONDUCTOR_MOVES[from];
  assert(legal.includes(to), `a conductor moves from ${from} to ${to}`);
}

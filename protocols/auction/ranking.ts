/**
 * The choice among bids, and how long a bidder in a crowd waits: pure functions, the same on every machine. Scores are
 * milliseconds; the lowest is the best.
 */
import { byText, LIMITS, type PeerId, spread, type TaskId } from "../kernel/mod.ts";
import type { Bid } from "./wire.ts";

/** What a peer has seen of another's past work. */
export interface Receipts {
  readonly done: number;
  readonly failed: number;
}

export interface ReceivedBid {
  readonly bidder: PeerId;
  readonly bid: Bid;
  readonly receipts: Receipts;
  /** It has failed this very task before, or the last tasks of its skill in a row (AUCTION-20). */
  readonly failedHere: boolean;
}

export interface RankedBid extends ReceivedBid {
  readonly score: number;
}

/** One unit of cost weighs as much as a second of waiting. */
const COST_WEIGHT_MS = 1000;

/** Price of a bid in milliseconds: cost, expected time stretched by load, and up to three times that for a bad record. */
export function scoreOf(terms: Pick<Bid, "cost" | "expected_ms" | "load_permille">, receipts: Receipts): number {
  const price = terms.cost * COST_WEIGHT_MS + (terms.expected_ms * (1000 + terms.load_permille)) / 1000 + 1;
  const seen = receipts.done + receipts.failed;
  return (price * (seen + 2 * receipts.failed + 1)) / (seen + 1);
}

/** Best first. A peer that failed this task, or rests, comes after all others; ties fall by a hash of task and bidder. */
export function rank(task: TaskId, bids: readonly ReceivedBid[]): RankedBid[] {
  return bids
    .map((bid): RankedBid => ({ ...bid, score: scoreOf(bid.bid, bid.receipts) }))
    .sort(
      (left, right) =>
        Number(left.failedHere) - Number(right.failedHere) ||
        left.score - right.score ||
        spread(task + left.bidder) - spread(task + right.bidder) ||
        byText(left.bidder, right.bidder),
    );
}

/** The reason a reader gets for the choice. */
export function whyFirst(ranking: readonly RankedBid[]): string {
  const [first, second] = ranking;
  if (first === undefined) return "nobody bid";
  if (second === undefined) return "the only bid";
  if (first.failedHere !== second.failedHere)
    return "the others have failed this task before, or the last ones of its skill";
  if (first.score === second.score) return "a tie, broken by hash";
  const record = first.receipts.failed < second.receipts.failed ? ", with the better record" : "";
  return `the lowest score: ${Math.round(first.score)} against ${Math.round(second.score)}${record}`;
}

const MILLION = 1_000_000;

/** log2(1 + i/32) in 1/65536, i = 0 … 32: the only logarithm in `protocols/`, so that every machine waits alike. */
const LOG2 = [
  0, 2909, 5732, 8473, 11136, 13727, 16248, 18704, 21098, 23433, 25711, 27936, 30109, 32234, 34312, 36346, 38336, 40286,
  42196, 44068, 45904, 47705, 49472, 51207, 52911, 54584, 56229, 57845, 59434, 60997, 62534, 64047, 65536,
];

/** log2 of a positive integer below 2^31, in 1/65536. */
export function log2Fixed(value: number): number {
  const whole = 31 - Math.clz32(value);
  // The fraction in 1/1024, then linear between two entries of the table: off by less than 0.0002.
  const fraction = Math.floor((value - 2 ** whole) / 2 ** (whole - 10));
  const index = fraction >> 5;
  const low = LOG2[index] ?? 0;
  const high = LOG2[index + 1] ?? 65536;
  return whole * 65536 + low + (((high - low) * (fraction & 31)) >> 5);
}

/**
 * How long a bidder waits in a crowd of `eligible`: `window * max(0, 1 + ln(1-q)/ln(N))`, q the share of agents that it
 * beats, in millionths. The best speaks first; a crowd of N sends about one bid in the first instant.
 */
export function waitInCrowd(eligible: number, share_ppm: number, window_ms: number): number {
  if (eligible <= LIMITS.crowd) return 0;
  const rest = Math.max(1, MILLION - Math.min(MILLION, share_ppm));
  const share = log2Fixed(MILLION) - log2Fixed(rest);
  const whole = log2Fixed(eligible);
  return share >= whole ? 0 : Math.floor((window_ms * (whole - share)) / whole);
}

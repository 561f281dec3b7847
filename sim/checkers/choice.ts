/**
 * Whoever is chosen has bid, in time, in the round that was called, and of the bids received by then nobody's was better. Read
 * from what a conductor noted: calls, bids as they came in, the choice with its scores. The price of a bid is reckoned anew; how
 * much a bidder's record adds to it only the conductor knows, so that is held within its bounds. An award without a choice is for
 * whoever is at work already.
 */
import { type Ballot, type Fact, LIMITS, NEVER, type PeerId, sameBallot } from "../../protocols/mod.ts";
import type { Evidence, TaskEvidence } from "../evidence.ts";
import { type Breach, order, short, text } from "./breach.ts";

type FactOf<T> = Extract<Fact, { readonly type: T }>;
type Bid = FactOf<"proposed">["bid"];
type Ranked = FactOf<"chosen">["winner"];

/** A record makes a bid up to three times as dear, and never cheaper. */
const WORST_RECORD = 3;
const ROUNDING = 1e-9;
/** What clocks gain or lose in a window. */
const LATE_MS = 5;

/** `prompt`: whether a peer notes what it does when it does it; where a disk is slow, notes come later than what they tell. */
export function choices(evidence: Evidence, prompt: (node: number) => boolean = () => true): Breach[] {
  const setbacks = setbacksIn(evidence);
  return evidence.tasks().flatMap((seen) => {
    const desks = new Map<number, Desk>();
    const breaches: Breach[] = [];
    for (const { at, node, fact } of seen.facts) {
      const desk =
        desks.get(node) ??
        new Desk(seen, {
          crashedBefore: (until) => evidence.crashed(node, 0, until),
          // A conductor's alarm that rings late may bring its own bid and the end of the window at once.
          own: (bidder) => evidence.nodeOf(bidder) === node,
          late_ms: prompt(node) ? LATE_MS : NEVER,
          hasSlump: (bidder, until) =>
            (setbacks.get(`${node} ${bidder}`)?.[LIMITS.slump_failures - 1] ?? NEVER) <= until,
        });
      desks.set(node, desk);
      const wrong = desk.read(fact, at);
      if (wrong !== undefined) {
        const detail = `${short(seen.task)}: at peer ${node} after ${at} ms ${wrong}`;
        breaches.push({ promise: "choice", detail });
      }
    }
    return breaches;
  });
}

/** When attempts ended, in order, by the conductor that noted it and the contractor. */
function setbacksIn(evidence: Evidence): ReadonlyMap<string, readonly number[]> {
  const setbacks = new Map<string, number[]>();
  for (const { facts } of evidence.tasks()) {
    for (const { at, node, fact } of facts) {
      if (fact.type !== "attempt-ended") continue;
      const key = `${node} ${fact.contractor}`;
      const known = setbacks.get(key);
      if (known === undefined) setbacks.set(key, [at]);
      else known.push(at);
    }
  }
  for (const times of setbacks.values()) times.sort((left, right) => left - right);
  return setbacks;
}

interface Round {
  readonly round: number;
  readonly asked: ReadonlySet<PeerId> | "topic";
  readonly closes_at: number;
  readonly bids: Map<PeerId, { readonly bid: Bid; readonly at: number }>;
  /** Closed without a bid: the next one counts alone. */
  late: boolean;
}

interface DeskOptions {
  readonly crashedBefore: (at: number) => boolean;
  readonly own: (bidder: PeerId) => boolean;
  readonly late_ms: number;
  /** Whether this conductor has seen so many of its attempts end that it may rest (AUCTION-20). */
  readonly hasSlump: (bidder: PeerId, at: number) => boolean;
}

/** One conductor's auctions of one task. */
class Desk {
  readonly #seen: TaskEvidence;
  readonly #options: DeskOptions;
  readonly #failed = new Set<PeerId>();
  #round: Round | undefined;
  /** The rest of the last ranking, from which the next choice may come. */
  #standBys: readonly Ranked[] = [];
  #choice: { readonly ballot: Ballot; readonly winner: PeerId } | undefined;

  constructor(seen: TaskEvidence, options: DeskOptions) {
    this.#seen = seen;
    this.#options = options;
  }

  /** What is wrong with this step, if anything. */
  read(fact: Fact, at: number): string | undefined {
    switch (fact.type) {
      case "called":
        this.#call(fact, at);
        return undefined;
      case "proposed":
        this.#bid(fact, at);
        return undefined;
      case "unanswered":
        return this.#unanswered(fact.round);
      case "attempt-ended":
        this.#failed.add(fact.contractor);
        return undefined;
      case "chosen":
        return this.#chosen(fact, at);
      case "awarded":
        return this.#awarded(fact);
      default:
        return undefined;
    }
  }

  #call({ round, reach, asked }: FactOf<"called">, at: number): void {
    const window_ms = reach === "directed" ? LIMITS.directed_window_ms : LIMITS.wide_window_ms;
    const called = reach === "directed" ? new Set(asked) : "topic";
    this.#round = { round, asked: called, closes_at: at + window_ms, bids: new Map(), late: false };
    this.#standBys = [];
  }

  #bid({ bidder, bid }: FactOf<"proposed">, at: number): void {
    const open = this.#round;
    if (open === undefined || bid.round !== open.round || open.bids.has(bidder)) return;
    if (open.asked !== "topic" && !open.asked.has(bidder)) return;
    if (open.bids.size < LIMITS.bids_max) open.bids.set(bidder, { bid, at });
  }

  #unanswered(round: number): string | undefined {
    const open = this.#round;
    if (open?.round !== round) return `round ${round} ended, which was not called`;
    const heard = open.bids.size;
    open.late = true;
    return heard === 0 ? undefined : `round ${round} ended as if ${heard} bids had not come`;
  }

  #chosen({ ballot, winner, others }: FactOf<"chosen">, at: number): string | undefined {
    const ranking = [winner, ...others];
    const next = this.#standBys;
    const standBy =
      next.length > 0 && next.length === ranking.length && next.every((one, index) => same(one, ranking[index]));
    this.#standBys = others;
    this.#choice = { ballot, winner: winner.bidder };
    return standBy ? undefined : (this.#judged(ranking) ?? this.#disordered(ranking, at));
  }

  #judged(ranking: readonly Ranked[]): string | undefined {
    const open = this.#round;
    if (open === undefined) return "somebody was chosen whom nobody called";
    const got = `${open.bids.size} bids of round ${open.round} came`;
    if (ranking.length !== open.bids.size) return `${ranking.length} bids were ranked, but ${got}`;
    for (const { bidder, agent, score } of ranking) {
      const known = open.bids.get(bidder);
      if (known === undefined || known.bid.agent !== agent) return `${bidder} was ranked, but did not bid`;
      const late = known.at > open.closes_at + this.#options.late_ms && !open.late && !this.#options.own(bidder);
      if (late) return `${bidder} was ranked, whose bid came after the window`;
      const price = priceOf(known.bid);
      if (score < price * (1 - ROUNDING) || score > WORST_RECORD * price * (1 + ROUNDING))
        return `${bidder} was ranked at ${score}, but asked for ${price}`;
    }
    return undefined;
  }

  /** A crash may have swallowed the note of a failure that the conductor's disk remembers: then nothing can be said. */
  #disordered(ranking: readonly Ranked[], at: number): string | undefined {
    if (this.#options.crashedBefore(at)) return undefined;
    for (const { bidder, avoided = false } of ranking) {
      const failed = this.#failed.has(bidder);
      if (failed && !avoided) return `${bidder}, which failed this task, is not avoided`;
      if (avoided && !failed && !this.#options.hasSlump(bidder, at)) return `${bidder} is avoided, and failed nothing`;
    }
    for (const [index, right] of ranking.entries()) {
      const left = ranking[index - 1];
      if (left === undefined) continue;
      const { avoided = false } = left;
      if (avoided && right.avoided !== true) return `${left.bidder}, which is avoided, was put before ${right.bidder}`;
      if (avoided === (right.avoided === true) && left.score > right.score)
        return `${left.bidder} at ${left.score} was put before ${right.bidder} at ${right.score}`;
    }
    return undefined;
  }

  #awarded({ ballot, contractor, reattached }: FactOf<"awarded">): string | undefined {
    if (!reattached) {
      const chosen = this.#choice?.winner === contractor && sameBallot(this.#choice.ballot, ballot);
      return chosen ? undefined : `${text(ballot)} went to ${contractor}, which was not chosen`;
    }
    const before = this.#seen.awards.some(
      (award) => award.contractor === contractor && order(award.ballot, ballot) < 0,
    );
    return before ? undefined : `${contractor} was taken up again in ${text(ballot)}, which it never was before`;
  }
}

function priceOf({ cost, expected_ms, load_permille }: Bid): number {
  return cost * 1000 + expected_ms * (1 + load_permille / 1000) + 1;
}

function same(left: Ranked, right: Ranked | undefined): boolean {
  return left.bidder === right?.bidder && left.agent === right.agent && left.score === right.score;
}

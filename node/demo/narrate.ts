/**
 * Facts as a story for somebody who sees it for the first time: who was asked, who bid what, who won and why, who worked, how it
 * ended. Woken by every fact of every peer; of what several peers see alike, the first is told.
 */
import { ballotText, fenceOf } from "../../protocols/mod.ts";
import { brief, duration } from "../cli/output.ts";
import { REASONS, REFUSALS } from "../cli/words.ts";
import type { Observed } from "../moot-node.ts";
import type { Mood, Stage } from "./stage.ts";

type Of<T extends Observed["type"]> = Extract<Observed, { type: T }>;
type Teller = Pick<Stage, "event" | "row">;
type Line = readonly [word: string, text: string, mood?: Mood];

const TAKING_OVER = {
  "take-over": "its conductor has been silent past the lease",
  "re-award": "to award it again",
  cancel: "to cancel it",
  expire: "because the deadline passed",
  "give-up": "because no attempt is left",
  resume: "to go on after its restart",
} as const satisfies Record<Of<"prepared">["why"], string>;

export class Narrator {
  readonly #stage: Teller;
  readonly #nameOf: (peer: string) => string;
  /** Bids of open auctions, by task and bidder. */
  readonly #bids = new Map<string, Of<"proposed">["bid"]>();
  readonly #decided = new Set<string>();
  /** The progress told last, by task: a contractor tells every custodian. */
  readonly #progress = new Map<string, string>();
  /** Whether to tell each step; programs hear all of them anyway. */
  telling = false;
  /** Tasks whose beginning was told: a line about another would come out of nowhere. */
  readonly #told = new Set<string>();

  constructor(stage: Teller, nameOf: (peer: string) => string) {
    this.#stage = stage;
    this.#nameOf = nameOf;
  }

  hear(fact: Observed): void {
    this.#stage.event("fact", { by: this.#nameOf(fact.node), ...fact });
    if (!this.telling || !("task" in fact)) return;
    if (fact.type === "submitted") this.#told.add(fact.task);
    if (!this.#told.has(fact.task)) return;
    const line = this.#line(fact);
    if (line === undefined) return;
    const [word, text, mood = "plain"] = line;
    this.#stage.row({ task: fact.task, word, text, mood, at_ms: fact.at_ms });
  }

  #line(fact: Extract<Observed, { task: unknown }>): Line | undefined {
    const name = this.#nameOf;
    const names = (peers: readonly string[]) => peers.map(name).join(", ");
    switch (fact.type) {
      case "submitted":
        return ["task", `${fact.skill}, in at ${name(fact.node)}; kept by ${names(fact.custodians)}`, "key"];
      case "called":
        return ["asked", fact.reach === "wide" ? "everybody on the skill's topic" : `${names(fact.asked)}, directly`];
      case "unanswered":
        return ["nobody", `no bid; asked again in ${duration(fact.pause_ms)}`, "bad"];
      case "proposed":
        this.#bids.set(fact.task + fact.bidder, fact.bid);
        return undefined;
      case "refused":
        return [fact.reason === "silent" ? "silent" : "refused", `${name(fact.bidder)}: ${REFUSALS[fact.reason]}`];
      case "chosen":
        return this.#chosen(fact);
      case "decided":
        return this.#end(fact);
      default:
        return this.#working(fact);
    }
  }

  #working(fact: Extract<Observed, { task: unknown }>): Line | undefined {
    const name = this.#nameOf;
    switch (fact.type) {
      case "awarded":
        return fact.reattached
          ? [
              "goes on",
              `${name(fact.contractor)} keeps the work, now under ${name(fact.node)}; nothing is started again`,
            ]
          : undefined;
      case "award-refused":
        return ["refused", `${name(fact.contractor)} turns the award down: ${REFUSALS[fact.reason]}`, "bad"];
      case "running": {
        const { agent, ballot } = fact;
        return [
          "works",
          `${name(fact.node)} with agent ${agent}, ballot ${ballotText(ballot)}, fence ${fenceOf(ballot)}`,
        ];
      }
      case "progress":
        return this.#step(fact);
      case "ran":
        return fact.ok
          ? ["worked", `${name(fact.node)} has a result after ${duration(fact.ms)}`]
          : ["failed", `${name(fact.node)}: ${brief(fact.message, 120)}`, "bad"];
      case "attempt-ended":
        return ["lost", `${name(fact.contractor)}: ${REASONS[fact.reason]} (${brief(fact.message, 80)})`, "bad"];
      case "prepared":
        return ["ballot", `${name(fact.node)} prepares ballot ${ballotText(fact.ballot)}: ${TAKING_OVER[fact.why]}`];
      default:
        return undefined; // how custodians keep and vote is for `moot trace`
    }
  }

  #step({ task, contractor, done_permille, note }: Of<"progress">): Line | undefined {
    const text = `${this.#nameOf(contractor)} ${Math.floor(done_permille / 10)} %: ${brief(note, 80)}`;
    if (done_permille === 0 || done_permille === 1000 || this.#progress.get(task) === text) return undefined;
    this.#progress.set(task, text);
    return ["…", text, "dim"];
  }

  /** The bids in the order of their scores, then the winner. */
  #chosen({ task, winner, others, why, at_ms }: Of<"chosen">): Line {
    const bids = [winner, ...others].map(({ bidder, score }) => {
      const bid = this.#bids.get(task + bidder);
      this.#bids.delete(task + bidder);
      const load = bid === undefined || bid.load_permille === 0 ? "" : `, ${Math.round(bid.load_permille / 10)} % busy`;
      const terms = bid === undefined ? "" : ` (${bid.cost} + ${duration(bid.expected_ms)}${load})`;
      return `${this.#nameOf(bidder)} ${Math.round(score)}${terms}`;
    });
    this.#stage.row({ task, word: "bids", text: bids.join(" · "), at_ms });
    return ["won", `${this.#nameOf(winner.bidder)}: ${brief(why, 120)}`, "good"];
  }

  #end({ task, ballot, outcome }: Of<"decided">): Line | undefined {
    if (this.#decided.has(task)) return undefined;
    this.#decided.add(task);
    const by = outcome.contractor === undefined ? "" : ` by ${this.#nameOf(outcome.contractor)}`;
    const end = `${outcome.status}${by}; a majority of its custodians accepted it in ballot ${ballotText(ballot)}`;
    return ["decided", end, outcome.status === "done" ? "good" : "bad"];
  }
}

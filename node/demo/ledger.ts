/**
 * What became of every task of the demo: the facts of all peers put together by task. Takes the view of somebody who reads all
 * five peers' `moot watch` at once. Names people, not peer ids.
 */
import type { Ballot } from "../../protocols/mod.ts";
import type { Observed, SubmitResult } from "../moot-node.ts";

export interface Run {
  readonly who: string;
  readonly agent: string;
  readonly ballot: Ballot;
  readonly at_ms: number;
}

export interface Story {
  readonly task: string;
  label: string;
  skill: string;
  custodians: readonly string[];
  readonly reaches: ("directed" | "wide")[];
  bids: number;
  refusals: number;
  /** The last choice: the winner and those it underbid. */
  chosen: { readonly winner: string; readonly others: readonly string[] } | undefined;
  readonly runs: Run[];
  /** Attempts that came to nothing. */
  readonly ended: { readonly who: string; readonly reason: string; readonly at_ms: number }[];
  done_permille: number;
  outcome: SubmitResult | undefined;
  /** From `submit` to the outcome, as the demo measured it. */
  latency_ms: number;
  /** Over all nodes; undefined when it was not asked for. */
  messages: number | undefined;
}

export class Ledger {
  readonly #nameOf: (peer: string) => string;
  readonly #stories = new Map<string, Story>();

  constructor(nameOf: (peer: string) => string) {
    this.#nameOf = nameOf;
  }

  get stories(): readonly Story[] {
    return [...this.#stories.values()];
  }

  story(task: string): Story {
    const known = this.#stories.get(task);
    if (known !== undefined) return known;
    const story: Story = {
      task,
      label: "",
      skill: "",
      custodians: [],
      reaches: [],
      bids: 0,
      refusals: 0,
      chosen: undefined,
      runs: [],
      ended: [],
      done_permille: 0,
      outcome: undefined,
      latency_ms: 0,
      messages: undefined,
    };
    this.#stories.set(task, story);
    return story;
  }

  add(fact: Observed): void {
    if (!("task" in fact)) return;
    const story = this.story(fact.task);
    const name = this.#nameOf;
    switch (fact.type) {
      case "submitted":
        story.skill = fact.skill;
        story.custodians = fact.custodians.map(name);
        return;
      case "called":
        story.reaches.push(fact.reach);
        return;
      case "proposed":
        story.bids += 1;
        return;
      case "refused":
        story.refusals += 1;
        return;
      case "chosen":
        story.chosen = {
          winner: name(fact.winner.bidder),
          others: fact.others.map(({ bidder }) => name(bidder)),
        };
        return;
      case "running":
        story.runs.push({ who: name(fact.node), agent: fact.agent, ballot: fact.ballot, at_ms: fact.at_ms });
        return;
      case "progress":
        story.done_permille = fact.done_permille;
        return;
      case "attempt-ended":
        story.ended.push({ who: name(fact.contractor), reason: fact.reason, at_ms: fact.at_ms });
        return;
      default:
        return; // told by the narrator, not counted
    }
  }
}

/** Called once, directly, and done at the first attempt: what a task costs when nothing goes wrong. */
export function undisturbed(story: Story): boolean {
  return (
    story.reaches.length === 1 &&
    story.reaches[0] === "directed" &&
    story.runs.length === 1 &&
    story.ended.length === 0 &&
    story.outcome?.status === "done"
  );
}

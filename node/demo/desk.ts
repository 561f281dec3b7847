/**
 * Where the demo hands in its tasks: at one peer or another, over the control API, as any client would. Measures how long each
 * takes and books it in the ledger.
 */
import { Fault } from "../fault.ts";
import type { SubmitOptions, SubmitResult } from "../moot-node.ts";
import type { Job } from "./jobs.ts";
import type { Ledger, Story } from "./ledger.ts";
import type { Peers } from "./peers.ts";

export interface Wish<T> extends Pick<SubmitOptions, "lease_ms" | "custodians"> {
  readonly job: Job<T>;
  readonly input: unknown;
  /** What it is about, for people. */
  readonly label: string;
  /** The peer it is handed in at; absent, each in turn. */
  readonly at?: string;
}

export interface Ticket<T> {
  readonly story: Story;
  /** Waits for the outcome at the peer it was handed in at, or at another custodian. Throws Fault "handler" unless it is done. */
  readonly result: (from?: string) => Promise<T>;
}

/** A busy machine is slow; nothing of the demo should end for want of time. */
const DEADLINE_MS = 60_000;

export class Desk {
  readonly #peers: Peers;
  readonly #ledger: Ledger;
  #turn = 0;

  constructor(peers: Peers, ledger: Ledger) {
    this.#peers = peers;
    this.#ledger = ledger;
  }

  /** Resolves when a majority of custodians has stored it. */
  async submit<T>(wish: Wish<T>): Promise<Ticket<T>> {
    const { job, input, label, at = this.#next(), ...options } = wish;
    const since = performance.now();
    const { client } = this.#peers.named(at);
    const task = await client.submit({ skill: job.skill, input, deadline_ms: DEADLINE_MS, ...options });
    const story = this.#ledger.story(task);
    story.label = label;
    story.skill = job.skill;
    const result = async (from = at) => {
      const outcome = await this.#peers.named(from).client.outcome(task);
      story.outcome = outcome;
      story.latency_ms = performance.now() - since;
      mustBeDone(outcome, label);
      return job.result.parse(outcome.result);
    };
    return { story, result };
  }

  async ask<T>(wish: Wish<T>): Promise<{ readonly story: Story; readonly result: T }> {
    const { story, result } = await this.submit(wish);
    return { story, result: await result() };
  }

  #next(): string {
    const { running } = this.#peers;
    this.#turn += 1;
    return running[this.#turn % running.length]?.name ?? "";
  }
}

function mustBeDone({ task, status, failure }: SubmitResult, label: string): void {
  if (status === "done") return;
  const why = failure === undefined ? "" : `: ${failure.reason}: ${failure.message}`;
  throw new Fault("handler", `the task ${task.slice(0, 12)} (${label}) ended as ${status}${why}`);
}

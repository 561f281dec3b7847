/**
 * A witness outside, who sees what peers write to their disks, note and run, and forgets nothing when a peer crashes. What it
 * has seen is part of a state, and is a value with a number; seeing one thing more leads to the next number, or to a broken
 * promise (DESIGN: P1 one outcome, P2 one contractor per ballot, P4 fences, capacity).
 */
import { type Ballot, ballotText, compareBallots, fenceOf, majority } from "../../protocols/mod.ts";
import type { Names } from "./names.ts";
import { must } from "./small-world.ts";

export type Sighting = { readonly node: number } & (
  | { readonly type: "promised to keep"; readonly task: number }
  /** An award as its conductor wrote it down; nobody's contractor when the conductor keeps the ballot. */
  | {
      readonly type: "awarded";
      readonly task: number;
      readonly ballot: Ballot;
      readonly signer: number;
      readonly contractor: number | null;
    }
  /** A vote on its voter's disk. */
  | { readonly type: "voted"; readonly task: number; readonly ballot: Ballot; readonly value: string }
  | { readonly type: "accepted"; readonly task: number; readonly ballot: Ballot; readonly proposer: number }
  | {
      readonly type: "decided";
      readonly task: number;
      readonly outcome: string;
      readonly status: string;
      readonly contractor: number | undefined;
    }
  | { readonly type: "conducted"; readonly task: number; readonly what: string }
  | { readonly type: "ran"; readonly task: number; readonly fence: number }
  | { readonly type: "finished"; readonly task: number }
  | { readonly type: "broke"; readonly promise: PromiseName; readonly detail: string }
);

export type PromiseName = "P1" | "P2" | "P3" | "P4" | "capacity" | "honesty" | "invariant";
export interface Breach {
  readonly promise: PromiseName;
  readonly detail: string;
}

/** What was seen of one task. Lists are sorted where their order says nothing, so that equal knowledge is one text. */
interface Known {
  readonly acknowledged: boolean;
  /** The outcome decided first, and who knows of it, as bits. */
  readonly outcome?: string;
  readonly knowers: number;
  /** In order of ballots; contractor -1 when the ballot was kept. */
  readonly awards: readonly { readonly ballot: Ballot; readonly contractor: number; readonly signer: number }[];
  /** Voters of each value in each ballot, as bits. */
  readonly votes: readonly { readonly key: string; readonly value: string; readonly voters: number }[];
  readonly fences: readonly { readonly fence: number; readonly node: number }[];
  readonly finished: number;
}
const NOTHING_YET: Known = {
  acknowledged: false,
  knowers: 0,
  awards: [],
  votes: [],
  fences: [],
  finished: 0,
};

export class Witness {
  readonly #names: Names;
  readonly #tasks: number;
  readonly #states: (readonly Known[])[] = [];
  readonly #byText = new Map<string, number>();
  readonly #sightings: Sighting[] = [];
  readonly #sightingByText = new Map<string, number>();
  readonly #next: Map<number, number | Breach>[] = [];
  readonly first: number;

  constructor(names: Names, tasks: number) {
    this.#names = names;
    this.#tasks = tasks;
    this.first = this.#intern(Array.from({ length: tasks }, () => NOTHING_YET));
  }

  get size(): number {
    return this.#states.length;
  }
  /** Whether the user was told that the task is stored. */
  acknowledged(state: number, task: number): boolean {
    return must(this.#states[state]?.[task]).acknowledged;
  }

  /** The number of a sighting; equal ones have one number. */
  number(sighting: Sighting): number {
    const text = JSON.stringify(sighting);
    const known = this.#sightingByText.get(text);
    if (known !== undefined) return known;
    this.#sightings.push(sighting);
    this.#sightingByText.set(text, this.#sightings.length - 1);
    return this.#sightings.length - 1;
  }

  see(state: number, sighting: number): number | Breach {
    const next = must(this.#next[state]);
    const known = next.get(sighting);
    if (known !== undefined) return known;
    const seen = this.#see(must(this.#states[state]), must(this.#sightings[sighting]));
    const result = "promise" in seen ? seen : this.#intern(seen);
    next.set(sighting, result);
    return result;
  }

  #intern(state: readonly Known[]): number {
    const text = JSON.stringify(state);
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    this.#byText.set(text, this.#states.length);
    this.#states.push(state);
    this.#next.push(new Map());
    return this.#states.length - 1;
  }

  #see(state: readonly Known[], sighting: Sighting): readonly Known[] | Breach {
    if (sighting.type === "broke") return { promise: sighting.promise, detail: sighting.detail };
    const known = must(state[sighting.task]);
    const next = this.#learn(known, sighting);
    if ("promise" in next) {
      const which = this.#tasks > 1 ? `task ${sighting.task + 1}: ` : "";
      return { promise: next.promise, detail: which + next.detail };
    }
    return state.map((old, task) => (task === sighting.task ? next : old));
  }

  #learn(known: Known, sighting: Exclude<Sighting, { type: "broke" }>): Known | Breach {
    const { node } = sighting;
    switch (sighting.type) {
      case "promised to keep":
        return { ...known, acknowledged: true };
      case "awarded":
        return this.#awarded(known, sighting);
      case "voted":
        return this.#voted(known, sighting);
      case "accepted":
        return this.#accepted(known, sighting);
      case "decided":
        return this.#decided(known, sighting);
      case "conducted": {
        const detail = `${this.#name(node)} knows the outcome, and still says "${sighting.what}"`;
        return (known.knowers & (1 << node)) === 0 ? known : { promise: "P1", detail };
      }
      case "ran":
        return this.#ran(known, sighting);
      case "finished":
        return { ...known, finished: known.finished | (1 << node) };
    }
  }

  #name(node: number): string {
    return this.#names.name(node);
  }

  /** P2: one contractor per ballot, and the ballots of one conductor grow. */
  #awarded(known: Known, { ballot, signer, ...award }: Extract<Sighting, { type: "awarded" }>): Known | Breach {
    const contractor = award.contractor ?? -1;
    const whom = (index: number) => (index < 0 ? "keeps it" : `awards it to ${this.#name(index)}`);
    for (const before of known.awards) {
      const order = compareBallots(before.ballot, ballot);
      if (order === 0 && before.contractor === contractor) return known;
      const both = `${whom(before.contractor)} and ${whom(contractor)}`;
      if (order === 0)
        return { promise: "P2", detail: `${this.#name(signer)} has ballot ${ballotText(ballot)}: ${both}` };
      const step = `${ballotText(before.ballot)} to ${ballotText(ballot)}`;
      if (order > 0 && before.signer === signer)
        return { promise: "P2", detail: `${this.#name(signer)} goes back from ballot ${step}` };
    }
    const awards = [...known.awards, { ballot, contractor, signer }];
    return { ...known, awards: awards.sort((left, right) => compareBallots(left.ballot, right.ballot)) };
  }

  /** P2: a value is accepted from the one proposer of its ballot. */
  #accepted(known: Known, { task, node, ballot, proposer }: Extract<Sighting, { type: "accepted" }>): Known | Breach {
    const award = known.awards.find((one) => compareBallots(one.ballot, ballot) === 0);
    const conductor = must(this.#names.custodians(task)[ballot.custodian]);
    const rightful = award === undefined || award.contractor < 0 ? conductor : award.contractor;
    if (proposer === rightful) return known;
    const detail = `${this.#name(node)} accepts from ${this.#name(proposer)} in ballot ${ballotText(ballot)}, which is ${this.#name(rightful)}'s`;
    return { promise: "P2", detail };
  }

  /** P1, as Lamport has it: a value that a majority voted for in one ballot is chosen, whether anybody knows it or not. */
  #voted(known: Known, { task, node, ballot, value }: Extract<Sighting, { type: "voted" }>): Known | Breach {
    const key = `${ballotText(ballot)} ${value}`;
    const before = known.votes.find((vote) => vote.key === key);
    const voters = (before?.voters ?? 0) | (1 << node);
    const votes = [...known.votes.filter((vote) => vote !== before), { key, value, voters }];
    votes.sort((left, right) => (left.key < right.key ? -1 : 1));
    const enough = majority(this.#names.custodians(task).length);
    const chosen = votes.filter((vote) => bits(vote.voters) >= enough);
    const [one, other] = [chosen[0], chosen.find((vote) => vote.value !== chosen[0]?.value)];
    if (one === undefined || other === undefined) return { ...known, votes };
    const detail = `two outcomes have a majority of votes: ${this.#vote(one)}; and ${this.#vote(other)}`;
    return { promise: "P1", detail };
  }
  #vote({ key, voters }: { readonly key: string; readonly voters: number }): string {
    const [ballot, ...value] = key.split(" ");
    return `"${value.join(" ")}" in ballot ${ballot}, by ${this.#people(voters)}`;
  }
  #people(mask: number): string {
    const nodes = this.#names.peers.map((_, node) => node).filter((node) => (mask & (1 << node)) !== 0);
    return nodes.map((node) => this.#name(node)).join(" and ");
  }

  /** P1: one outcome; and what is done was done, by a handler that ran to its end at the contractor. */
  #decided(known: Known, sighting: Extract<Sighting, { type: "decided" }>): Known | Breach {
    const { node, outcome, status, contractor } = sighting;
    if (known.outcome !== undefined && known.outcome !== outcome) {
      const first = `"${known.outcome}" at ${this.#people(known.knowers)}`;
      return { promise: "P1", detail: `two outcomes: ${first}, and "${outcome}" at ${this.#name(node)}` };
    }
    if (status === "done" && contractor !== undefined && (known.finished & (1 << contractor)) === 0)
      return { promise: "P1", detail: `done by ${this.#name(contractor)}, who never finished it` };
    return { ...known, outcome, knowers: known.knowers | (1 << node) };
  }

  /** P4: a fence runs at most once, and only when its ballot was awarded; the fences of one peer grow. */
  #ran(known: Known, { node, fence }: Extract<Sighting, { type: "ran" }>): Known | Breach {
    const again = known.fences.some((one) => one.fence === fence);
    if (again) return { promise: "P4", detail: `${this.#name(node)} runs fence ${fence} again` };
    const awarded = known.awards.some(({ ballot, contractor }) => fenceOf(ballot) === fence && contractor === node);
    if (!awarded) return { promise: "P4", detail: `${this.#name(node)} runs fence ${fence}, which it was not awarded` };
    if (known.fences.some((one) => one.node === node && one.fence > fence))
      return { promise: "P4", detail: `${this.#name(node)} runs fence ${fence} after a higher one` };
    const fences = [...known.fences, { fence, node }].sort((left, right) => left.fence - right.fence);
    return { ...known, fences };
  }
}

function bits(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

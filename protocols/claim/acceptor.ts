/**
 * The acceptor: one custodian's vote on a task's outcome (Lamport, "Paxos Made Simple", sections 2.2 and 2.3). It wakes only
 * when asked, knows no time, and says only what its owner has first been told to keep. Choosing what to propose, and learning
 * what was decided, are not its business.
 *
 * The two rules that promise P1 rests on: it never accepts below the highest ballot it promised, and it accepts at most one
 * value in a ballot.
 */
import { type Ballot, compareBallots, sameBallot } from "../kernel/mod.ts";
import type { Value } from "./wire.ts";

export interface AcceptedValue {
  readonly ballot: Ballot;
  readonly value: Value;
}

export type AcceptorEvent =
  | { readonly type: "prepare"; readonly ballot: Ballot }
  | { readonly type: "accept"; readonly ballot: Ballot; readonly value: Value };

/** `changed`: the owner must keep the new state before it lets anybody know of the answer. */
export type AcceptorAnswer =
  | { readonly type: "promise"; readonly accepted: AcceptedValue | undefined; readonly changed: boolean }
  | { readonly type: "accepted"; readonly changed: boolean }
  | { readonly type: "nack"; readonly promised: Ballot };

export class Acceptor {
  #promised: Ballot;
  #accepted: AcceptedValue | undefined;

  constructor(promised: Ballot, accepted: AcceptedValue | undefined) {
    this.#promised = promised;
    this.#accepted = accepted;
  }

  get promised(): Ballot {
    return this.#promised;
  }
  get accepted(): AcceptedValue | undefined {
    return this.#accepted;
  }

  receive(event: AcceptorEvent): AcceptorAnswer {
    const order = compareBallots(event.ballot, this.#promised);
    if (order < 0) return { type: "nack", promised: this.#promised };
    switch (event.type) {
      case "prepare":
        this.#promised = event.ballot;
        return { type: "promise", accepted: this.#accepted, changed: order > 0 };
      case "accept":
        return this.#accept(event.ballot, event.value);
    }
  }

  #accept(ballot: Ballot, value: Value): AcceptorAnswer {
    const before = this.#accepted;
    if (before !== undefined && sameBallot(before.ballot, ballot)) {
      // A second, different value in one ballot can only come from a liar: the first one stands.
      const same = before.value.outcome.digest === value.outcome.digest;
      return same ? { type: "accepted", changed: false } : { type: "nack", promised: this.#promised };
    }
    this.#promised = ballot;
    this.#accepted = { ballot, value };
    return { type: "accepted", changed: true };
  }
}

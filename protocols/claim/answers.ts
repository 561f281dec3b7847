/**
 * What bidders and contractors answer to a conductor's calls and awards (`calls.ts`), as its custodian takes it: checked, put into
 * the account and noted, and only then the conductor's event. Woken by messages. It chooses nobody, and what comes when nothing
 * is open is not the conductor's business.
 */
import type { AuctionMessage } from "../auction/mod.ts";
import { type Ballot, compareBallots, type PeerId, sameBallot } from "../kernel/mod.ts";
import type { ConductorEvent } from "./conducting.ts";
import type { Conductor } from "./conductor.ts";
import { type Custody, liveOf } from "./custody.ts";
import type { RefusalReason } from "./documents.ts";

type Message<T extends AuctionMessage["type"]> = Extract<AuctionMessage, { type: T }>;

export class Answers {
  readonly #custody: Custody;
  readonly #conductor: Conductor;

  constructor(custody: Custody, conductor: Conductor) {
    this.#custody = custody;
    this.#conductor = conductor;
  }

  /** What comes when nothing is open is late, or a stranger's: its maker need not hold room for it. */
  proposed(from: PeerId, bid: Message<"propose">, now: number): ConductorEvent | undefined {
    const custody = this.#custody;
    const { task } = custody;
    if (this.#conductor.state !== "auctioning") {
      if (from !== this.#conductor.contractor) custody.send(from, { type: "reject-proposal", task, round: bid.round });
      return undefined;
    }
    custody.note({ type: "proposed", task, bidder: from, bid });
    const { budget, contract } = custody.document.value;
    if (budget !== undefined && bid.cost > budget) return this.#decline(from, bid, { now, reason: "too-dear" });
    if (contract !== undefined && bid.contract !== contract)
      return this.#decline(from, bid, { now, reason: "no-skill" });
    custody.account.bid(from);
    return { type: "auction", now, event: { type: "propose", now, from, bid } };
  }

  /**
   * CLAIM-46, AUCTION-22: nothing is awarded above the budget, or under another contract; the account says so, as if the bidder
   * had refused.
   */
  #decline(
    from: PeerId,
    { round, load_permille }: Message<"propose">,
    { now, reason }: { readonly now: number; readonly reason: RefusalReason },
  ): ConductorEvent | undefined {
    const { task } = this.#custody;
    this.#custody.send(from, { type: "reject-proposal", task, round });
    return this.refused(from, { type: "refuse", task, round, reason, load_permille }, now);
  }

  /** Of a call, or, with a ballot, of an award. */
  refused(from: PeerId, message: Message<"refuse">, now: number): ConductorEvent | undefined {
    const custody = this.#custody;
    const { task } = custody;
    const { reason, round, ballot } = message;
    const open = this.#conductor.state === (ballot === undefined ? "auctioning" : "awarding");
    if (!open) return undefined;
    custody.account.refused(from, reason);
    if (ballot === undefined) {
      custody.note({ type: "refused", task, bidder: from, reason, round });
      return { type: "auction", now, event: { type: "refuse", now, from, round, reason } };
    }
    custody.note({ type: "award-refused", task, ballot, contractor: from, reason });
    return { type: "award-refused", now, ballot, from, reason };
  }

  agreed(from: PeerId, ballot: Ballot, now: number): ConductorEvent | undefined {
    const custody = this.#custody;
    const awarded = custody.awarded && liveOf(custody.awarded);
    if (awarded?.contractor !== from || ballot.custodian !== custody.me) return undefined;
    // It is at work, also if what it agrees to is the award of before a restart.
    if (compareBallots(ballot, awarded.ballot) <= 0) custody.account.started(from, ballot, now);
    if (from !== this.#conductor.contractor || !sameBallot(awarded.ballot, ballot)) return undefined;
    if (this.#conductor.state === "awarding") {
      custody.note({ type: "agreed", task: custody.task, ballot, contractor: from });
      if (custody.awarded !== undefined) custody.hear(custody.awarded, now);
    }
    return { type: "agreed", ballot, now };
  }
}

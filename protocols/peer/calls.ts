/**
 * Calls for proposals, where they enter a peer: from a conductor, from a topic, from its own custodian. Woken by each; where rights
 * are asked for, those that may not be answered end here. What is bid is the bidder's business.
 */
import type { Cfp } from "../auction/wire.ts";
import { LIMITS, type PeerId } from "../kernel/mod.ts";
import type { Parts } from "./parts.ts";

interface IncomingCall {
  readonly conductor: PeerId;
  readonly cfp: Cfp;
  readonly reach: "directed" | "wide";
  readonly sealed: boolean;
}

export class Calls {
  readonly #parts: Pick<Parts, "post" | "works" | "rules">;

  constructor(parts: Pick<Parts, "post" | "works" | "rules">) {
    this.#parts = parts;
  }

  /** PERM-5: who may not announce is told so, where others would be refused by word. */
  receive({ conductor, cfp, reach, sealed }: IncomingCall): void {
    const { post, works, rules } = this.#parts;
    if (rules !== undefined) {
      const price = works.priceOf(cfp.skill);
      if (rules.deniesCall(conductor, cfp, price)) {
        if (reach === "wide" && (price === undefined || cfp.eligible > LIMITS.crowd)) return;
        const { task, round } = cfp;
        post.send(conductor, { type: "refuse", task, round, reason: "denied", load_permille: 0 });
        return;
      }
    }
    works.bid({ type: "call", now: post.at.now, conductor, cfp, reach, sealed });
  }
}

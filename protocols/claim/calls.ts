/** What a conductor's auction wants, performed in its custody: calls are sent and booked, silence is booked. */
import type { AuctionEffect } from "../auction/mod.ts";
import type { Custody } from "./custody.ts";

export function call(custody: Custody, effect: AuctionEffect): void {
  const { task, account } = custody;
  switch (effect.type) {
    case "call": {
      const { cfp, asked, reach } = effect;
      account.called(asked);
      custody.note({ type: "called", task, round: cfp.round, reach, asked, eligible: cfp.eligible });
      if (reach === "wide") custody.push({ type: "announce", cfp });
      for (const peer of asked) custody.send(peer, cfp);
      return;
    }
    case "unanswered":
      return custody.note({ type: "unanswered", task, round: effect.round, pause_ms: effect.pause_ms });
    case "silent":
      for (const bidder of effect.peers) {
        account.refused(bidder, "silent");
        custody.note({ type: "refused", task, bidder, reason: "silent", round: effect.round });
      }
      return;
    case "declined":
      return custody.send(effect.bidder, { type: "reject-proposal", task, round: effect.round });
    case "ranked":
      return;
  }
}

/**
 * Renewals at a custodian: every custodian hears the contractor, so that one which takes over knows whom to attach. The answer
 * carries cancellation, hand-over and the fence (clause CLAIM-17).
 */
import { compareBallots, type PeerId, type Signed } from "../kernel/mod.ts";
import type { ConductorEvent } from "./conducting.ts";
import type { Custody } from "./custody.ts";
import type { AwardDocument } from "./documents.ts";
import { brokenAward } from "./legitimate.ts";
import type { ClaimMessage } from "./wire.ts";

type Message<T extends ClaimMessage["type"]> = Extract<ClaimMessage, { type: T }>;

export function renew(
  custody: Custody,
  from: PeerId,
  message: Message<"renew">,
  now: number,
): ConductorEvent | undefined {
  const { award, done_permille, note, beat } = message;
  if (!admitted(custody, from, award)) return undefined;
  const { promised } = custody.acceptor;
  const { task } = custody;
  const { ballot } = award.value;
  const behind = compareBallots(ballot, promised) < 0;
  // Whoever gave this award up itself is not taken back under it.
  const fenced = (behind && custody.replaced(award)) || custody.account.gaveUp(from, ballot);
  if (!fenced) custody.hear(award, now);
  custody.account.started(from, ballot, now);
  if (custody.done_permille !== done_permille || note !== undefined) {
    custody.done_permille = done_permille;
    custody.note({ type: "progress", task, contractor: from, done_permille, note: note ?? "" });
  }
  const answer = fenced ? "fenced" : behind ? "moved" : custody.cancel ? "cancel" : "ok";
  // It stops without another word: this answer is all that anybody knows of its end.
  if (answer === "cancel")
    custody.account.reported(from, ballot, { at: now, exitReason: "cancelled", message: "was told to stop" });
  if (answer === "fenced")
    custody.account.reported(from, ballot, { at: now, exitReason: "fenced", message: "was replaced" });
  custody.send(from, { type: "renewed", task, ballot, answer, promised: behind ? promised : undefined, beat });
  return fenced ? undefined : { type: "renewed", live: { contractor: from, ballot }, behind, now };
}

/** The contractor says itself that this attempt is over. */
export function failed(
  custody: Custody,
  from: PeerId,
  message: Message<"failure">,
  now: number,
): ConductorEvent | undefined {
  const { award, reason, retryable } = message;
  if (!admitted(custody, from, award)) return undefined;
  const live = { contractor: from, ballot: award.value.ballot };
  custody.release(award);
  custody.account.reported(from, live.ballot, { at: now, exitReason: reason, message: message.message });
  return { type: "attempt-failed", now, live, reason, message: message.message, retryable };
}

/** CLAIM-16: a lease is renewed, and given up, by its holder alone. */
function admitted(custody: Custody, from: PeerId, award: Signed<AwardDocument>): boolean {
  if (brokenAward(custody.document, award) !== undefined || award.value.contractor !== from) {
    custody.refuse(from, "CLAIM-16", "a lease that is not this peer's");
    return false;
  }
  if (custody.equivocates(award)) return false;
  if (custody.decided === undefined) return true;
  custody.tell(from, custody.decided);
  return false;
}

/**
 * Renewals at a custodian: every custodian hears the contractor, so that one which takes over knows whom to attach. The answer
 * carries cancellation, hand-over and the fence (clause CLAIM-17).
 */
import { compareBallots, fenceOf, type PeerId, type Signed } from "../kernel/mod.ts";
import type { ConductorEvent } from "./conducting.ts";
import type { Custody } from "./custody.ts";
import type { AwardDocument } from "./documents.ts";
import { brokenAward } from "./legitimate.ts";
import { told } from "./told.ts";
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
  if (!fenced && custody.hearing.renewal(fenceOf(ballot), beat)) progressed(custody, from, { done_permille, note });
  const answer = fenced ? "fenced" : behind ? "moved" : custody.cancel ? "cancel" : "ok";
  // It stops without another word: this answer is all that anybody knows of its end.
  if (answer === "cancel")
    custody.account.reported(from, ballot, { at: now, exitReason: "cancelled", message: "was told to stop" });
  if (answer === "fenced")
    custody.account.reported(from, ballot, { at: now, exitReason: "fenced", message: "was replaced" });
  custody.send(from, { type: "renewed", task, ballot, answer, promised: behind ? promised : undefined, beat });
  return fenced ? undefined : { type: "renewed", live: { contractor: from, ballot }, behind, now };
}

/** CLAIM-45: what its handler says meanwhile. Never part of the outcome, no sign of life, and not answered. */
export function partial(custody: Custody, from: PeerId, message: Message<"partial">, now: number): void {
  const { award, beat, seq, items } = message;
  if (brokenAward(custody.document, award) !== undefined || award.value.contractor !== from)
    return custody.refuse(from, "CLAIM-16", "partial results of a run that is not this peer's");
  const { ballot } = award.value;
  const behind = compareBallots(ballot, custody.acceptor.promised) < 0;
  if (custody.equivocates(award) || custody.decided !== undefined) return;
  if ((behind && custody.replaced(award)) || custody.account.gaveUp(from, ballot)) return;
  const fence = fenceOf(ballot);
  // No lease, but an attempt: whoever concludes without having heard more must name it (P6).
  custody.account.started(from, ballot, now);
  if (custody.hearing.progress(fence, beat, seq + items.length)) progressed(custody, from, message);
  const first = custody.hearing.items(fence, seq, items.length);
  if (first === undefined) return;
  const values = items.slice(first - seq).map((item): unknown => JSON.parse(item));
  custody.note({ type: "partial", task: custody.task, contractor: from, fence, seq: first, values });
}

function progressed(
  custody: Custody,
  contractor: PeerId,
  { done_permille, note }: { readonly done_permille: number; readonly note?: string | undefined },
): void {
  if (custody.done_permille === done_permille && note === custody.said) return;
  custody.done_permille = done_permille;
  custody.said = note;
  custody.note({ type: "progress", task: custody.task, contractor, done_permille, note: note ?? "" });
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
  custody.account.tell(told(message.toolTrace, message.causes));
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

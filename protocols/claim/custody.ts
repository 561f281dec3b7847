/**
 * What a custodian holds of one task, and the pen it writes with: the signed task and its input, the acceptor, the awards seen,
 * who was heard alive, the account; and the list of effects in the order in which they must happen. It decides nothing; the
 * custodian, its voter and its leases share it.
 */
import type { AuctionMessage, Candidate, Receipts } from "../auction/mod.ts";
import {
  assert,
  type Ballot,
  compareBallots,
  FIRST,
  fenceOf,
  LIMITS,
  NOTHING,
  type PeerId,
  type Random,
  type Seal,
  type Signed,
  type TaskId,
  taskIdOf,
} from "../kernel/mod.ts";
import type { TaskFact } from "../peer/facts.ts";
import { Acceptor } from "./acceptor.ts";
import { Account } from "./account.ts";
import type { Live } from "./conducting.ts";
import type { AwardDocument, TaskDocument } from "./documents.ts";
import { Hearing } from "./hearing.ts";
import { equivocal } from "./legitimate.ts";
import type { ClaimMessage, CustodyRecord, InputRecord, Value } from "./wire.ts";

export interface CustodianContext {
  readonly self: PeerId;
  readonly seal: Seal;
  readonly random: Random;
  readonly candidates: () => readonly Candidate[];
  readonly eligible: (known: number) => number;
  readonly receipts: (peer: PeerId) => Receipts;
  /** Whether that peer has failed the last tasks of this skill (AUCTION-20). */
  readonly resting: (peer: PeerId) => boolean;
  /** Rights are asked for: calls of another's task say whose it is. */
  readonly permissions: boolean;
}

export type CustodianEffect =
  | { readonly type: "send"; readonly to: PeerId; readonly message: ClaimMessage | AuctionMessage }
  | { readonly type: "keep"; readonly key: string; readonly record: CustodyRecord | InputRecord | null }
  | { readonly type: "announce"; readonly cfp: Extract<AuctionMessage, { type: "cfp" }> }
  | { readonly type: "accuse"; readonly first: Signed<AwardDocument>; readonly second: Signed<AwardDocument> }
  | { readonly type: "acknowledge"; readonly stored: boolean }
  /** It was awarded to (`open`), or is not counted on any more. */
  | { readonly type: "attempt"; readonly peer: PeerId; readonly open: boolean }
  | { readonly type: "credit"; readonly peer: PeerId; readonly good: boolean; readonly again: boolean }
  | { readonly type: "refuse"; readonly from: PeerId; readonly clause: string; readonly detail: string }
  | { readonly type: "note"; readonly fact: TaskFact };

export interface CustodianOptions {
  readonly context: CustodianContext;
  readonly document: Signed<TaskDocument>;
  readonly input: string;
  readonly left_ms: number;
  readonly now: number;
  readonly wall: number;
  readonly kept?: CustodyRecord | undefined;
}

export class Custody {
  readonly context: CustodianContext;
  readonly document: Signed<TaskDocument>;
  readonly task: TaskId;
  #input: string;
  /** The instant of the deadline. */
  readonly due: number;
  /** Its own place in the list. */
  readonly me: number;
  readonly acceptor: Acceptor;
  readonly account: Account;
  decided: Value | undefined;
  cancel: boolean;
  done_permille: number | undefined;
  /** The note beside it. */
  said: string | undefined;
  readonly hearing = new Hearing();
  readonly #due_ms: number;
  /** By the fence of their ballot. */
  readonly #awards = new Map<number, Signed<AwardDocument>>();
  readonly #accused: number[] = [];
  #awarded: Signed<AwardDocument> | undefined;
  #live: { readonly award: Signed<AwardDocument>; readonly until: number } | undefined;
  #effects: CustodianEffect[] = [];

  constructor({ context, document, input, left_ms, now, wall, kept }: CustodianOptions) {
    this.context = context;
    this.document = document;
    this.task = taskIdOf(document.digest);
    this.#input = input;
    this.due = now + left_ms;
    this.me = document.value.custodians.indexOf(context.self);
    assert(this.me >= 0, "a custodian is named by its task");
    this.acceptor = new Acceptor(kept?.promised ?? FIRST, kept?.accepted);
    this.account = new Account(now, kept ?? { attempts: [] }, kept === undefined ? 0 : kept.promised.round * 1000);
    this.decided = kept?.decided === true ? kept.accepted?.value : undefined;
    this.cancel = kept?.cancel ?? false;
    this.#due_ms = kept?.due_ms ?? wall + left_ms;
    if (kept?.awarded !== undefined) this.#remember(kept.awarded);
    this.#awarded = kept?.awarded;
  }

  get custodians(): readonly PeerId[] {
    return this.document.value.custodians;
  }
  get input(): string {
    return this.#input;
  }
  /** A decided task of another's needs no large input in memory. */
  lighten(): void {
    if (this.me !== 0 && this.#input.length > LIMITS.input_memory_bytes) this.#input = "";
  }
  indexOf(peer: PeerId): number {
    return this.custodians.indexOf(peer);
  }

  /** Honest conductors try a few times a second at most: a ballot far above that is an attempt to use them up (CLAIM-5). */
  plausible(ballot: Ballot, now: number): boolean {
    const age_ms = this.document.value.deadline_ms - (this.due - now);
    const reached = Math.max(this.acceptor.promised.round, (age_ms * LIMITS.rounds_per_second) / 1000);
    return ballot.round <= LIMITS.round_jump + reached;
  }

  // --- writing ---

  /** Everything wanted since the last call, in order. */
  take(): readonly CustodianEffect[] {
    if (this.#effects.length === 0) return NOTHING;
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }
  push(effect: CustodianEffect): void {
    this.#effects.push(effect);
  }
  note(fact: TaskFact): void {
    this.#effects.push({ type: "note", fact });
  }
  refuse(from: PeerId, clause: string, detail: string): void {
    this.#effects.push({ type: "refuse", from, clause, detail });
  }
  send(to: PeerId, message: ClaimMessage | AuctionMessage): void {
    this.#effects.push({ type: "send", to, message });
  }
  /** To the custodian with this index, unless that is this one. */
  sendTo(index: number, message: ClaimMessage): void {
    const peer = this.custodians[index];
    if (peer !== undefined && peer !== this.context.self) this.send(peer, message);
  }
  toOthers(message: ClaimMessage): void {
    for (const custodian of this.custodians) if (custodian !== this.context.self) this.send(custodian, message);
  }
  /** A fellow custodian is told the whole outcome, a contractor only its digest. */
  tell(to: PeerId, value: Value): void {
    const whole = this.indexOf(to) >= 0 ? value : undefined;
    this.send(to, { type: "decided", task: this.task, digest: value.outcome.digest, value: whole });
  }
  store(now: number): Extract<ClaimMessage, { type: "store" }> {
    const left_ms = Math.max(0, this.due - now);
    return { type: "store", task: this.task, document: this.document, input: this.input, left_ms };
  }

  keep(): void {
    const { acceptor, decided } = this;
    const ballot = acceptor.accepted?.ballot ?? acceptor.promised;
    const record: CustodyRecord = {
      kind: "custody",
      document: this.document,
      due_ms: this.#due_ms,
      promised: acceptor.promised,
      accepted: decided === undefined ? acceptor.accepted : { ballot, value: decided },
      decided: decided !== undefined,
      awarded: this.#awarded,
      attempts: [...this.account.attempts],
      told: this.account.told,
      cancel: this.cancel,
    };
    this.push({ type: "keep", key: `task/${this.task}`, record });
  }
  keepInput(): void {
    this.push({ type: "keep", key: `input/${this.task}`, record: { kind: "input", text: this.input } });
  }

  // --- awards and who lives by them ---

  /** Awards that it remembers. */
  get awards(): number {
    return this.#awards.size;
  }
  /** The last award that this node signed as conductor. */
  get awarded(): Signed<AwardDocument> | undefined {
    return this.#awarded;
  }
  /** Signs the ballot away, or keeps it (no contractor). The caller keeps the custody before anybody hears of it. */
  sign(ballot: Ballot, contractor: PeerId | null): Signed<AwardDocument> {
    const { network } = this.document.value;
    const award = this.context.seal({ kind: "award" as const, network, task: this.task, ballot, contractor });
    this.#awarded = award;
    this.#remember(award);
    return award;
  }
  /** The contractor of the last award has given up. */
  release(award: Signed<AwardDocument>): void {
    if (this.#live?.award.digest === award.digest) this.#live = undefined;
    if (this.#awarded?.digest === award.digest) this.#awarded = undefined;
  }

  /** CLAIM-14: remembers the award of each ballot; a second, different one convicts its conductor. */
  equivocates(award: Signed<AwardDocument>): boolean {
    const fence = fenceOf(award.value.ballot);
    const known = this.#awards.get(fence);
    if (known !== undefined && equivocal(known, award)) {
      if (this.#accused.includes(fence)) return true;
      this.#accused.push(fence);
      this.note({ type: "equivocation", task: this.task, conductor: award.signer, ballot: award.value.ballot });
      this.push({ type: "accuse", first: known, second: award });
      return true;
    }
    if (known === undefined) this.#remember(award);
    return false;
  }
  /** Whether a higher ballot is known to have gone to somebody else. */
  replaced(award: Signed<AwardDocument>): boolean {
    for (const known of this.#awards.values()) {
      const higher = compareBallots(known.value.ballot, award.value.ballot) > 0;
      if (higher && known.value.contractor !== award.value.contractor) return true;
    }
    return false;
  }

  /** The holder of this award was heard from: it lives for a lease. */
  hear(award: Signed<AwardDocument>, now: number): void {
    if (award.value.contractor === null) return;
    const newer = this.#live !== undefined && compareBallots(this.#live.award.value.ballot, award.value.ballot) > 0;
    if (!newer) this.#live = { award, until: now + this.document.value.lease_ms };
  }
  /** The award of a contractor heard within its lease. */
  live(now: number): Signed<AwardDocument> | undefined {
    return this.#live !== undefined && now < this.#live.until ? this.#live.award : undefined;
  }
  /** The contractor heard last, alive or not. */
  get heard(): PeerId | undefined {
    return this.#live?.award.value.contractor ?? undefined;
  }

  #remember(award: Signed<AwardDocument>): void {
    this.#awards.set(fenceOf(award.value.ballot), award);
    if (this.#awards.size <= LIMITS.account_entries) return;
    // The oldest goes: what fences is the newest.
    const [oldest] = this.#awards.keys();
    if (oldest !== undefined) this.#awards.delete(oldest);
  }
}

export function liveOf(award: Signed<AwardDocument>): Live | undefined {
  const { contractor, ballot } = award.value;
  return contractor === null ? undefined : { contractor, ballot };
}

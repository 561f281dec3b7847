/**
 * What one peer knows of everybody's rights, and what it lets them do. Rights come with a connection (the chain that a peer
 * presented) and with cards; revocations come from anybody and count as `revocations.ts` says. It judges, and remembers verdicts
 * for as long as they hold; refusing is done where a message enters. Nobody wakes it: it is asked.
 *
 * It counts for itself alone: `rate_per_min` and `concurrency` hold at each peer that an announcer calls, not over all of them.
 */
import { type Digest, LIMITS, type Network, type PeerId, Signed, type TaskId } from "../kernel/mod.ts";
import type { Open } from "../kernel/wire.ts";
import { type Act, broken } from "./bounds.ts";
import { grantDocument } from "./documents.ts";
import { PERMISSIONS } from "./limits.ts";
import { type Revocation, Revocations } from "./revocations.ts";
import { type Grant, holds, type Rights, type Verdict, verify } from "./verify.ts";

export interface PermissionOptions {
  readonly roots: readonly PeerId[];
  readonly open: Open;
  /** Its own chain, as envelopes. */
  readonly chain: readonly string[];
}

/** The chain on the card that is held of a peer. */
export type CardChain = (peer: PeerId) => readonly string[] | undefined;

interface Judged {
  readonly seals: readonly string[];
  readonly version: number;
  readonly until: number;
  readonly verdict: Verdict;
}

const MINUTE_MS = 60_000;
const MISSING: Verdict = { ok: false, why: "missing", at: 0 };
/** A bad verdict may become a good one by time alone. */
const DOUBT_MS = 1_000;

export class Warden {
  readonly #network: Network;
  readonly #options: PermissionOptions;
  readonly #card: CardChain;
  readonly #revocations = new Revocations();
  /** Of connected peers: what they presented. */
  readonly #presented = new Map<PeerId, readonly string[]>();
  readonly #judged = new Map<PeerId, Judged>();
  readonly #announced = new Map<PeerId, { readonly since: number; readonly tasks: Set<TaskId> }>();

  constructor(network: Network, options: PermissionOptions, card: CardChain) {
    this.#network = network;
    this.#options = options;
    this.#card = card;
  }

  // --- rights ---

  present(peer: PeerId, chain: readonly string[]): void {
    this.#presented.set(peer, chain);
  }
  gone(peer: PeerId): void {
    this.#presented.delete(peer);
  }

  /** What a chain is worth in the hands of that peer. */
  judge(peer: PeerId, seals: readonly string[], wall: number): Verdict {
    const known = this.#judged.get(peer);
    const fresh = known !== undefined && known.version === this.#revocations.version && wall < known.until;
    if (fresh && sameTexts(known.seals, seals)) return known.verdict;
    const verdict = this.#verify(peer, seals, wall);
    const until = verdict.ok ? verdict.rights.expires_ms : wall + DOUBT_MS;
    const [oldest] = this.#judged.keys();
    if (this.#judged.size >= LIMITS.cards_max && oldest !== undefined) this.#judged.delete(oldest);
    this.#judged.delete(peer);
    this.#judged.set(peer, { seals, version: this.#revocations.version, until, verdict });
    return verdict;
  }

  /** The rights of a peer, by what it presented, or else by its card. */
  rightsOf(peer: PeerId, wall: number): Verdict {
    const presented = this.#presented.get(peer);
    const first = presented === undefined ? MISSING : this.judge(peer, presented, wall);
    if (first.ok) return first;
    const card = this.#card(peer);
    return card === undefined ? first : this.judge(peer, card, wall);
  }

  isMember(peer: PeerId, wall: number): boolean {
    return this.rightsOf(peer, wall).ok;
  }

  /** Why a peer may not do this; undefined: it may. `command` names one thing, as `execute/text.count@1`. */
  denies(peer: PeerId, command: string, wall: number, act: Act = {}): string | undefined {
    const verdict = this.rightsOf(peer, wall);
    if (!verdict.ok) return `its certificate is ${verdict.why}`;
    if (!holds(verdict.rights, command)) return `it may not ${command}`;
    const limit = broken(verdict.rights.limits, act);
    return limit === undefined ? undefined : `above its limit of ${limit}`;
  }

  /**
   * Whether a peer may read what these tasks refer to (PERM-11). Whoever takes part in work meets its data anyhow; a narrower member
   * reads what it is granted: all, or what belongs to one of the tasks.
   */
  mayRead(peer: PeerId, tasks: readonly TaskId[], wall: number): boolean {
    const verdict = this.rightsOf(peer, wall);
    if (!verdict.ok) return false;
    const { rights } = verdict;
    if (rights.commands.some((command) => /^(announce|execute)\//.test(command))) return true;
    return holds(rights, "read/*") || tasks.some((task) => holds(rights, `read/${task}`));
  }

  /** Counts an announcement: whether it is one too many of this minute. Repeats of a task are one. */
  isTooFrequent(
    announcer: PeerId,
    task: TaskId,
    { now, wall }: { readonly now: number; readonly wall: number },
  ): boolean {
    const most = this.#limitsOf(announcer, wall)?.rate_per_min;
    if (most === undefined) return false;
    const known = this.#announced.get(announcer);
    const counted =
      known !== undefined && now - known.since < MINUTE_MS ? known : { since: now, tasks: new Set<TaskId>() };
    if (counted.tasks.has(task)) return false;
    if (counted.tasks.size >= most) return true;
    counted.tasks.add(task);
    const [oldest] = this.#announced.keys();
    if (this.#announced.size >= PERMISSIONS.announcers_max && oldest !== undefined) this.#announced.delete(oldest);
    this.#announced.delete(announcer);
    this.#announced.set(announcer, counted);
    return false;
  }

  /** Tasks of this initiator that may be at work here at once. */
  placesOf(initiator: PeerId, wall: number): number {
    return this.#limitsOf(initiator, wall)?.concurrency ?? LIMITS.runs_max;
  }

  #limitsOf(peer: PeerId, wall: number): Rights["limits"] | undefined {
    const verdict = this.rightsOf(peer, wall);
    return verdict.ok ? verdict.rights.limits : undefined;
  }

  #verify(peer: PeerId, seals: readonly string[], wall: number): Verdict {
    const chain = this.#open(seals);
    if (typeof chain === "number") return { ok: false, why: "unreadable", at: chain };
    const { roots } = this.#options;
    const revoked = (grant: Digest, issuers: readonly PeerId[]) => this.#revocations.revoked(grant, issuers);
    const verdict = verify(chain, { network: this.#network, roots, wall, revoked });
    if (!verdict.ok) return verdict;
    const last = chain.length - 1;
    if (verdict.rights.holder !== peer) return { ok: false, why: "not-yours", at: last };
    return holds(verdict.rights, "member") ? verdict : { ok: false, why: "no-member", at: last };
  }

  /** The number of the first that is no grant, when one is not. One more than may be is enough to see that they are too many. */
  #open(seals: readonly string[]): Grant[] | number {
    const chain: Grant[] = [];
    for (const seal of seals.slice(0, PERMISSIONS.chain_max + 1)) {
      const opened = seal.length > PERMISSIONS.chain_chars ? undefined : this.#options.open(seal);
      const parsed = opened === undefined ? undefined : grantDocument.safeParse(opened.payload);
      if (opened === undefined || parsed?.success !== true) return chain.length;
      chain.push(new Signed(parsed.data, { ...opened, seal }));
    }
    return chain;
  }

  // --- revocations ---

  /** All that are held, for those that were away. */
  revocations(): readonly Revocation[] {
    return this.#revocations.all();
  }

  /** `news`: it is held now, and was not. `general`: it counts for every grant, whoever issued that. */
  learn(revocation: Revocation, wall: number): { readonly news: boolean; readonly general: boolean } {
    const stale = { news: false, general: false };
    const { value, signer, digest } = revocation;
    if (value.network !== this.#network || this.#revocations.has(digest)) return stale;
    const ends = value.grants.map(({ expires_ms }) => expires_ms);
    if (Math.max(...ends) > wall + PERMISSIONS.certificate_ms_max + LIMITS.clock_tolerance_ms) return stale;
    if (Math.max(...ends) + LIMITS.clock_tolerance_ms <= wall) return stale;
    const general = this.#options.roots.includes(signer) || this.#mayRevoke(revocation, wall);
    return { news: this.#revocations.add(revocation, general), general };
  }

  /** From the disk: what it counted for is not asked again, since the proof may have run out meanwhile. */
  restore(revocation: Revocation, general: boolean): void {
    this.#revocations.add(revocation, general);
  }

  /** Forgets what is over, and says what that was. */
  sweep(wall: number): readonly Digest[] {
    return this.#revocations.sweep(wall);
  }

  #mayRevoke({ signer, value }: Revocation, wall: number): boolean {
    if (value.proof.length === 0) return false;
    const verdict = this.#verify(signer, value.proof, wall);
    return verdict.ok && holds(verdict.rights, "revoke");
  }

  sizes(): { readonly revocations: number; readonly presented: number; readonly judged: number } {
    const { size: revocations } = this.#revocations;
    return { revocations, presented: this.#presented.size, judged: this.#judged.size };
  }
}

function sameTexts(one: readonly string[], other: readonly string[]): boolean {
  return one === other || (one.length === other.length && one.every((text, index) => text === other[index]));
}

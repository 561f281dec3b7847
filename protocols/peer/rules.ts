/**
 * Permissions at one peer, where a message enters: whose call is answered, whose task kept or done, whose bid taken, and how
 * revocations come, are kept and go on. There is none where the network names no roots. Woken by messages and by the ends of
 * revocations. What a chain is worth is said elsewhere (`permissions/`).
 */
import type { Cfp } from "../auction/wire.ts";
import type { TaskDocument } from "../claim/documents.ts";
import type { DirectoryMessage } from "../directory/wire.ts";
import { LIMITS, NEVER, type Network, type PeerId, type Signed, type Skill, type TaskId } from "../kernel/mod.ts";
import { endOf, type PermissionOptions, type Revocation, type Verdict, Warden } from "../permissions/mod.ts";
import type { Post } from "./post.ts";

export interface RulesOptions {
  readonly post: Post;
  readonly network: Network;
  readonly permissions: PermissionOptions;
  readonly grants: (peer: PeerId) => readonly string[] | undefined;
  readonly neighbours: () => Iterable<PeerId>;
}

type Revocations = Extract<DirectoryMessage, { type: "revocations" }>;

export class Rules {
  readonly #options: RulesOptions;
  readonly #post: Post;
  readonly #warden: Warden;
  #chain: readonly string[];

  constructor(options: RulesOptions) {
    const { post, network, permissions, grants } = options;
    this.#options = options;
    this.#post = post;
    this.#chain = permissions.chain;
    this.#warden = new Warden(network, permissions, (peer) => (peer === post.self ? this.#chain : grants(peer)));
  }

  // --- rights ---

  /** Its own, for its card. */
  get chain(): readonly string[] {
    return this.#chain;
  }
  renew(chain: readonly string[]): void {
    this.#chain = chain;
  }
  present(peer: PeerId, chain: readonly string[]): void {
    this.#warden.present(peer, chain);
  }
  gone(peer: PeerId): void {
    this.#warden.gone(peer);
  }
  judge(peer: PeerId, chain: readonly string[], wall: number): Verdict {
    return this.#warden.judge(peer, chain, wall);
  }
  rightsOf(peer: PeerId, wall: number): Verdict {
    return this.#warden.rightsOf(peer, wall);
  }
  mayRead(peer: PeerId, tasks: readonly TaskId[], wall: number): boolean {
    return this.#warden.mayRead(peer, tasks, wall);
  }
  isMember(peer: PeerId): boolean {
    return this.#warden.isMember(peer, this.#post.at.wall);
  }
  admitsCard(card: Signed<{ readonly grants?: readonly string[] | undefined }>, wall: number): boolean {
    return this.#warden.judge(card.signer, card.value.grants ?? [], wall).ok;
  }
  mayWork(peer: PeerId, skill: Skill): boolean {
    return this.#warden.denies(peer, `execute/${skill}`, this.#post.at.wall, { with: this.#post.self }) === undefined;
  }
  /** Why this peer itself may not announce. */
  deniesOwn(skill: Skill, input_bytes: number, deadline_ms: number): string | undefined {
    return this.#warden.denies(this.#post.self, `announce/${skill}`, this.#post.at.wall, { input_bytes, deadline_ms });
  }

  /** PERM-5: a call counts as its task's initiator's; who that is shows in the award. */
  deniesCall(conductor: PeerId, cfp: Cfp, price: number | undefined): boolean {
    const { at, self } = this.#post;
    const initiator = cfp.initiator ?? conductor;
    const { task, skill, input_bytes, left_ms: deadline_ms } = cfp;
    const act = { with: self, input_bytes, deadline_ms, cost: price };
    if (this.#warden.denies(initiator, `announce/${skill}`, at.wall, act) !== undefined) return true;
    const ours = { with: conductor, input_bytes, deadline_ms, cost: price };
    if (this.#warden.denies(self, `execute/${skill}`, at.wall, ours) !== undefined) return true;
    return this.#warden.isTooFrequent(initiator, task, at);
  }

  deniesTask({ signer, value }: Signed<TaskDocument>): boolean {
    const { skill, input_bytes, deadline_ms } = value;
    const act = { input_bytes, deadline_ms };
    return this.#warden.denies(signer, `announce/${skill}`, this.#post.at.wall, act) !== undefined;
  }

  /** `running`: tasks of this initiator that are at work here. */
  deniesAward(document: Signed<TaskDocument>, running: number): boolean {
    const { wall } = this.#post.at;
    const { signer, value } = document;
    const act = { with: this.#post.self, input_bytes: value.input_bytes, deadline_ms: value.deadline_ms };
    if (this.#warden.denies(signer, `announce/${value.skill}`, wall, act) !== undefined) return true;
    return !this.mayWork(this.#post.self, value.skill) || running >= this.#warden.placesOf(signer, wall);
  }

  deniesBid(bidder: PeerId, { value }: Signed<TaskDocument>, cost: number): boolean {
    const { skill, input_bytes, deadline_ms } = value;
    const act = { with: this.#post.self, input_bytes, deadline_ms, cost };
    return this.#warden.denies(bidder, `execute/${skill}`, this.#post.at.wall, act) !== undefined;
  }

  // --- revocations ---

  /** To a new neighbour: it may have been away. */
  greet(peer: PeerId): void {
    this.#tell(peer, this.#warden.revocations());
  }

  restore(revocation: Revocation, general: boolean): void {
    this.#warden.restore(revocation, general);
    this.#remind();
  }

  /** On the topic: gossip carries it on by itself. */
  heard(revocation: Revocation): void {
    this.#learn(revocation);
  }

  /** From a neighbour: what is new goes on to the others. */
  receive(from: PeerId, { revocations }: Revocations): void {
    const news = revocations.filter((revocation) => this.#learn(revocation));
    if (news.length === 0) return;
    for (const peer of this.#options.neighbours()) if (peer !== from) this.#tell(peer, news);
  }

  tick(): void {
    for (const id of this.#warden.sweep(this.#post.at.wall))
      this.#post.push({ type: "keep", key: `revocation/${id}`, record: null });
    this.#remind();
  }

  revocations(): readonly Revocation[] {
    return this.#warden.revocations();
  }
  sizes() {
    return this.#warden.sizes();
  }

  #learn(revocation: Revocation): boolean {
    const { news, general } = this.#warden.learn(revocation, this.#post.at.wall);
    if (!news) return false;
    const record = { kind: "revocation" as const, revocation, general };
    this.#post.push({ type: "keep", key: `revocation/${revocation.digest}`, record });
    this.#remind();
    return true;
  }

  /** As many to a frame as fit. */
  #tell(to: PeerId, revocations: readonly Revocation[]): void {
    let frame: Revocation[] = [];
    let chars = 0;
    for (const revocation of revocations) {
      const { length } = revocation.seal;
      if (frame.length >= 64 || chars + length > LIMITS.control_bytes - 1024) {
        this.#post.send(to, { type: "revocations", revocations: frame });
        frame = [];
        chars = 0;
      }
      frame.push(revocation);
      chars += length + 4;
    }
    if (frame.length > 0) this.#post.send(to, { type: "revocations", revocations: frame });
  }

  /** The next end of one, by the calendar that they are written in. */
  #remind(): void {
    const { now, wall } = this.#post.at;
    const ends = this.#warden.revocations().map(endOf);
    const left_ms = ends.length === 0 ? NEVER : Math.max(0, Math.min(...ends) - wall);
    this.#post.remind("revocations", left_ms === NEVER ? NEVER : now + left_ms);
  }
}

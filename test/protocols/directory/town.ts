/**
 * Directories alone, without the rest of a peer: enough to count what they say to each other in networks of hundreds. Time goes
 * in turns: what is said in one arrives in the next, alarms ring a little late, nothing is lost.
 */
import { Directory, type DirectoryEffect } from "../../../protocols/directory/mod.ts";
import { type AgentCard, type CardDocument, type PeerId, parseDigest, Random, Signed } from "../../../protocols/mod.ts";
import { HOME, peerName } from "../../../sim/mod.ts";
import { must } from "../stage.ts";

export type DirectoryEvent = Parameters<Directory["receive"]>[0];
type Told = DirectoryEvent extends infer E ? (E extends unknown ? Omit<E, "now" | "wall"> : never) : never;
type Sent = Extract<DirectoryEffect, { type: "send" }>;

const TURN_MS = 50;
const CALENDAR = 1_700_000_000_000;

interface Letter {
  readonly from: number;
  readonly to: PeerId;
  readonly message: Sent["message"];
}

/** A card as its peer would sign it. */
export function cardOf(peer: PeerId, change: Partial<CardDocument> = {}): Signed<CardDocument> {
  const { seq = 1, issued_ms = CALENDAR } = change;
  const terms = { version: "0.0.0", valid_ms: 600_000, uptime_ms: 0, addrs: [], agents: [], durable: true };
  const value: CardDocument = { kind: "card", network: HOME, ...terms, ...change, seq, issued_ms };
  return signed(value, peer);
}

export function signed<T>(value: T, signer: PeerId): Signed<T> {
  return new Signed(value, { signer, digest: must(parseDigest("0".repeat(64))), seal: `card of ${signer}` });
}

export class Town {
  readonly directories: readonly Directory[];
  readonly effects: { readonly node: number; readonly at: number; readonly effect: DirectoryEffect }[] = [];
  readonly #byName = new Map<PeerId, number>();
  #post: Letter[] = [];
  #now = 0;

  constructor(agents: readonly (readonly AgentCard[])[]) {
    this.directories = agents.map((_, index) => {
      const self = peerName(index);
      this.#byName.set(self, index);
      const seal = <T extends { readonly kind: string }>(document: T) => signed(document, self);
      return new Directory({
        self,
        network: HOME,
        version: "0.0.0",
        durable: true,
        random: new Random(index + 1),
        seal,
      });
    });
    for (const [index, offered] of agents.entries())
      this.tell(index, { type: "offer", agents: offered, addrs: [], seq: 0 });
  }

  get now(): number {
    return this.#now;
  }
  get wall(): number {
    return CALENDAR + this.#now;
  }

  at(index: number): Directory {
    return must(this.directories[index]);
  }

  known(index: number): ReturnType<Directory["known"]> {
    return this.at(index).known(this.#now);
  }

  connect(one: number, other: number): void {
    this.tell(one, { type: "connected", peer: peerName(other) });
    this.tell(other, { type: "connected", peer: peerName(one) });
  }

  /** What comes of it at once. Sent messages travel on by themselves; all but the many cards learned is remembered. */
  tell(index: number, event: Told): readonly DirectoryEffect[] {
    const effects = this.at(index).receive({ ...event, now: this.#now, wall: this.wall });
    for (const effect of effects) {
      if (effect.type !== "learned") this.effects.push({ node: index, at: this.#now, effect });
      if (effect.type === "send") this.#post.push({ from: index, to: effect.to, message: effect.message });
    }
    return effects;
  }

  run(for_ms: number): void {
    const until = this.#now + for_ms;
    while (this.#now < until) {
      this.#now = Math.min(until, this.#now + TURN_MS);
      const due = this.#post;
      this.#post = [];
      for (const { from, to, message } of due) {
        const index = this.#byName.get(to);
        if (index !== undefined) this.tell(index, { type: "message", from: peerName(from), message });
      }
      for (const [index, directory] of this.directories.entries())
        if (directory.deadline() <= this.#now) this.tell(index, { type: "tick" });
    }
  }
}

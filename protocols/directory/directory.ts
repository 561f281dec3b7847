/**
 * The directory at one peer: publisher of its own card, finder of others', and the cards that both know of. Woken by connections,
 * by cards that lapse and by whoever needs a skill. This is its door: events in, effects out, and what others ask of it.
 */
import type { Candidate } from "../auction/mod.ts";
import { type Instant, LIMITS, NOTHING, type PeerId, type Random, type Sizes, type Skill } from "../kernel/mod.ts";
import { Cards } from "./cards.ts";
import type { DirectoryEffect, DirectoryEvent, DirectoryOptions } from "./contract.ts";
import { Finder } from "./finder.ts";
import { Publisher } from "./publisher.ts";
import type { CardDocument } from "./wire.ts";

export type { DirectoryEffect } from "./contract.ts";

export class Directory {
  readonly #cards: Cards;
  readonly #publisher: Publisher;
  readonly #finder: Finder;
  readonly #random: Random;
  #effects: DirectoryEffect[] = [];

  constructor(options: DirectoryOptions) {
    const emit = (effect: DirectoryEffect) => {
      this.#effects.push(effect);
    };
    this.#random = options.random;
    this.#cards = new Cards(options.self, Math.min(LIMITS.cards_max, options.cards_max ?? LIMITS.cards_max));
    this.#publisher = new Publisher(options, emit);
    this.#finder = new Finder(options, this.#cards, emit);
  }

  deadline(): number {
    return Math.min(this.#publisher.deadline(), this.#finder.deadline());
  }

  receive(event: DirectoryEvent): readonly DirectoryEffect[] {
    this.#dispatch(event);
    if (event.now >= this.#publisher.deadline()) this.#publish(event);
    this.#finder.tick(event.now);
    if (this.#effects.length === 0) return NOTHING;
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #dispatch(event: DirectoryEvent): void {
    switch (event.type) {
      case "offer":
        this.#publisher.offer(event);
        return this.#publish(event);
      case "leave":
        this.#publisher.leave();
        return this.#publish(event);
      case "connected":
        return this.#finder.connect(event.peer);
      case "disconnected":
        return this.#finder.disconnect(event.peer);
      case "unreachable":
        return this.#finder.unreachable(event.peer);
      case "message":
        return this.#finder.receive(event, event.from, event.message);
      case "card":
        return this.#finder.fetched(event, event.card);
      case "found":
        return this.#finder.found(event.peers);
      case "need":
        return this.#finder.need(event.skill, event.enough, event.now);
      case "tick":
        return;
    }
  }

  #publish(at: Instant): void {
    this.#finder.announce(at, this.#publisher.publish(at));
  }

  // --- reading ---

  sizes(): Sizes<"cards" | "absent" | "connected" | "shelves" | "needs" | "news"> {
    return { ...this.#cards.sizes(), ...this.#finder.sizes() };
  }

  known(now: number): readonly {
    readonly peer: PeerId;
    readonly card: CardDocument;
    readonly present: boolean;
    readonly left_ms: number;
  }[] {
    return this.#cards.list(now);
  }

  /** Present peers with the skill, one best agent each. Valid until the next event: who keeps it, copies it. */
  candidates(skill: Skill): readonly Candidate[] {
    return this.#cards.skills.candidates(skill);
  }

  /** Thousandths of the known agents with the skill that a bid of this score beats; equals count half. */
  quality(skill: Skill, score: number): number {
    return this.#cards.skills.quality(skill, score, this.#random);
  }

  /** Fellow custodians for a task, best first (CLAIM-19). */
  custodians(count: number, nonce: string): PeerId[] {
    return this.#cards.custodians(count, nonce);
  }

  neighbours(): Iterable<PeerId> {
    return this.#cards.connected.keys();
  }

  /** The grants on the card that is held of a peer. */
  grants(peer: PeerId): readonly string[] | undefined {
    return this.#cards.get(peer)?.card.value.grants;
  }

  /** Agents of the whole network where so many are known here. */
  eligible(known: number): number {
    return Math.floor((known * this.#cards.population) / Math.max(1, this.#cards.size));
  }

  /** Whether a peer is known to have an agent with the skill. */
  offers(peer: PeerId, skill: Skill): boolean | undefined {
    return this.#cards.offers(peer, skill);
  }

  /** What a bid or refusal told of a peer's load. */
  noteLoad(peer: PeerId, load_permille: number): void {
    this.#cards.noteLoad(peer, load_permille);
  }
}

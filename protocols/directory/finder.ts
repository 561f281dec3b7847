/**
 * How a peer learns who is there: what its neighbours tell it, what it passes on, and when the DHT is asked. Woken by messages,
 * connections and by the turn of its gossip. The DHT is a hint and only one of two paths: digests between neighbours carry
 * cards as well, so poisoned or lost records cost time, never truth. What decides is the signature, the sequence number and the
 * expiry.
 *
 * It does not solve membership: a card of a peer that vanished stays until it lapses, marked as absent; and of a network that is
 * larger than `cards_max` it knows a part.
 */
import { type Instant, LIMITS, NEVER, type PeerId, type Signed, type Sizes, type Skill } from "../kernel/mod.ts";
import type { Cards } from "./cards.ts";
import type { DirectoryOptions, Emit } from "./contract.ts";
import { brokenContract } from "./contracts.ts";
import type { CardDocument, DirectoryMessage } from "./wire.ts";

type Digest = Extract<DirectoryMessage, { type: "digest" }>;

export class Finder {
  readonly #options: DirectoryOptions;
  readonly #cards: Cards;
  readonly #emit: Emit;
  /** Skills that this peer wanted lately: when, and when the DHT was asked for them. */
  readonly #needs = new Map<Skill, { needed_at: number; looked_at: number }>();
  #gossip_at = NEVER;
  /** Full digests that it may send to new neighbours before its next turn. */
  #greetings: number = LIMITS.greetings_max;
  /** Of whom the event at hand brought news. */
  #news: PeerId[] = [];

  constructor(options: DirectoryOptions, cards: Cards, emit: Emit) {
    this.#options = options;
    this.#cards = cards;
    this.#emit = emit;
  }

  deadline(): number {
    return this.#gossip_at;
  }
  sizes(): Sizes<"needs" | "news"> {
    return { needs: this.#needs.size, news: this.#news.length };
  }

  /** A new card of its own: to all neighbours. */
  announce(at: Instant, card: Signed<CardDocument>): void {
    if (this.#gossip_at === NEVER) this.#gossip_at = at.now + LIMITS.gossip_ms;
    this.#cards.put(card, { lapses_at: at.now + LIMITS.card_ms, changed: true });
    for (const peer of this.#cards.connected.keys()) this.#send(peer, { type: "cards", cards: [card] });
  }

  /** DIR-7: who was known to be here has heard the rest from others; and connections that come and go are no reason to talk. */
  connect(peer: PeerId): void {
    const strange = this.#cards.get(peer)?.present !== true && this.#greetings > 0;
    this.#cards.connect(peer);
    this.#cards.appear(peer);
    if (strange) this.#greetings -= 1;
    this.#send(peer, strange ? this.#digest(this.#cards.sample(this.#options.random), false) : this.#itself());
  }

  disconnect(peer: PeerId): void {
    this.#cards.disconnect(peer);
    this.#vanish(peer);
  }

  unreachable(peer: PeerId): void {
    if (!this.#cards.connected.has(peer)) this.#vanish(peer);
  }

  #vanish(peer: PeerId): void {
    if (this.#cards.vanish(peer)) this.#emit({ type: "left", peer });
  }

  // --- messages ---

  receive(at: Instant, from: PeerId, message: DirectoryMessage): void {
    switch (message.type) {
      case "digest":
        if (message.network !== this.#options.network) {
          const detail = `is of network ${message.network}`;
          this.#emit({ type: "refuse", from, clause: "DIR-1", detail });
          this.#emit({ type: "hang-up", peer: from });
          return;
        }
        return this.#compare(from, message);
      case "want":
        return this.#sendCards(from, message.peers);
      case "cards":
        for (const card of message.cards) this.#learn(at, card, from);
        return this.#spreadNews(from);
      case "revocations":
        return; // not of the directory's making
    }
  }

  /** What the DHT had under the name of a peer that was asked for. */
  fetched(at: Instant, card: Signed<CardDocument>): void {
    this.#learn(at, card, undefined);
    this.#spreadNews(undefined);
  }

  /** DIR-5: asks for what is newer there, of those that it would keep, and says what is newer here. */
  #compare(from: PeerId, { cards, news }: Digest): void {
    const want: PeerId[] = [];
    const newer: PeerId[] = [];
    let { room } = this.#cards;
    let mentioned = 0;
    for (const [peer, seq] of cards) {
      const mine = this.#cards.seqOf(peer);
      if (mine >= 0) mentioned += 1;
      if (seq < mine) newer.push(peer);
      if (seq <= mine || peer === this.#options.self) continue;
      if (mine < 0 && !this.#cards.connected.has(peer)) {
        if (room <= 0) continue;
        room -= 1;
      }
      want.push(peer);
    }
    if (want.length > 0) this.#send(from, { type: "want", peers: want });
    if (news) return;
    this.#cards.sampled(cards.length, mentioned);
    // A digest that is not full names all that there is: what it leaves out is not there.
    if (cards.length < LIMITS.digest_entries && mentioned < this.#cards.size) this.#missing(cards, newer);
    const told = newer.filter((peer) => peer !== from).slice(-LIMITS.digest_entries);
    if (told.length > 0) this.#sendCards(from, told);
  }

  #missing(cards: Digest["cards"], missing: PeerId[]): void {
    const there = new Set<PeerId>();
    for (const [peer] of cards) there.add(peer);
    for (const [peer] of this.#cards.all()) if (!there.has(peer)) missing.push(peer);
  }

  /** As many cards to a frame as fit. */
  #sendCards(to: PeerId, peers: readonly PeerId[]): void {
    let cards: Signed<CardDocument>[] = [];
    let bytes = 0;
    for (const peer of new Set(peers)) {
      const card = this.#cards.get(peer)?.card;
      if (card === undefined) continue;
      if (cards.length >= 32 || bytes + card.seal.length > LIMITS.control_bytes - 1024) {
        if (cards.length > 0) this.#send(to, { type: "cards", cards });
        cards = [];
        bytes = 0;
      }
      cards.push(card);
      bytes += card.seal.length + 4;
    }
    if (cards.length > 0) this.#send(to, { type: "cards", cards });
  }

  /** DIR-3, DIR-4, DIR-11: the newest card of each peer that is of this network, has not lapsed, and finds room. */
  #learn(at: Instant, card: Signed<CardDocument>, from: PeerId | undefined): void {
    const { value, signer } = card;
    const left_ms = value.issued_ms + value.valid_ms - at.wall;
    const early = value.issued_ms - at.wall > LIMITS.clock_tolerance_ms;
    const lapsed = left_ms < -LIMITS.clock_tolerance_ms;
    if (signer === this.#options.self || value.network !== this.#options.network || early || lapsed) return;
    if (this.#options.admits?.(card, at.wall) === false) return;
    const known = this.#cards.get(signer);
    if (known !== undefined && known.card.value.seq >= value.seq) {
      if (from === signer) this.#cards.appear(signer);
      return;
    }
    if (this.#dishonest(value, signer, from)) return;
    const { full } = this.#cards;
    const wanted = from === undefined || this.#cards.connected.has(signer);
    if (known === undefined && !this.#cards.makeRoom(wanted, this.#needs)) return;
    const changed = known === undefined || !sameOffer(known.card.value, value);
    const restarted = known !== undefined && value.uptime_ms < known.card.value.uptime_ms;
    const back = known?.present === false;
    const lapses_at = at.now + Math.max(LIMITS.clock_tolerance_ms, Math.min(left_ms, value.valid_ms));
    this.#cards.put(card, { lapses_at, changed });
    this.#emit({ type: "learned", card });
    if (changed || restarted || back) this.#emit({ type: "met", peer: signer, card: value });
    // Where one had to go for a stranger, nobody else waits for him.
    if ((changed || restarted) && (known !== undefined || !full)) this.#news.push(signer);
  }

  /** DIR-13: whoever says another digest than that of its skill would be taken at a word that it does not keep. */
  #dishonest(card: CardDocument, signer: PeerId, from: PeerId | undefined): boolean {
    const { digestOf } = this.#options;
    const broken = digestOf === undefined ? undefined : brokenContract(card, digestOf);
    if (broken === undefined) return false;
    const detail = `the card of ${signer} has another contract for ${broken.name} than it says`;
    // Who merely passed it on may be of a version that does not look.
    if (from === signer) this.#emit({ type: "refuse", from, clause: "DIR-13", detail });
    return true;
  }

  /** DIR-6: news travels on to a few neighbours at once. */
  #spreadNews(from: PeerId | undefined): void {
    if (this.#news.length === 0) return;
    const news = this.#news;
    this.#news = [];
    const [first, second] = news;
    const others: PeerId[] = [];
    for (const peer of this.#cards.connected.keys())
      if (peer !== from && !(second === undefined && peer === first)) others.push(peer);
    for (const peer of this.#options.random.pick(others, LIMITS.news_fanout)) {
      const told = news.filter((about) => about !== peer);
      this.#send(peer, this.#digest(told, true));
    }
  }

  #digest(peers: readonly PeerId[], news: boolean): DirectoryMessage {
    const cards = peers.map((peer): [PeerId, number] => [peer, Math.max(0, this.#cards.seqOf(peer))]);
    return { type: "digest", network: this.#options.network, news, cards };
  }

  #itself(): DirectoryMessage {
    return this.#digest([this.#options.self], true);
  }

  // --- needs ---

  /** The DHT is asked when the cards are too few, never while a task waits for the answer. */
  need(skill: Skill, enough: number, now: number): void {
    const need = this.#needed(skill, now);
    if (this.#cards.skills.count(skill) >= enough || now - need.looked_at < LIMITS.look_up_ms) return;
    need.looked_at = now;
    this.#emit({ type: "look-up", skill });
  }

  #needed(skill: Skill, now: number): { needed_at: number; looked_at: number } {
    const known = this.#needs.get(skill);
    if (known !== undefined) {
      known.needed_at = now;
      return known;
    }
    if (this.#needs.size >= LIMITS.receipts_max) this.#needs.clear();
    const need = { needed_at: now, looked_at: -LIMITS.look_up_ms };
    this.#needs.set(skill, need);
    return need;
  }

  found(peers: readonly PeerId[]): void {
    for (const peer of peers)
      if (!this.#cards.has(peer) && peer !== this.#options.self) this.#emit({ type: "fetch-card", peer });
  }

  // --- time ---

  tick(now: number): void {
    if (now < this.#gossip_at) return;
    const { random } = this.#options;
    this.#gossip_at = now + LIMITS.gossip_ms + random.below(LIMITS.gossip_ms >> 2);
    this.#greetings = LIMITS.greetings_max;
    for (const [skill, { needed_at }] of this.#needs) if (now - needed_at > LIMITS.card_ms) this.#needs.delete(skill);
    for (const peer of this.#cards.sweep(now)) this.#emit({ type: "left", peer });
    const [neighbour] = random.pick([...this.#cards.connected.keys()], 1);
    if (neighbour !== undefined) this.#send(neighbour, this.#digest(this.#cards.sample(random), false));
  }

  #send(to: PeerId, message: DirectoryMessage): void {
    this.#emit({ type: "send", to, message });
  }
}

/** Whether two cards of a peer say the same but for the time: then the later one is a renewal, and no news (DIR-6). */
function sameOffer(one: CardDocument, other: CardDocument): boolean {
  return (
    one.durable === other.durable &&
    one.version === other.version &&
    sameItems(one.grants ?? [], other.grants ?? []) &&
    sameItems(one.addrs, other.addrs) &&
    sameItems(one.agents, other.agents)
  );
}

/** Of the same peer's making, so that an order of keys of its own is no matter: at worst a renewal is taken for news. */
function sameItems(one: readonly unknown[], other: readonly unknown[]): boolean {
  if (one.length !== other.length) return false;
  return one.every((item, index) => item === other[index] || JSON.stringify(item) === JSON.stringify(other[index]));
}

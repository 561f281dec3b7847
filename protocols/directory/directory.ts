/**
 * The directory at one peer: publisher of its own card, finder of others'. Woken by connections, by cards that lapse and by
 * whoever needs a skill. The DHT is a hint and only one of two paths: digests between neighbours carry every card as well, so
 * poisoned or lost records cost time, never truth. What decides is the signature, the sequence number and the expiry.
 *
 * It does not solve membership: a card of a peer that vanished stays until it lapses, marked as absent.
 */
import { type Candidate, scoreOf } from "../auction/mod.ts";
import {
  byText,
  type Instant,
  LIMITS,
  NEVER,
  type Network,
  type PeerId,
  type Random,
  type Seal,
  type Signed,
  type Skill,
} from "../kernel/mod.ts";
import type { AgentCard, CardDocument, DirectoryMessage, SeqRecord } from "./wire.ts";

export interface DirectoryOptions {
  readonly self: PeerId;
  readonly network: Network;
  readonly version: string;
  readonly durable: boolean;
  readonly random: Random;
  readonly seal: Seal;
}

export type DirectoryEvent = Instant &
  (
    | {
        readonly type: "offer";
        readonly agents: readonly AgentCard[];
        readonly addrs: readonly string[];
        readonly seq: number;
      }
    | { readonly type: "connected"; readonly peer: PeerId }
    | { readonly type: "disconnected"; readonly peer: PeerId }
    | { readonly type: "unreachable"; readonly peer: PeerId }
    | { readonly type: "message"; readonly from: PeerId; readonly message: DirectoryMessage }
    | { readonly type: "card"; readonly card: Signed<CardDocument> }
    | { readonly type: "found"; readonly peers: readonly PeerId[] }
    /** Somebody is about to need agents with this skill. */
    | { readonly type: "need"; readonly skill: Skill; readonly enough: number }
    | { readonly type: "leave" }
    | { readonly type: "tick" }
  );

export type DirectoryEffect =
  | { readonly type: "keep"; readonly key: string; readonly record: SeqRecord }
  | { readonly type: "send"; readonly to: PeerId; readonly message: DirectoryMessage }
  | { readonly type: "advertise"; readonly card: Signed<CardDocument>; readonly skills: readonly Skill[] }
  | { readonly type: "learned"; readonly card: Signed<CardDocument> }
  | { readonly type: "look-up"; readonly skill: Skill }
  | { readonly type: "fetch-card"; readonly peer: PeerId }
  | { readonly type: "hang-up"; readonly peer: PeerId }
  | { readonly type: "refuse"; readonly from: PeerId; readonly clause: string; readonly detail: string }
  | { readonly type: "met"; readonly peer: PeerId; readonly card: CardDocument }
  | { readonly type: "left"; readonly peer: PeerId };

interface Known {
  readonly card: Signed<CardDocument>;
  readonly lapses_at: number;
  /** False once the peer could not be reached, until it shows itself again. */
  present: boolean;
  load_permille: number;
}

export class Directory {
  readonly #options: DirectoryOptions;
  readonly #cards = new Map<PeerId, Known>();
  readonly #connected = new Set<PeerId>();
  readonly #looked = new Map<Skill, number>();
  #own: { agents: readonly AgentCard[]; addrs: readonly string[]; seq: number } = { agents: [], addrs: [], seq: 0 };
  #started: number | undefined;
  #leaving = false;
  #renew_at = NEVER;
  #gossip_at = NEVER;
  #effects: DirectoryEffect[] = [];

  constructor(options: DirectoryOptions) {
    this.#options = options;
  }

  deadline(): number {
    return Math.min(this.#renew_at, this.#gossip_at);
  }

  receive(event: DirectoryEvent): readonly DirectoryEffect[] {
    this.#effects = [];
    this.#started ??= event.now;
    switch (event.type) {
      case "offer":
        this.#own = { agents: event.agents, addrs: event.addrs, seq: Math.max(this.#own.seq, event.seq) };
        this.#publish(event);
        break;
      case "connected":
        this.#connect(event.peer);
        break;
      case "disconnected":
        this.#connected.delete(event.peer);
        this.#absent(event.peer);
        break;
      case "unreachable":
        if (!this.#connected.has(event.peer)) this.#absent(event.peer);
        break;
      case "message":
        this.#message(event, event.from, event.message);
        break;
      case "card":
        this.#learn(event, event.card, undefined);
        break;
      case "found":
        for (const peer of event.peers)
          if (!this.#cards.has(peer) && peer !== this.#options.self) this.#effects.push({ type: "fetch-card", peer });
        break;
      case "need":
        this.#need(event.skill, event.enough, event.now);
        break;
      case "leave":
        this.#own = { ...this.#own, agents: [] };
        this.#leaving = true;
        this.#publish(event);
        break;
      case "tick":
        break;
    }
    this.#tick(event);
    return this.#effects;
  }

  // --- reading ---

  known(now: number): readonly {
    readonly peer: PeerId;
    readonly card: CardDocument;
    readonly present: boolean;
    readonly left_ms: number;
  }[] {
    return [...this.#cards]
      .map(([peer, { card, present, lapses_at }]) => ({
        peer,
        card: card.value,
        present,
        left_ms: Math.max(0, lapses_at - now),
      }))
      .sort((left, right) => byText(left.peer, right.peer));
  }

  /** Present peers with the skill, one best agent each. */
  candidates(skill: Skill): Candidate[] {
    const candidates: Candidate[] = [];
    for (const [peer, known] of this.#cards) {
      if (!known.present) continue;
      let best: Candidate | undefined;
      for (const agent of known.card.value.agents) {
        const card = agent.skills.find(({ name }) => name === skill);
        if (card === undefined) continue;
        const candidate = {
          peer,
          agent: agent.name,
          cost: card.cost,
          expected_ms: card.expected_ms,
          load_permille: known.load_permille,
        };
        if (best === undefined || scoreOf(candidate, { done: 0, failed: 0 }) < scoreOf(best, { done: 0, failed: 0 }))
          best = candidate;
      }
      if (best !== undefined) candidates.push(best);
    }
    return candidates.sort((left, right) => byText(left.peer, right.peer));
  }

  /** Thousandths of the known agents with the skill that a bid of this score beats; equals count half. */
  quality(skill: Skill, score: number): number {
    const all = this.candidates(skill).map((candidate) => scoreOf(candidate, { done: 0, failed: 0 }));
    if (all.length === 0) return 500;
    const worse = all.filter((other) => other > score).length;
    const equal = all.filter((other) => other === score).length;
    return Math.floor(((worse + this.#options.random.below(equal + 1)) * 1000) / all.length);
  }

  /**
   * Fellow custodians for a task (CLAIM-1): connected, durable, on machines of their own where possible, up for longest (beyond
   * a day all are equal: who boasts gains nothing); ties fall by `spreadOf`, so that tasks spread over equals.
   */
  custodians(count: number, spreadOf: (peer: PeerId) => number): PeerId[] {
    const fit = [...this.#cards]
      .filter(
        ([peer, { card, present }]) =>
          peer !== this.#options.self && present && card.value.durable && this.#connected.has(peer),
      )
      .map(([peer, { card }]) => ({
        peer,
        machine: machineOf(card.value),
        hours: Math.min(24, Math.floor(card.value.uptime_ms / 3_600_000)),
        tie: spreadOf(peer),
      }))
      .sort((left, right) => right.hours - left.hours || left.tie - right.tie || byText(left.peer, right.peer));
    const chosen: typeof fit = [];
    const machines = new Set<string>();
    for (const distinct of [true, false]) {
      for (const one of fit) {
        if (chosen.length >= count || chosen.includes(one) || (distinct && machines.has(one.machine))) continue;
        chosen.push(one);
        machines.add(one.machine);
      }
    }
    return chosen.map(({ peer }) => peer);
  }

  /** Whether a peer is known to have an agent with the skill. */
  offers(peer: PeerId, skill: Skill): boolean {
    const agents = this.#cards.get(peer)?.card.value.agents ?? [];
    return agents.some(({ skills }) => skills.some(({ name }) => name === skill));
  }

  /** What a bid or refusal told of a peer's load. */
  noteLoad(peer: PeerId, load_permille: number): void {
    const known = this.#cards.get(peer);
    if (known !== undefined) known.load_permille = load_permille;
  }

  // --- publisher ---

  #publish(at: Instant): void {
    const { self, network, version, durable, seal } = this.#options;
    const seq = Math.max(this.#own.seq + 1, at.wall);
    this.#own.seq = seq;
    const { agents, addrs } = this.#own;
    const uptime_ms = at.now - (this.#started ?? at.now);
    const card: Signed<CardDocument> = seal({
      kind: "card" as const,
      network,
      version,
      seq,
      issued_ms: at.wall,
      valid_ms: LIMITS.card_ms,
      uptime_ms,
      addrs: [...addrs],
      agents: [...agents],
      // Who leaves is not asked to keep anything for others.
      durable: durable && !this.#leaving,
    });
    this.#renew_at = at.now + Math.floor(LIMITS.card_ms / 3);
    if (this.#gossip_at === NEVER) this.#gossip_at = at.now + LIMITS.gossip_ms;
    this.#cards.set(self, { card, lapses_at: at.now + LIMITS.card_ms, present: true, load_permille: 0 });
    this.#effects.push({ type: "keep", key: "seq", record: { kind: "seq", seq } });
    const skills = [...new Set(agents.flatMap((agent) => agent.skills.map(({ name }) => name)))];
    this.#effects.push({ type: "advertise", card, skills });
    for (const peer of this.#connected) this.#send(peer, { type: "cards", cards: [card] });
  }

  // --- finder ---

  #connect(peer: PeerId): void {
    this.#connected.add(peer);
    const known = this.#cards.get(peer);
    if (known !== undefined) known.present = true;
    this.#send(peer, this.#digest([...this.#cards.keys()], false));
  }

  #absent(peer: PeerId): void {
    const known = this.#cards.get(peer);
    if (known === undefined || !known.present || peer === this.#options.self) return;
    known.present = false;
    this.#effects.push({ type: "left", peer });
  }

  #message(at: Instant, from: PeerId, message: DirectoryMessage): void {
    switch (message.type) {
      case "digest":
        if (message.network !== this.#options.network) {
          this.#effects.push(
            { type: "refuse", from, clause: "DIR-1", detail: `is of network ${message.network}` },
            { type: "hang-up", peer: from },
          );
          return;
        }
        return this.#compare(from, message);
      case "want":
        return this.#sendCards(from, message.peers);
      case "cards":
        for (const card of message.cards) this.#learn(at, card, from);
        return;
    }
  }

  /** DIR-5: asks for what is newer there; a full digest is answered with what is newer here. */
  #compare(from: PeerId, { cards, news }: Extract<DirectoryMessage, { type: "digest" }>): void {
    const there = new Map(cards);
    const want = cards
      .filter(([peer, seq]) => peer !== this.#options.self && seq > (this.#cards.get(peer)?.card.value.seq ?? -1))
      .map(([peer]) => peer);
    if (want.length > 0) this.#send(from, { type: "want", peers: want });
    if (news) return;
    const newer = [...this.#cards]
      .filter(([peer, { card }]) => peer !== from && card.value.seq > (there.get(peer) ?? -1))
      .map(([peer]) => peer);
    if (newer.length > 0) this.#sendCards(from, newer.slice(0, LIMITS.digest_entries));
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

  /** DIR-3, DIR-4: the newest card of each peer that is of this network and has not lapsed. */
  #learn(at: Instant, card: Signed<CardDocument>, from: PeerId | undefined): void {
    const { value, signer } = card;
    const left_ms = value.issued_ms + value.valid_ms - at.wall;
    const early = value.issued_ms - at.wall > LIMITS.clock_tolerance_ms;
    const before = this.#cards.get(signer);
    if (
      signer === this.#options.self ||
      value.network !== this.#options.network ||
      early ||
      left_ms < -LIMITS.clock_tolerance_ms
    )
      return;
    if (before !== undefined && before.card.value.seq >= value.seq) {
      if (from === signer) before.present = true;
      return;
    }
    if (before === undefined && this.#cards.size >= LIMITS.cards_max) this.#evict();
    const lapses_at = at.now + Math.max(LIMITS.clock_tolerance_ms, Math.min(left_ms, value.valid_ms));
    this.#cards.set(signer, { card, lapses_at, present: true, load_permille: before?.load_permille ?? 0 });
    this.#effects.push({ type: "learned", card }, { type: "met", peer: signer, card: value });
    this.#spreadNews(signer, from);
  }

  /** DIR-6: news travels on to a few neighbours at once. */
  #spreadNews(about: PeerId, from: PeerId | undefined): void {
    const others = [...this.#connected].filter((peer) => peer !== from && peer !== about);
    for (const peer of this.#options.random.pick(others, LIMITS.news_fanout))
      this.#send(peer, this.#digest([about], true));
  }

  #evict(): void {
    for (const [peer, { present }] of this.#cards) {
      if (peer === this.#options.self || present) continue;
      this.#cards.delete(peer);
      return;
    }
    const [victim] = this.#options.random.pick(
      [...this.#cards.keys()].filter((peer) => peer !== this.#options.self),
      1,
    );
    if (victim !== undefined) this.#cards.delete(victim);
  }

  #digest(peers: readonly PeerId[], news: boolean): DirectoryMessage {
    const chosen =
      peers.length > LIMITS.digest_entries ? this.#options.random.pick(peers, LIMITS.digest_entries) : peers;
    const cards = chosen.map((peer): [PeerId, number] => [peer, this.#cards.get(peer)?.card.value.seq ?? 0]);
    return { type: "digest", network: this.#options.network, news, cards };
  }

  /** The DHT is asked when the cache has too few, never while a task waits for the answer. */
  #need(skill: Skill, enough: number, now: number): void {
    if (this.candidates(skill).length >= enough) return;
    const looked = this.#looked.get(skill);
    if (looked !== undefined && now - looked < LIMITS.look_up_ms) return;
    if (this.#looked.size >= LIMITS.receipts_max) this.#looked.clear();
    this.#looked.set(skill, now);
    this.#effects.push({ type: "look-up", skill });
  }

  #tick(at: Instant): void {
    if (at.now >= this.#renew_at) this.#publish(at);
    if (at.now < this.#gossip_at) return;
    this.#gossip_at = at.now + LIMITS.gossip_ms + this.#options.random.below(LIMITS.gossip_ms >> 2);
    for (const [peer, { lapses_at }] of this.#cards) {
      if (at.now < lapses_at || peer === this.#options.self) continue;
      this.#cards.delete(peer);
      this.#effects.push({ type: "left", peer });
    }
    const [neighbour] = this.#options.random.pick([...this.#connected], 1);
    if (neighbour !== undefined) this.#send(neighbour, this.#digest([...this.#cards.keys()], false));
  }

  #send(to: PeerId, message: DirectoryMessage): void {
    this.#effects.push({ type: "send", to, message });
  }
}

/** The host part of a card's first address: two peers with the same one share a machine. */
function machineOf(card: CardDocument): string {
  return card.addrs[0]?.split("/").slice(1, 3).join("/") ?? "";
}

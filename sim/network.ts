/**
 * How peers reach each other: streams, topics, connections and the DHT, as a driver on libp2p would show them to a machine.
 * Everybody is connected to everybody in reach; the DHT is a map that answers late and forgets nobody.
 */
import type { CardDocument, Effect, Message, PeerId, Signed, Skill, TopicDocument } from "../protocols/mod.ts";
import type { Ground } from "./ground.ts";
import type { Host } from "./host.ts";

/** A dial into silence is given up. */
const DIAL_MS = 2_000;
/** A connection that carries nothing is given up when its keep-alive is not answered. */
const KEEP_ALIVE_MS = 5_000;

export class Network {
  readonly #ground: Ground;
  readonly #providers = new Map<Skill, Set<PeerId>>();
  readonly #cards = new Map<PeerId, Signed<CardDocument>>();

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  send(host: Host, to: PeerId, message: Message): void {
    const { links, evidence, codec } = this.#ground;
    const target = this.#ground.hostOf(to);
    if (target === host) throw new Error(`peer ${host.index} sends itself a ${message.type}`);
    if (message.type === "accept-proposal" || message.type === "accept")
      evidence.award({ at: this.#ground.now, node: host.index }, message.award);
    evidence.count("task" in message ? message.task : undefined, message.type);
    const carried = codec.message(message);
    const copies = target?.peer === undefined ? [] : links.carry(host.index, target.index, message.type);
    for (const delay_ms of copies) this.#deliver(host, target, { delay_ms, message: carried });
    const cut = target !== undefined && links.isCut(host.index, target.index);
    if (target?.peer !== undefined && !cut && !links.slandered()) return;
    this.#ground.after(cut ? DIAL_MS : links.delay_ms(), () =>
      this.#ground.tell(host, (instant) => ({ ...instant, type: "unreachable", peer: to })),
    );
  }

  #deliver(host: Host, target: Host | undefined, { delay_ms, message }: { delay_ms: number; message: Message }): void {
    if (target === undefined) return;
    this.#ground.after(delay_ms, () =>
      this.#ground.tell(target, (instant) => ({ ...instant, type: "message", from: host.id, message })),
    );
  }

  publish(host: Host, shard: number | "all", said: TopicDocument): void {
    const { links, evidence, codec, hosts } = this.#ground;
    evidence.count("task" in said ? said.task : undefined, `publish ${said.kind}`);
    const document = codec.document(said);
    for (const target of hosts) {
      if (target === host || (shard !== "all" && target.peer?.topics().includes(shard) !== true)) continue;
      for (const delay_ms of links.carry(host.index, target.index)) {
        this.#ground.after(delay_ms, () =>
          this.#ground.tell(target, (instant) => ({ ...instant, type: "heard", signer: host.id, document })),
        );
      }
    }
  }

  // --- connections ---

  cut(from: Host, to: Host, oneWay: boolean): void {
    const { links } = this.#ground;
    links.cut(from.index, to.index);
    if (!oneWay) links.cut(to.index, from.index);
    this.#ground.after(KEEP_ALIVE_MS, () => {
      if (!links.isCut(from.index, to.index)) return;
      this.disconnect(from, to);
      this.disconnect(to, from);
    });
  }

  /** Connects a peer that is up to all that are up and in reach. */
  connect(host: Host): void {
    const { links, hosts } = this.#ground;
    for (const other of hosts) {
      const cut = links.isCut(host.index, other.index) || links.isCut(other.index, host.index);
      if (other === host || cut || host.peer === undefined || other.peer === undefined || host.connected.has(other))
        continue;
      this.#connected(host, other);
      this.#connected(other, host);
    }
  }

  #connected(host: Host, to: Host): void {
    host.connected.add(to);
    this.#ground.after(this.#ground.links.delay_ms(), () =>
      this.#ground.tell(host, (instant) => ({ ...instant, type: "connected", peer: to.id })),
    );
  }

  disconnect(host: Host, from: Host): void {
    if (!host.connected.delete(from)) return;
    this.#ground.after(this.#ground.links.delay_ms(), () =>
      this.#ground.tell(host, (instant) => ({ ...instant, type: "disconnected", peer: from.id })),
    );
  }

  // --- the DHT ---

  advertise({ card, skills }: Extract<Effect, { type: "advertise" }>): void {
    this.#ground.after(this.#ground.links.delay_ms(), () => {
      this.#cards.set(card.signer, card);
      for (const skill of skills)
        this.#providers.set(skill, (this.#providers.get(skill) ?? new Set()).add(card.signer));
    });
  }

  lookUp(host: Host, skill: Skill): void {
    const { links } = this.#ground;
    this.#ground.after(2 * links.delay_ms(), () => {
      const peers = links.blank() ? [] : [...(this.#providers.get(skill) ?? [])];
      this.#ground.tell(host, (instant) => ({ ...instant, type: "found", skill, peers }));
    });
  }

  fetch(host: Host, peer: PeerId): void {
    const { links } = this.#ground;
    this.#ground.after(2 * links.delay_ms(), () => {
      const card = this.#cards.get(peer);
      if (card !== undefined && !links.blank())
        this.#ground.tell(host, (instant) => ({ ...instant, type: "card", card }));
    });
  }
}

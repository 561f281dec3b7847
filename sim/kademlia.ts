/**
 * The DHT as a hint: provider records and cards under keys, found by iterative look-ups. `full` worlds answer after two delays.
 * In a `mesh`, a look-up is what Kademlia makes of it (Maymounkov and Mazières 2002): rounds that halve the distance by the
 * width of a bucket, each a dial (five one-way delays) and a request, time-outs on dead peers, several disjoint paths of which
 * the first to arrive answers. Tables, records and their holders are not modelled one by one: how many peers a table knows after a
 * while, and what share of them is dead, is.
 */
import type { CardDocument, PeerId, Signed, Skill } from "../protocols/mod.ts";
import type { Ground } from "./ground.ts";
import type { Host } from "./host.ts";

/** Bits of the key that one round settles, on average, with buckets of 20. */
const BITS_A_ROUND = 3;
const PATHS = 10;
const DIAL_DELAYS = 5;
/** A request to a dead peer. */
const TIMEOUT_US = 5_000_000;
/** Share of requests that go to a peer not yet connected. */
const COLD_PERMILLE = 800;

export class Kademlia {
  readonly #ground: Ground;
  readonly #full: boolean;
  readonly #providers = new Map<Skill, Set<PeerId>>();
  readonly #cards = new Map<PeerId, Signed<CardDocument>>();
  rpcs = 0;

  constructor(ground: Ground, topology: "full" | "mesh") {
    this.#ground = ground;
    this.#full = topology === "full";
  }

  advertise(host: Host, card: Signed<CardDocument>, skills: readonly Skill[]): void {
    this.#ground.after_us(this.#walk(host), () => {
      this.#cards.set(card.signer, card);
      for (const skill of skills)
        this.#providers.set(skill, (this.#providers.get(skill) ?? new Set()).add(card.signer));
    });
  }

  lookUp(host: Host, skill: Skill): void {
    const { links } = this.#ground;
    this.#ground.after_us(this.#walk(host), () => {
      const peers = links.blank() ? [] : this.#some(skill);
      this.#ground.tell(host, (instant) => ({ ...instant, type: "found", skill, peers }));
    });
  }

  fetch(host: Host, peer: PeerId): void {
    const { links } = this.#ground;
    this.#ground.after_us(this.#walk(host), () => {
      const card = this.#cards.get(peer);
      if (card !== undefined && !links.blank())
        this.#ground.tell(host, (instant) => ({ ...instant, type: "card", card }));
    });
  }

  /** Provider records name the 20 peers nearest to a key, and a skill has four keys. */
  #some(skill: Skill): readonly PeerId[] {
    const all = [...(this.#providers.get(skill) ?? [])];
    return this.#full || all.length <= 80 ? all : this.#ground.random.pick(all, 80);
  }

  /** How long the first of the disjoint paths takes, in µs. */
  #walk(host: Host): number {
    const { links, hosts, random } = this.#ground;
    const any = (): number => random.below(hosts.length);
    if (this.#full) return links.delay_us(host.index, any()) + links.delay_us(any(), host.index);
    const rounds = Math.max(1, Math.ceil((32 - Math.clz32(hosts.length)) / BITS_A_ROUND));
    let best = Number.POSITIVE_INFINITY;
    for (let path = 0; path < PATHS; path++) {
      let took = 0;
      for (let round = 0; round < rounds; round++) {
        const next = any();
        this.rpcs += 1;
        if (hosts[next]?.peer === undefined || links.isCut(host.index, next)) took += TIMEOUT_US;
        const delays = random.below(1000) < COLD_PERMILLE ? DIAL_DELAYS + 2 : 2;
        for (let delay = 0; delay < delays; delay++) took += links.delay_us(host.index, next);
      }
      best = Math.min(best, took);
    }
    return best;
  }
}

/**
 * The DHT as a hint: cards under their peers, peers under skills. Everything runs in the background, bounded in number and
 * time, and fails silently, because there is always the second way (digests on the mesh).
 */
import { hash } from "node:crypto";
import { type KadDHT, kadDHT, passthroughMapper } from "@libp2p/kad-dht";
import { CID } from "multiformats/cid";
import * as raw from "multiformats/codecs/raw";
import { create } from "multiformats/hashes/digest";
import {
  type CardDocument,
  LIMITS,
  type Network,
  type PeerId,
  type Signed,
  type Skill,
  spread,
} from "../../protocols/mod.ts";
import { HOST } from "./limits.ts";
import { ourPeer } from "./peers.ts";
import { DHT_PREFIX } from "./quotas.ts";
import { cardKey, type RecordsOptions, readCard, selectors, validators } from "./records.ts";

/** The multihash code of SHA-256. */
const SHA2_256 = 0x12;

export function dht(network: Network, records: RecordsOptions): ReturnType<typeof kadDHT> {
  return kadDHT({
    protocol: `/moot/${network}/kad/1.0.0`,
    datastorePrefix: DHT_PREFIX,
    clientMode: false,
    // Networks of this kind live on private addresses as well; what to dial is decided elsewhere.
    peerInfoMapper: passthroughMapper,
    allowQueryWithZeroPeers: true,
    validators: validators(records),
    selectors: selectors(records),
    alpha: 3,
    disjointPaths: 2,
    initialQuerySelfInterval: 5_000,
    querySelfInterval: LIMITS.card_ms,
    maxInboundStreams: HOST.connection_streams_in,
    reprovide: { validity: HOST.provider_ms, interval: HOST.reprovide_ms, threshold: HOST.provider_ms / 2 },
  });
}

export interface BackgroundOptions {
  readonly dht: KadDHT;
  readonly self: PeerId;
  readonly network: Network;
  readonly records: RecordsOptions;
  readonly stopped: AbortSignal;
  readonly learn: (peer: PeerId, addrs: readonly string[]) => void;
  readonly onFound: (skill: Skill, peers: readonly PeerId[]) => void;
  readonly onCard: (card: Signed<CardDocument>) => void;
}

export class Background {
  readonly #options: BackgroundOptions;
  readonly #looking = new Set<Skill>();
  readonly #fetching = new Set<PeerId>();
  readonly #fetches: PeerId[] = [];
  #advert: { readonly card: Signed<CardDocument>; readonly skills: readonly Skill[] } | undefined;
  #provided = new Set<Skill>();
  #advertising = false;
  #again = false;

  constructor(options: BackgroundOptions) {
    this.#options = options;
  }

  advertise(card: Signed<CardDocument>, skills: readonly Skill[]): void {
    this.#advert = { card, skills };
    this.readvertise();
  }

  /** The last advertisement once more, for neighbours that were not there before. */
  readvertise(): void {
    if (this.#advert === undefined) return;
    if (this.#advertising) this.#again = true;
    else void this.#advertise();
  }

  lookUp(skill: Skill): void {
    if (this.#looking.has(skill) || this.#looking.size >= HOST.look_ups_max) return;
    this.#looking.add(skill);
    void this.#lookUp(skill);
  }

  fetchCard(peer: PeerId): void {
    if (this.#fetching.has(peer) || this.#fetches.includes(peer) || this.#fetches.length >= HOST.fetch_queue) return;
    this.#fetches.push(peer);
    this.#fetchNext();
  }

  async #advertise(): Promise<void> {
    this.#advertising = true;
    do {
      this.#again = false;
      const advert = this.#advert;
      if (advert !== undefined) await this.#put(advert.card, new Set(advert.skills));
    } while (this.#again && !this.#options.stopped.aborted);
    this.#advertising = false;
  }

  async #put(card: Signed<CardDocument>, skills: ReadonlySet<Skill>): Promise<void> {
    const { dht, self, network } = this.#options;
    const own = spread(self) % LIMITS.skill_keys;
    await this.#quietly((signal) => exhaust(dht.put(cardKey(self), Buffer.from(card.seal, "base64"), { signal })));
    for (const skill of this.#provided)
      if (!skills.has(skill))
        await this.#quietly((signal) => dht.cancelReprovide(skillKey(network, skill, own), { signal }));
    this.#provided = new Set(skills);
    for (const skill of skills)
      await this.#quietly((signal) => exhaust(dht.provide(skillKey(network, skill, own), { signal })));
  }

  async #lookUp(skill: Skill): Promise<void> {
    const peers = new Set<PeerId>();
    const keys = Array.from({ length: LIMITS.skill_keys }, (_, index) => skillKey(this.#options.network, skill, index));
    await Promise.all(keys.map((key) => this.#quietly((signal) => this.#providers(key, { peers, signal }))));
    this.#looking.delete(skill);
    if (!this.#options.stopped.aborted) this.#options.onFound(skill, [...peers]);
  }

  async #providers(key: CID, { peers, signal }: { peers: Set<PeerId>; signal: AbortSignal }): Promise<void> {
    for await (const event of this.#options.dht.findProviders(key, { signal })) {
      if (event.name !== "PROVIDER") continue;
      for (const { id, multiaddrs } of event.providers) {
        const peer = ourPeer(id);
        if (peer === undefined || peer === this.#options.self) continue;
        peers.add(peer);
        if (multiaddrs.length > 0) this.#options.learn(peer, multiaddrs.map(String));
        if (peers.size >= HOST.found_max) return;
      }
    }
  }

  #fetchNext(): void {
    while (this.#fetching.size < HOST.fetches_max) {
      const peer = this.#fetches.shift();
      if (peer === undefined) return;
      this.#fetching.add(peer);
      void this.#quietly((signal) => this.#fetch(peer, signal)).then(() => {
        this.#fetching.delete(peer);
        this.#fetchNext();
      });
    }
  }

  async #fetch(peer: PeerId, signal: AbortSignal): Promise<void> {
    const { dht, records, onCard } = this.#options;
    for await (const event of dht.get(cardKey(peer), { signal })) {
      const card = event.name === "VALUE" ? readCard(peer, event.value, records) : undefined;
      if (card === undefined) continue;
      onCard(card);
      return;
    }
  }

  /** A hint that does not come is none: whatever a query throws is its own affair. */
  async #quietly(query: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { stopped } = this.#options;
    if (stopped.aborted) return;
    try {
      await query(AbortSignal.any([stopped, AbortSignal.timeout(HOST.dht_query_ms)]));
    } catch {
      // No peers, no answer, or not in time.
    }
  }
}

function skillKey(network: Network, skill: Skill, index: number): CID {
  const digest = hash("sha256", `moot/skill/${network}/${skill}/${index}`, "buffer");
  return CID.createV1(raw.code, create(SHA2_256, digest));
}

async function exhaust(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events);
}

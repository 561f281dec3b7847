/**
 * The memory that the DHT and the peer store write to: bounded, because whoever connects may write. When a kind is full the
 * oldest of it goes; one peer has its own bound of provider records. Nothing here outlives the process: it is all hints.
 */
import { MemoryDatastore } from "datastore-core";
import { Key } from "interface-datastore";
import { Recent } from "../envelope/mod.ts";
import { HOST } from "./limits.ts";

export const DHT_PREFIX = "/dht";
const RECORDS = `${DHT_PREFIX}/record/`;
const PROVIDERS = `${DHT_PREFIX}/provider/`;
const PEERS = "/peers/";

export class QuotaDatastore extends MemoryDatastore {
  readonly #kinds = [
    { prefix: RECORDS, max: HOST.dht_records_max, keys: new Set<string>() },
    { prefix: PROVIDERS, max: HOST.dht_providers_max, keys: new Set<string>() },
    { prefix: PEERS, max: HOST.peers_max, keys: new Set<string>() },
  ];
  /** Provider records are named after the skill's key, then the peer (whom the DHT has checked). */
  readonly #providers = new Recent<string, Set<string>>({ entries: HOST.dht_providers_max });

  override put(key: Key, value: Uint8Array): Key {
    const name = key.toString();
    const kind = this.#kinds.find(({ prefix }) => name.startsWith(prefix));
    if (kind !== undefined && !kind.keys.has(name)) {
      if (kind.prefix === PROVIDERS) this.#countProvider(name);
      kind.keys.add(name);
      const [oldest] = kind.keys;
      if (kind.keys.size > kind.max && oldest !== undefined) this.delete(new Key(oldest, false));
    }
    super.put(key, value);
    return key;
  }

  override delete(key: Key): void {
    const name = key.toString();
    for (const { keys } of this.#kinds) keys.delete(name);
    this.#providers.get(providerOf(name))?.delete(name);
    super.delete(key);
  }

  /** Entries of one kind. */
  count(prefix: string): number {
    return this.#kinds.find((kind) => kind.prefix === prefix)?.keys.size ?? 0;
  }

  #countProvider(name: string): void {
    const provider = providerOf(name);
    const own = this.#providers.get(provider) ?? new Set();
    own.add(name);
    const [oldest] = own;
    if (own.size > HOST.dht_provided_by_one_max && oldest !== undefined) this.delete(new Key(oldest, false));
    this.#providers.set(provider, own);
  }
}

function providerOf(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

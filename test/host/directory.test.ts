/** The DHT as a hint: cards and providers are found by whoever asks, and nothing else gets in. */

import { Key } from "interface-datastore";
import { afterEach, describe, expect, it } from "vitest";
import { makeOpen } from "../../node/envelope/mod.ts";
import { HOST } from "../../node/host/limits.ts";
import { QuotaDatastore } from "../../node/host/quotas.ts";
import { close, readCard, selectors, validators } from "../../node/host/records.ts";
import { card, home, must, type Station, skill, station, stopAll, until } from "./helpers.ts";

let stations: Station[] = [];
afterEach(async () => {
  await stopAll(stations);
  stations = [];
});

describe("five hosts", () => {
  it("find providers and cards through the DHT", async () => {
    const seed = await station();
    stations.push(seed);
    for (let count = 0; count < 4; count++) stations.push(await station({ join: [seed] }));
    await until(() => seed.host.connections().length === 4, "all joined");
    const [, provider, , , seeker] = stations.map(must);
    const advert = card(must(provider));
    must(provider).host.advertise(advert, [skill]);
    let asked = 0;
    await until(() => {
      if (must(seeker).found.length === asked) {
        asked += 1;
        must(seeker).host.lookUp(skill);
      }
      return must(seeker).found.some(({ peers }) => peers.includes(must(provider).id));
    }, "the provider found");
    must(seeker).host.fetchCard(must(provider).id);
    await until(() => must(seeker).cards.length === 1, "the card");
    expect(must(seeker).cards[0]).toEqual(advert);
  });
});

describe("a record", () => {
  it("is the newest valid card of the peer it is named after, or refused", async () => {
    const [one, two] = [await station(), await station()];
    stations.push(one, two);
    const options = { open: makeOpen(home), wall: Date.now };
    const bytes = (of: Station, seq: number) => Buffer.from(card(of, seq).seal, "base64");
    const validate = must(validators(options)["moot"]);
    const select = must(selectors(options)["moot"]);
    const key = (text: string) => Buffer.from(text);
    await validate(key(`/moot/${one.id}`), bytes(one, 1));
    for (const [name, value] of [
      [`/moot/${one.id}`, bytes(two, 1)],
      [`/moot/${one.id}`, Buffer.from("rubbish")],
      [`/moot/${one.id}/x`, bytes(one, 1)],
      ["/moot/", bytes(one, 1)],
      [`/other/${one.id}`, bytes(one, 1)],
    ] as const)
      expect(() => validate(key(name), value)).toThrow();
    expect(await select(key(`/moot/${one.id}`), [bytes(one, 1), bytes(one, 3), bytes(two, 9), bytes(one, 2)])).toBe(1);
    expect(readCard(one.id, bytes(one, 1), { ...options, wall: () => Date.now() + 24 * 3_600_000 })).toBeUndefined();
    expect(readCard(one.id, bytes(one, 1), { ...options, wall: () => Date.now() - 24 * 3_600_000 })).toBeUndefined();
  });

  it("of an inherited kind finds no validator", () => {
    const table = validators({ open: makeOpen(home), wall: Date.now });
    table["pk"] = () => undefined;
    close(table);
    for (const name of ["constructor", "toString", "__proto__", "pk"]) expect(table[name]).toBeUndefined();
  });
});

describe("the datastore", () => {
  it("holds so many of each kind, the newest, and so many of one provider", () => {
    const store = new QuotaDatastore();
    const value = new Uint8Array([1]);
    const count = (prefix: string) => store.count(prefix);
    for (let index = 0; index < HOST.dht_records_max + 100; index++) store.put(new Key(`/dht/record/${index}`), value);
    expect(count("/dht/record/")).toBe(HOST.dht_records_max);
    expect(store.has(new Key("/dht/record/0"))).toBe(false);
    expect(store.has(new Key(`/dht/record/${HOST.dht_records_max + 99}`))).toBe(true);
    for (let index = 0; index < 1_000; index++) store.put(new Key(`/dht/provider/cid${index}/greedy`), value);
    store.put(new Key("/dht/provider/cid1/modest"), value);
    expect(count("/dht/provider/")).toBe(HOST.dht_provided_by_one_max + 1);
    for (let index = 0; index < HOST.dht_providers_max + 10; index++)
      store.put(new Key(`/dht/provider/cid/p${index}`), value);
    expect(count("/dht/provider/")).toBe(HOST.dht_providers_max);
    store.put(new Key("/other"), value);
    expect(store.has(new Key("/other"))).toBe(true);
  });
});

/** The degree keeper on a clock and a network that the test moves. */
import { expect, it } from "vitest";
import { Degree } from "../../node/host/degree.ts";
import { HOST } from "../../node/host/limits.ts";
import { type PeerId, parsePeerId } from "../../protocols/mod.ts";
import { must } from "./helpers.ts";

const one = must(parsePeerId("12D3KooWQYV9dGMFoRzNStwpXztXaBUjtPqi6aU76ZgUriHhKust"));
const two = must(parsePeerId("12D3KooWN1Lqd5pXoLbpmbkrAUphwuzYjvPH4vniqTZ8tqNzPxUP"));

/** Dials hang until the test says how they end. */
function scene(join: readonly string[] = []) {
  let now = 0;
  const connected = new Set<PeerId>();
  const dials: { readonly to: string; readonly end: (success: boolean) => Promise<void> }[] = [];
  const dial = (to: string) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const end = async (success: boolean) => {
      if (success) resolve();
      else reject(new Error("nobody there"));
      for (let turns = 0; turns < 8; turns++) await Promise.resolve();
    };
    dials.push({ to, end });
    return promise;
  };
  const degree = new Degree({
    clock: () => now,
    connected: (peer) => connected.has(peer),
    connections: () => connected.size,
    dial: (peer) => dial(peer).then(() => void connected.add(peer)),
    join,
    dialJoin: async (address) => {
      await dial(address);
      connected.add(one);
      return one;
    },
  });
  const tick = (after_ms: number) => {
    now += after_ms;
    degree.tick();
  };
  return { degree, connected, dials, tick };
}

it("seeks until each address to join and each known member was tried, whatever came of it", async () => {
  const { degree, dials, tick } = scene(["/dns4/door"]);
  expect(degree.seeking).toBe(true);
  tick(0);
  await dials[0]?.end(true);
  expect(degree.seeking).toBe(false);

  degree.learn(one); // who is connected already needs no trial
  expect(degree.seeking).toBe(false);
  degree.learn(two);
  expect(degree.seeking).toBe(true);
  await dials[1]?.end(false);
  expect(degree.seeking).toBe(false);

  // Tried again for ever, but that is no news.
  tick(2 * HOST.degree_retry_ms_first);
  expect(dials.map(({ to }) => to)).toEqual(["/dns4/door", two, two]);
  expect(degree.seeking).toBe(false);
});

it("tells of each address to join whether it was tried, and why it failed last", async () => {
  const { degree, connected, dials, tick } = scene(["/dns4/door"]);
  const way = (tried: boolean, error?: string) => [{ address: "/dns4/door", tried, error }];
  tick(0);
  expect(degree.ways).toEqual(way(false));
  await dials[0]?.end(false);
  expect(degree.ways).toEqual(way(true, "nobody there"));
  tick(HOST.join_retry_ms_first);
  await dials[1]?.end(true);
  expect(degree.ways).toEqual(way(true));
  // Whoever was behind it is gone.
  connected.clear();
  tick(2 * HOST.join_retry_ms_first);
  await dials[2]?.end(false);
  expect(degree.ways).toEqual(way(true, "nobody there"));
});

it("dials a member although its other neighbours are no members that could be dialled", () => {
  const { degree, connected, dials } = scene();
  connected.add(one); // behind a router, say: it came to us, and told of no address
  degree.learn(two);
  expect(dials.map(({ to }) => to)).toEqual([two]);
});

it("dials no more than the degree takes, a few at a time", async () => {
  const { degree, connected, dials, tick } = scene();
  const members = Array.from({ length: 2 * HOST.degree }, (_, index) => `${one.slice(0, -2)}${10 + index}`);
  for (const text of members) degree.learn(must(parsePeerId(text.replaceAll("0", "z"))));
  expect(dials).toHaveLength(HOST.degree_parallel);
  for (let index = 0; index < HOST.degree; index++) {
    await dials[index]?.end(true);
    tick(0);
  }
  expect(connected.size).toBe(HOST.degree);
  expect(dials).toHaveLength(HOST.degree);
});

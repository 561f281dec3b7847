/** F4, a little of it: no decoder stumbles. `fuzz.long.test.ts` gives each 2,000 attempts, `npm run threats` 100,000. */
import { expect, test } from "vitest";
import { makeCast } from "../../node/tools/vectors/cast.ts";
import { decoders } from "./fuzz/decoders.ts";
import { faulty } from "./fuzz/faulty.ts";
import { fuzzAll, tryFuzz } from "./fuzz.ts";

test("no decoder throws what is not its own, thinks long, touches a prototype or keeps memory", async () => {
  const { attempted, passed, wrong } = await tryFuzz({ each: 25 });
  expect(wrong).toEqual([]);
  expect(passed).toBe(attempted);
});

test("a decoder that does any of these is found", async () => {
  const { alice } = await makeCast();
  for (const [what, decoder] of faulty()) {
    const { wrong } = await fuzzAll([decoder], { each: 4, seal: alice.seal });
    Reflect.deleteProperty(Object.prototype, "polluted");
    expect(wrong.join("\n"), decoder.name).toContain(what);
  }
});

test("every decoder has a name of its own", async () => {
  const { alice, bob } = await makeCast();
  const names = decoders(alice, bob).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

/** Work on many things, a few at a time: the test decides when each piece ends. */
import { expect, it } from "vitest";
import { workThrough } from "../../node/demo/at-once.ts";

function scene() {
  const begun: number[] = [];
  const ends = new Map<number, PromiseWithResolvers<void>>();
  const work = (item: number) => {
    begun.push(item);
    const end = Promise.withResolvers<void>();
    ends.set(item, end);
    return end.promise;
  };
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    begun,
    work,
    finish: (item: number) => {
      ends.get(item)?.resolve();
      return turn();
    },
    fail: (item: number) => ends.get(item)?.reject(new Error("it broke")),
  };
}

it("begins in order, never more at once than it may, and ends when all is done", async () => {
  const { begun, work, finish } = scene();
  const all = workThrough([1, 2, 3, 4], { at_once: 2 }, work);
  expect(begun).toEqual([1, 2]);
  await finish(2);
  expect(begun).toEqual([1, 2, 3]);
  await finish(3);
  await finish(1);
  await finish(4);
  await all;
  expect(begun).toEqual([1, 2, 3, 4]);
});

it("begins nothing more when its time is over, and finishes what it began", async () => {
  const { begun, work, finish } = scene();
  const all = workThrough([1, 2, 3, 4], { at_once: 2, until: performance.now() - 1 }, work);
  await finish(1);
  await finish(2);
  await all;
  expect(begun).toEqual([1, 2]);
});

it("fails when a piece fails", async () => {
  const { work, fail } = scene();
  const all = workThrough([1, 2], { at_once: 1 }, work);
  fail(1);
  await expect(all).rejects.toThrow("it broke");
});

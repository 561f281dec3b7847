/** The timing wheel against a sorted list, and the binary trace against what was written. */
import { describe, expect, test } from "vitest";
import { Random } from "../../protocols/mod.ts";
import { Trace } from "../../sim/engine/trace.ts";
import { Wheel } from "../../sim/engine/wheel.ts";

describe("the wheel", () => {
  const NEAR = [1, 5, 1_023, 1_024, 3_000, 1_048_576, 5_000_000, 2 ** 31, 2 ** 41, 2 ** 49];

  test.each([1, 2, 3, 4, 5])("takes events by time, then in the order of scheduling (seed %i)", (seed) => {
    const random = new Random(seed);
    const wheel = new Wheel<number>(-1);
    const reference: { at: number; order: number }[] = [];
    const byTime = (one: { at: number; order: number }, other: typeof one): number =>
      one.at - other.at || one.order - other.order;
    for (let order = 0; order < 3_000; order++) {
      const [span = 1] = random.pick(NEAR, 1);
      const at = wheel.now + Math.floor((random.word() / 2 ** 32) * span);
      wheel.push(at, { kind: 1, node: order, peer: 0, parent: 0, payload: order });
      reference.push({ at, order });
      if (random.chance(2)) continue;
      reference.sort(byTime);
      const until = wheel.now + random.below(4_000_000);
      const next = reference[0];
      if (!wheel.step(until)) {
        expect(next?.at ?? Number.POSITIVE_INFINITY).toBeGreaterThan(until);
        expect(wheel.now).toBe(until);
        continue;
      }
      expect({ at: wheel.now, order: wheel.payload }).toEqual(next);
      reference.shift();
    }
    for (const next of reference.sort(byTime)) {
      expect(wheel.step(2 ** 50)).toBe(true);
      expect({ at: wheel.now, order: wheel.payload }).toEqual(next);
    }
    expect(wheel.size).toBe(0);
    expect(wheel.step(2 ** 50)).toBe(false);
  });

  test("what comes too late happens now, and what lies beyond its reach is refused", () => {
    const wheel = new Wheel<string>("");
    const event = { kind: 1, node: 0, peer: 0, parent: 0 };
    wheel.push(100, { ...event, payload: "first" });
    wheel.step(1_000);
    wheel.push(5, { ...event, payload: "late" });
    expect([wheel.step(1_000), wheel.now, wheel.payload]).toEqual([true, 100, "late"]);
    expect(() => wheel.push(2 ** 50, { ...event, payload: "never" })).toThrow(RangeError);
  });
});

describe("the trace", () => {
  test("gives back what was written, over several chunks, times beyond 32 bits included", () => {
    const trace = new Trace(true);
    const at = (id: number): number => id * 2 ** 20;
    for (let id = 0; id < 200_000; id++) trace.push(at(id), id % 60, id, id % 7 === 0 ? -1 : id, -1, id - 1);
    for (const id of [0, 1, 65_535, 65_536, 131_072, 199_999]) {
      const peer = id % 7 === 0 ? -1 : id;
      expect(trace.at(id)).toEqual({ id, at_us: at(id), kind: id % 60, node: id, peer, task: -1, parent: id - 1 });
    }
    expect(trace.at(200_000)).toBeUndefined();
  });

  test("has one hash, whether records are kept or not, and another for any other word", () => {
    const written = (keep: boolean, odd = 0): string => {
      const trace = new Trace(keep);
      for (let id = 0; id < 100_000; id++) trace.push(id, 1, id === 70_000 ? odd : 0, 0, 0, 0);
      return trace.hash;
    };
    expect(written(false)).toBe(written(true));
    expect(written(true, 1)).not.toBe(written(true));
  });
});

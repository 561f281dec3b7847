/** Virtual time, processes and paths by themselves: what rings when, what a crash and a pause do, how segments travel. */
import { describe, expect, test } from "vitest";
import { Clock, Process } from "../../node/virtual/clock.ts";
import { Lane } from "../../node/virtual/lane.ts";
import { Paths } from "../../node/virtual/paths.ts";
import { VirtualTimers } from "../../node/virtual/timers.ts";
import { LAN, type NetworkModel } from "../../sim/mod.ts";

const MS = 1_000;

describe("timers", () => {
  test("ring in order of time and then of setting, with promises in between", async () => {
    const { clock, timers, seen } = stage();
    timers.setTimeout(() => seen("two"), 2);
    timers.setTimeout(() => {
      seen("one");
      void Promise.resolve().then(() => seen("its promise"));
    }, 1);
    timers.setTimeout(() => seen("one more"), 0.4);
    timers.setImmediate(() => seen("at once"));
    await clock.run(10 * MS);
    expect(seen.list).toEqual(["0 at once", "1 one", "1 its promise", "1 one more", "2 two"]);
  });

  test("repeat, stop, start anew", async () => {
    const { clock, timers, seen } = stage();
    const often = timers.setInterval(() => seen("often"), 3);
    const never = timers.setTimeout(() => seen("never"), 5);
    const later = timers.setTimeout(() => seen("later"), 5);
    timers.setTimeout(() => {
      timers.clear(never);
      later.refresh();
    }, 4);
    timers.setTimeout(() => timers.clear(often), 7);
    await clock.run(20 * MS);
    expect(seen.list).toEqual(["3 often", "6 often", "9 later"]);
  });

  test("a wait that is given up rejects, and its timer is gone", async () => {
    const { clock, timers, seen } = stage();
    const controller = new AbortController();
    timers.promises.setTimeout(5, "done", { signal: controller.signal }).catch(({ code }) => seen(code));
    timers.promises.setTimeout(6, "done").then((value) => seen(value ?? ""));
    timers.setTimeout(() => controller.abort(), 2);
    timers.abortAfter(4).addEventListener("abort", () => seen("late"));
    await clock.run(10 * MS);
    expect(seen.list).toEqual(["2 ABORT_ERR", "4 late", "6 done"]);
  });
});

describe("processes", () => {
  test("a process owns what its code sets, through promises", async () => {
    const { clock, timers } = stage();
    const [one, other] = [new Process(1, 1), new Process(2, 2)];
    other.skew_ms = 500;
    const owners: (number | undefined)[] = [];
    const wait = async (): Promise<void> => {
      await timers.promises.setTimeout(1);
      owners.push(clock.process?.index, clock.wall_ms % 1000);
    };
    clock.enter(one, () => void wait());
    clock.enter(other, () => void wait());
    await clock.run(5 * MS);
    expect(owners).toEqual([1, 1, 2, 501]);
    expect(clock.process).toBeUndefined();
  });

  test("a killed one does nothing any more; a paused one does it later, in order", async () => {
    const { clock, timers, seen } = stage();
    const [dead, paused] = [new Process(1, 1), new Process(2, 2)];
    for (const process of [dead, paused]) {
      clock.enter(process, () => {
        timers.setTimeout(() => seen(`${process.index} first`), 3);
        timers.setTimeout(() => seen(`${process.index} second`), 4);
      });
    }
    clock.after(2 * MS, () => {
      clock.kill(dead);
      clock.pause(paused, 5 * MS);
    });
    await clock.run(20 * MS);
    expect(seen.list).toEqual(["7 2 first", "7 2 second"]);
  });

  test("a slow one takes its time for each event", async () => {
    const { clock, timers, seen } = stage();
    const slow = new Process(1, 1);
    slow.slow_us = 4 * MS;
    clock.enter(slow, () => {
      for (const name of ["a", "b", "c"]) timers.setTimeout(() => seen(name), 1);
    });
    await clock.run(50 * MS);
    expect(seen.list).toEqual(["4 a", "8 b", "12 c"]);
  });
});

describe("paths", () => {
  test("segments travel side by side: a hundred at once take no longer than one", async () => {
    const { clock, lane, seen } = way({ ...LAN, delay_ms: 10 });
    for (let nth = 0; nth < 100; nth++) lane.send(100, () => seen(String(nth)));
    await clock.run(10 * MS);
    expect(seen.list).toEqual(Array.from({ length: 100 }, (_, nth) => `10 ${nth}`));
  });

  test("with delays that differ they arrive in order, within the delay of the slowest", async () => {
    const { clock, lane, seen } = way({ ...LAN, delay_ms: [10, 20] });
    for (let nth = 0; nth < 100; nth++) lane.send(100, () => seen(String(nth)));
    await clock.run(9 * MS);
    expect(seen.list).toEqual([]);
    await clock.run(11 * MS);
    expect(seen.list.map((line) => Number(line.split(" ")[1]))).toEqual([...Array(100).keys()]);
    expect(new Set(seen.list.map((line) => line.split(" ")[0])).size).toBeGreaterThan(1);
  });

  test("delays follow from the seed and the segment, not from other traffic", async () => {
    const times = async (seed: number, others: number): Promise<string[]> => {
      const { clock, paths, lane, seen } = way({ ...LAN, delay_ms: [10, 500] }, seed);
      const aside = new Lane({ clock, paths, from: 2, to: 1, connection: 0 });
      for (let nth = 0; nth < others; nth++) aside.send(100, () => undefined);
      for (const name of ["a", "b"]) lane.send(100, () => seen(name));
      await clock.run(1_000 * MS);
      return seen.list;
    };
    expect(await times(1, 50)).toEqual(await times(1, 0));
    expect(await times(2, 0)).not.toEqual(await times(1, 0));
  });

  test("what is lost comes later, and holds back what is behind it", async () => {
    const { clock, paths, lane, seen } = way({ ...LAN, delay_ms: 10 });
    paths.burst(1_000);
    lane.send(100, () => seen("lost"));
    paths.lull(1_000);
    lane.send(100, () => seen("behind"));
    await clock.run(60_000 * MS);
    expect(seen.list).toHaveLength(2);
    const [lost, behind] = seen.list.map((line) => Number(line.split(" ")[0]));
    expect(lost).toBeGreaterThanOrEqual(210);
    expect(behind).toBe(lost);
  });

  test("a cut holds one way only, and lets go when it heals", async () => {
    const { clock, paths, lane, back, seen } = way({ ...LAN, delay_ms: 10 });
    const cut = [{ from: 0, to: 1 }];
    paths.cut(cut);
    lane.send(100, () => seen("there"));
    back.send(100, () => seen("back"));
    await clock.run(1_000 * MS);
    expect(seen.list).toEqual(["10 back"]);
    lane.send(100, () => seen("after it"));
    paths.mend(cut);
    await clock.run(2_000 * MS);
    // Tried again after 200, 600 and 1,400 ms: the first one after the cut.
    expect(seen.list.slice(1)).toEqual(["1410 there", "1410 after it"]);
  });

  test("a way is open when the last of its cuts is mended, and a burst is over when the worst is", async () => {
    const { clock, paths, lane, seen } = way({ ...LAN, delay_ms: 10 });
    const [short, long] = [[{ from: 0, to: 1 }], [{ from: 0, to: 1 }]];
    paths.cut(short);
    paths.cut(long);
    lane.send(100, () => seen("there"));
    paths.mend(short);
    await clock.run(300 * MS);
    expect(paths.isCut(0, 1)).toBe(true);
    paths.mend(long);
    expect(paths.isCut(0, 1)).toBe(false);
    await clock.run(1_000 * MS);
    expect(seen.list).toEqual(["610 there"]);
    paths.burst(1_000);
    paths.burst(10);
    paths.lull(10);
    lane.send(100, () => seen("late"));
    paths.calm();
    lane.send(100, () => seen("behind"));
    await clock.run(60_000 * MS);
    expect(Number(seen.list[1]?.split(" ")[0])).toBeGreaterThanOrEqual(1_300 + 210);
  });

  test("an uplink is shared by all that its machine sends", async () => {
    const { clock, paths, lane, seen } = way({ ...LAN, delay_ms: 10, bandwidth_kbps: 800 });
    const aside = new Lane({ clock, paths, from: 0, to: 2, connection: 0 });
    lane.send(1_000, () => seen("first"));
    aside.send(1_000, () => seen("second"));
    await clock.run(100 * MS);
    expect(seen.list).toEqual(["20 first", "30 second"]);
  });
});

function stage() {
  const clock = new Clock(1);
  const list: string[] = [];
  const seen = Object.assign((what: string) => void list.push(`${Math.round(clock.now_us / MS)} ${what}`), { list });
  return { clock, timers: new VirtualTimers(clock), seen };
}

function way(model: NetworkModel, seed = 1) {
  const { clock, seen } = stage();
  const paths = new Paths({ clock, seed, model, regionOf: () => 0 });
  const lane = new Lane({ clock, paths, from: 0, to: 1, connection: 0 });
  const back = new Lane({ clock, paths, from: 1, to: 0, connection: 1 });
  return { clock, paths, lane, back, seen };
}

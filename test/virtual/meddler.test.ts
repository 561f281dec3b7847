/** What stands between machines and their driver, and how long a disk takes, by themselves: no node, no network. */
import { describe, expect, test } from "vitest";
import { Clock, Process } from "../../node/virtual/clock.ts";
import { Disk } from "../../node/virtual/disk.ts";
import { Meddler } from "../../node/virtual/meddler.ts";
import { type Effect, NEVER, parseSkill } from "../../protocols/mod.ts";
import { type Faults, NO_FAULTS, type PlannedFault, peerName } from "../../sim/mod.ts";

const MS = 1_000;
const OTHER = peerName(1);
const SAID: Effect = { type: "send", to: OTHER, message: { type: "want", peers: [] } };
const SKILL = must(parseSkill("text.count@1"));

describe("a meddler", () => {
  test("without faults hands on what it was given", () => {
    const wake: Effect = { type: "wake", at: 5 };
    const { said, effects, late, slandered, crash } = meddler({}).meddle([SAID, wake]);
    expect(said).toEqual([SAID, wake]);
    expect(effects).toEqual(said);
    expect([late, slandered, crash]).toEqual([[], [], undefined]);
  });

  test("takes messages out by their names: lost, twice, late", () => {
    const plan = (nth: number, fate: "lost" | "twice" | "late"): Extract<PlannedFault, { type: "message" }> => {
      return { type: "message", at_ms: 0, name: `want:::0:1:${nth}`, fate, late_ms: 70 };
    };
    const one = meddler({});
    one.named = new Map([plan(1, "lost"), plan(2, "twice"), plan(3, "late")].map((fault) => [fault.name, fault]));
    const [plain, lost, twice, late] = [1, 2, 3, 4].map(() => one.meddle([SAID]));
    expect([plain, lost, twice, late].map((made) => made?.effects.length)).toEqual([1, 0, 1, 0]);
    expect([plain, lost, twice, late].map((made) => made?.late.map(({ late_ms }) => late_ms))).toEqual([
      [],
      [],
      [70],
      [70],
    ]);
    // Whatever becomes of it, it was said.
    expect(lost?.said).toEqual([SAID]);
  });

  test("loses seven of ten muffled messages, doubles and slanders some, and draws each for itself", () => {
    const counts = (faults: Partial<Faults>) => {
      const all = meddler(faults).meddle(Array.from({ length: 1_000 }, () => SAID));
      return { sent: all.effects.length, late: all.late, slandered: all.slandered.length };
    };
    const muffled = counts({ muffled: ["want"] });
    expect(muffled.sent).toBeGreaterThan(250);
    expect(muffled.sent).toBeLessThan(350);
    expect(counts({ muffled: ["cfp"] }).sent).toBe(1_000);
    const twice = counts({ duplicate_permille: 200, slow_ms: 50 });
    expect(twice.sent).toBe(1_000);
    expect(twice.late.length).toBeGreaterThan(150);
    expect(twice.late.length).toBeLessThan(250);
    expect(Math.max(...twice.late.map(({ late_ms }) => late_ms))).toBeLessThan(50);
    const { slandered, sent } = counts({ slander_permille: 100 });
    expect(slandered).toBeGreaterThan(60);
    expect(slandered).toBeLessThan(140);
    expect(sent).toBe(1_000);
    // One fault more changes nothing about the others.
    expect(counts({ duplicate_permille: 200, slow_ms: 50, slander_permille: 100 })).toEqual({ ...twice, slandered });
  });

  test("lets alarms ring late, and leaves alone those that were called off", () => {
    const one = meddler({ late_ms: 100 });
    const rings = Array.from({ length: 200 }, () => one.meddle([{ type: "wake", at: 1_000 }]).effects).flat();
    const times = rings.map((effect) => (effect.type === "wake" ? effect.at : 0));
    expect(Math.min(...times)).toBeLessThan(1_010);
    expect(Math.max(...times)).toBeGreaterThan(1_090);
    expect(Math.max(...times)).toBeLessThan(1_100);
    expect(one.meddle([{ type: "wake", at: NEVER }]).effects).toEqual([{ type: "wake", at: NEVER }]);
  });

  test("keeps back what a blank look-up found, once", () => {
    const one = meddler({ blank_permille: 1_000 });
    one.meddle([
      { type: "look-up", skill: SKILL },
      { type: "fetch-card", peer: OTHER },
    ]);
    expect([one.found(SKILL, [OTHER]), one.found(SKILL, [OTHER])]).toEqual([[], [OTHER]]);
    expect([one.shows(OTHER), one.shows(OTHER)]).toEqual([false, true]);
  });

  test("crashes a machine between two effects: what is behind is neither said nor done, and it happens once", () => {
    const one = meddler({});
    one.fuse = 1;
    expect(one.meddle([SAID, SAID, SAID])).toMatchObject({ said: [SAID], effects: [SAID], crash: "fuse" });
    one.forget();
    expect(one.meddle([SAID, SAID])).toMatchObject({ effects: [SAID, SAID], crash: undefined });
    const trap = { type: "crash-at", at_ms: 0, peer: 0, kind: "want", nth: 1, when: "before", down_ms: 5 } as const;
    one.traps = [trap];
    expect(one.meddle([SAID, SAID])).toMatchObject({ effects: [SAID], crash: trap });
    expect(one.meddle([SAID]).crash).toBeUndefined();
  });

  test("does nothing any more once it is calm", () => {
    const one = meddler({ muffled: ["want"], late_ms: 100, slander_permille: 1_000, blank_permille: 1_000 });
    one.calm();
    const all: Effect[] = [SAID, { type: "wake", at: 1 }, { type: "look-up", skill: SKILL }];
    expect(one.meddle(all)).toEqual({ said: all, effects: all, late: [], slandered: [], crash: undefined });
    expect(one.found(SKILL, [OTHER])).toEqual([OTHER]);
  });
});

describe("a disk", () => {
  const keep: Effect = { type: "keep", key: "seq", record: null };

  test("holds back what follows a write until that is synced, one sync for all of a turn, and the process waits", async () => {
    const { clock, process, disk, synced } = room(20 * MS);
    const ran: number[] = [];
    clock.enter(process, () => disk.put([SAID]));
    expect(disk.take()).toEqual([SAID]);
    clock.enter(process, () => {
      disk.put([keep, SAID]);
      disk.put([SAID]);
      disk.put([keep]);
    });
    expect([disk.take(), disk.syncing]).toEqual([[], 3]);
    clock.after(5 * MS, () => ran.push(clock.now_us / MS), process);
    await clock.run(19 * MS);
    expect([disk.take(), synced, ran]).toEqual([[], [], []]);
    await clock.run(5 * MS);
    expect([synced, ran]).toEqual([[20], [20]]);
    expect(disk.take()).toEqual([keep, SAID, SAID, keep]);
    expect(disk.syncing).toBe(0);
  });

  test("takes no time where it has none", () => {
    const { disk, synced } = room(0);
    disk.put([keep, SAID]);
    expect([disk.take(), synced]).toEqual([[keep, SAID], []]);
  });

  test("a killed process has written nothing", async () => {
    const { clock, process, disk, synced } = room(20 * MS);
    clock.enter(process, () => disk.put([keep]));
    clock.kill(process);
    await clock.run(100 * MS);
    expect([synced, disk.syncing]).toEqual([[], 1]);
  });

  function room(sync_us: number) {
    const clock = new Clock(1);
    const process = new Process(0, 1);
    const synced: number[] = [];
    const disk = new Disk({ clock, process, sync_us, onSynced: () => synced.push(clock.now_us / MS) });
    return { clock, process, disk, synced };
  }
});

function meddler(faults: Partial<Faults>): Meddler {
  const one = new Meddler({ seed: 1, index: 0, indexOf: (peer) => (peer === OTHER ? 1 : -1), labelOf: () => "" });
  one.faults = { ...NO_FAULTS, ...faults };
  return one;
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("there is one");
  return value;
}

/**
 * Faults that have no place in a network of bytes, on real nodes: each as the modelled network has it, beside the same scenario
 * without it. Six nodes or seven, a second and a half of trouble; runs that several tests look at are made once.
 */
import { describe, expect, test } from "vitest";
import { type RealReport, runReal } from "../../node/virtual/mod.ts";
import { type Faults, LAN, type NetworkModel, NO_FAULTS, PEERS, type Scenario, TASKS } from "../../sim/mod.ts";
import { type Line, linesOf } from "./lines.ts";

const TASK_COUNT = 8;
const SYNC_MS = 20;
const DELAY_MS = [5, 25] as const;

const CALM: Scenario = {
  name: "calm",
  seed: 1,
  peers: [{ ...PEERS, count: 6, expected_ms: [50, 300] }],
  tasks: [
    { ...TASKS, name: "directed", count: TASK_COUNT / 2, every_ms: [50, 150], reach: "directed" },
    { ...TASKS, name: "wide", count: TASK_COUNT / 2, every_ms: [50, 150], reach: "wide" },
  ],
  network: { ...LAN, delay_ms: DELAY_MS, topology: "mesh" },
  faults: NO_FAULTS,
  plan: [],
  trouble_ms: 1_500,
  settle_ms: 30_000,
  dead: [],
};
const LATE_MS = 400;
/** Of a call that nobody can answer only an alarm is the end. */
const UNHEARD: Scenario = {
  ...CALM,
  peers: [{ ...PEERS, count: 3, skills: ["text.sort@1"] }],
  tasks: [{ ...TASKS, name: "unheard", count: 1, reach: "wide", deadline_ms: 3_000 }],
};

const SCENARIOS = {
  calm: CALM,
  muffled: faulty({ muffled: ["propose"] }),
  prompt: UNHEARD,
  late: { ...UNHEARD, faults: { ...NO_FAULTS, late_ms: LATE_MS } },
  twice: faulty({ duplicate_permille: 1_000, slow_ms: 100 }),
  slander: faulty({ slander_permille: 300 }),
  few: on({ cards_max: 2 }),
  blank: { ...faulty({ blank_permille: 1_000 }), network: { ...CALM.network, cards_max: 2 } },
  gossip: faulty({ gossip_loss_permille: 900 }),
  disk: {
    ...on({ sync_us: 1000 * SYNC_MS, topology: "full", warm_cards: 3 }),
    faults: { ...NO_FAULTS, loss_permille: 1 },
    plan: [0, 1, 2, 3, 4, 5].map((peer) => ({ type: "crash", at_ms: 150 + 40 * peer, peer, down_ms: 300 }) as const),
  },
  liars: {
    ...CALM,
    peers: [
      { ...PEERS, count: 5, expected_ms: [50, 300] },
      { ...PEERS, name: "liars", count: 2, liars: 2, durable: false, expected_ms: 50 },
    ],
  },
} satisfies Record<string, Scenario>;
type Name = keyof typeof SCENARIOS;

interface Seen {
  readonly run: RealReport;
  /** From the beginning of the trouble. */
  readonly lines: readonly Line[];
  readonly count: (kind: string) => number;
}
const seen = new Map<Name, Promise<Seen>>();

describe("real nodes", { timeout: 60_000 }, () => {
  test("muffled: most messages of that type are lost, and only those", async () => {
    const { run, count } = await look("muffled");
    expect(count("<message:propose")).toBeGreaterThan(0);
    expect(count("<message:propose")).toBeLessThan(0.7 * count(">send:propose"));
    for (const kind of ["cfp", "refuse", "store", "stored"])
      expect(count(`<message:${kind}`)).toBe(count(`>send:${kind}`));
    done(run);
  });

  test("alarms ring late: a call that nobody answers ends later than its time", async () => {
    const [prompt, late] = await Promise.all([look("prompt"), look("late")]);
    const after_us = first(late, ">note:unanswered") - first(prompt, ">note:unanswered");
    expect(after_us).toBeGreaterThan(0);
    expect(after_us).toBeLessThan(1000 * LATE_MS);
    expect(late.run.report.breaches).toEqual([]);
    expect(late.run.report.tasks).toMatchObject({ acknowledged: 1, expired: 1 });
  });

  test("copies: everything that is said of a task arrives twice, and is done once", async () => {
    const { run, lines } = await look("twice");
    const of = (prefix: string): number =>
      lines.filter(({ kind, task }) => kind.startsWith(prefix) && task !== undefined).length;
    expect(of("<message")).toBe(2 * of(">send"));
    expect(run.report.duplicateExecutions).toBe(0);
    done(run);
  });

  test("slander: whoever said something hears that nobody is there, and it arrives all the same", async () => {
    const [calm, { run, count }] = await Promise.all([look("calm"), look("slander")]);
    expect(calm.count("<unreachable")).toBe(0);
    expect(count("<unreachable")).toBeGreaterThan(10);
    for (const kind of ["accept-proposal", "accept", "accepted"])
      expect(count(`<message:${kind}`)).toBe(count(`>send:${kind}`));
    done(run);
  });

  test("peers that hold few cards ask few, and look others up; blank look-ups find nobody", async () => {
    const [calm, few, blank] = await Promise.all([look("calm"), look("few"), look("blank")]);
    expect(calm.count(">send:cfp")).toBeGreaterThan(TASK_COUNT);
    expect(few.count(">send:cfp")).toBeLessThanOrEqual(TASK_COUNT / 2);
    expect(few.count(">fetch-card")).toBeGreaterThan(0);
    expect(few.count("<card")).toBeGreaterThan(0);
    expect(blank.count("<found")).toBeGreaterThan(0);
    expect(blank.count(">fetch-card")).toBe(0);
    done(few.run);
    done(blank.run);
  });

  test("copies of publications that are lost on their way into a node are asked for", async () => {
    const [calm, { run, count }] = await Promise.all([look("calm"), look("gossip")]);
    expect(calm.run.gossip.iwantIds).toBe(0);
    expect(run.gossip.iwantIds).toBeGreaterThan(0);
    expect(run.gossip.duplicates).toBeLessThan(calm.run.gossip.duplicates / 4);
    expect(count("<heard:cfp")).toBeLessThan(calm.count("<heard:cfp"));
    done(run);
  });

  test("disks take time: nothing is stored before it is synced, and crashes tear writes", async () => {
    const [calm, disk] = await Promise.all([look("calm"), look("disk")]);
    const least_ms = DELAY_MS[0] + SYNC_MS + DELAY_MS[0];
    expect(Math.min(...waits(calm))).toBeLessThan(least_ms);
    expect(waits(disk).length).toBeGreaterThan(0);
    expect(Math.min(...waits(disk))).toBeGreaterThanOrEqual(least_ms);
    expect(disk.run.report.coverage).toMatchObject({ "write torn by a crash": 2, "struck: crash": 6 });
    expect(disk.run.report.breaches).toEqual([]);
  });

  test("what this tier does not do of a scenario is said", async () => {
    const [calm, { run }] = await Promise.all([look("calm"), look("disk")]);
    expect(calm.run.report.notes).toEqual([]);
    expect(run.report.notes).toEqual([
      "libp2p tier: connections are the degree keeper's: nobody is connected to everybody by itself",
      "libp2p tier: peers meet as they would",
      "libp2p tier: what is lost on a connection comes later",
    ]);
  });

  test("liars lie with keys of their own: some of it is refused by its clause, and no promise breaks", async () => {
    const [calm, { run }] = await Promise.all([look("calm"), look("liars")]);
    const refused = ({ report }: RealReport) =>
      Object.keys(report.coverage).filter((what) => what.startsWith("refused by"));
    expect(refused(calm.run)).toEqual([]);
    expect(refused(run)).toContain("refused by CLAIM-5");
    expect(run.tasks.map(({ asker }) => asker).filter((asker) => asker >= 5)).toEqual([]);
    done(run);
  });
});

function faulty(faults: Partial<Faults>): Scenario {
  return { ...CALM, faults: { ...NO_FAULTS, ...faults } };
}
function on(network: Partial<NetworkModel>): Scenario {
  return { ...CALM, network: { ...CALM.network, ...network } };
}

function look(name: Name): Promise<Seen> {
  const known = seen.get(name);
  if (known !== undefined) return known;
  const made = runReal(SCENARIOS[name], { trace: true }).then((run) => {
    const lines = linesOf(run).filter(({ at_us }) => at_us >= 1000 * run.met_ms);
    return { run, lines, count: (kind: string) => lines.filter((line) => line.kind === kind).length };
  });
  seen.set(name, made);
  return made;
}

function done({ report }: RealReport): void {
  expect(report.breaches).toEqual([]);
  expect(report.tasks).toMatchObject({ acknowledged: TASK_COUNT, done: TASK_COUNT });
}

function first({ lines }: Seen, kind: string): number {
  const line = lines.find((one) => one.kind === kind);
  if (line === undefined) throw new Error(`there is no ${kind}`);
  return line.at_us;
}

/** From the task's being there to its being stored at a majority, in ms. */
function waits({ lines }: Seen): number[] {
  return lines
    .filter(({ kind }) => kind === ">note:stored")
    .map(({ at_us, task }) => {
      const made = lines.find((line) => line.kind === ">note:submitted" && line.task === task);
      return (at_us - (made?.at_us ?? at_us)) / 1000;
    });
}

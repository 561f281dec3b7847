/** The designs that the mesh is compared with work as they say, under the same faults, and the comparison measures what happened. */
import { describe, expect, test } from "vitest";
import { presetOf } from "../../node/sim/presets/mod.ts";
import { parseTaskId } from "../../protocols/mod.ts";
import {
  DESIGNS,
  figuresOf,
  type History,
  type Job,
  Log,
  Manager,
  runBaseline,
  trilemmaOf,
  trilemmaScenario,
} from "../../sim/baselines/mod.ts";
import { digestOf } from "../../sim/mod.ts";

const BASELINES = ["manager", "hierarchy", "log"] as const;
const CLIENT = 0;
const JOB: Job = job("t0");
const OFFER = { skills: ["text.count@1"], concurrency: 2, score: 1_000 };

function job(label: string): Job {
  const task = parseTaskId(digestOf(label));
  if (task === undefined) throw new Error("a digest names a task");
  return { task, label, skill: "text.count@1", input: "{}", due_ms: 60_000, lease_ms: 3_000, attempts_max: 3 };
}

type Told = Parameters<Manager["receive"]>[0];
type Machine = Pick<Manager, "receive">;

/** What the machine sends to one peer because of an event. */
function said(machine: Machine, event: Told, to: number): readonly { readonly type: string }[] {
  return machine
    .receive(event)
    .flatMap((effect) => (effect.type === "send" && effect.to === to ? [effect.message] : []));
}
function hear(now: number, from: number, message: Extract<Told, { type: "message" }>["message"]): Told {
  return { now, type: "message", from, message };
}
function register(now: number, from: number, boot: number, works: { task: Job["task"]; fence: number }[] = []): Told {
  return hear(now, from, { type: "register", boot, offer: { ...OFFER, score: 1_000 - from }, works, cursor: 0 });
}
/** Says everything that was kept since, as a disk would. */
function diskOf(machine: Machine) {
  const disk = new Map<string, Extract<ReturnType<Machine["receive"]>[number], { type: "keep" }>["record"]>();
  const play = (event: Told) => {
    const effects = machine.receive(event);
    for (const effect of effects) if (effect.type === "keep") disk.set(effect.key, effect.record);
    return effects;
  };
  const kept = () => [...disk].flatMap(([key, record]) => (record === null ? [] : [[key, record] as const]));
  return { play, kept };
}

describe("the manager", () => {
  test("keeps a task before it accepts it, and gives it to the least loaded worker, of equals to the best price", () => {
    const manager = new Manager(9, [1, 2]);
    manager.receive({ now: 0, type: "start", boot: 1, kept: [] });
    for (const worker of [1, 2]) manager.receive(register(1, worker, 1));
    const effects = manager.receive(hear(2, CLIENT, { type: "submit", task: JOB.task, job: JOB }));
    const order = effects.map((effect) => (effect.type === "send" ? effect.message.type : effect.type));
    expect(order.indexOf("keep")).toBeLessThan(order.indexOf("accepted"));
    expect(effects).toContainEqual(
      expect.objectContaining({ type: "send", to: 2, message: expect.objectContaining({ type: "assign", fence: 1 }) }),
    );
    const next = job("t1");
    expect(said(manager, hear(3, CLIENT, { type: "submit", task: next.task, job: next }), 1)).toMatchObject([
      { type: "assign" },
    ]);
  });

  test("gives a silent worker's task to another with a higher fence; the first result counts, a second is only taken note of", () => {
    const manager = new Manager(9, [1, 2]);
    manager.receive({ now: 0, type: "start", boot: 1, kept: [] });
    for (const worker of [1, 2]) manager.receive(register(1, worker, 1));
    manager.receive(hear(2, CLIENT, { type: "submit", task: JOB.task, job: JOB }));
    manager.receive(hear(20, 2, { type: "running", works: [{ task: JOB.task, fence: 1 }] }));
    expect(said(manager, { now: 3_019, type: "alarm" }, 1)).toEqual([]);
    expect(said(manager, { now: 3_020, type: "alarm" }, 1)).toMatchObject([{ type: "assign", fence: 2 }]);
    const late = manager.receive(hear(3_030, 2, { type: "result", task: JOB.task, fence: 1, ok: true }));
    expect(late.filter(({ type }) => type === "decided")).toHaveLength(1);
    const again = manager.receive(hear(3_900, 1, { type: "result", task: JOB.task, fence: 2, ok: true }));
    expect(again.filter(({ type }) => type === "decided")).toEqual([]);
    expect(again).toContainEqual(expect.objectContaining({ to: 1, message: { type: "got", task: JOB.task } }));
  });

  test("knows its tasks after a crash, and gives away what its worker no longer holds", () => {
    const first = diskOf(new Manager(9, [1, 2]));
    first.play({ now: 0, type: "start", boot: 1, kept: [] });
    for (const worker of [1, 2]) first.play(register(1, worker, 1));
    first.play(hear(2, CLIENT, { type: "submit", task: JOB.task, job: JOB }));
    const second = new Manager(9, [1, 2]);
    expect(said(second, { now: 500, type: "start", boot: 2, kept: first.kept() }, 2)).toEqual([{ type: "hello" }]);
    expect(said(second, register(520, 1, 1), 1)).toEqual([{ type: "welcome" }]);
    expect(said(second, register(530, 2, 1, [{ task: JOB.task, fence: 1 }]), 2)).toEqual([{ type: "welcome" }]);
    const third = new Manager(9, [1, 2]);
    third.receive({ now: 500, type: "start", boot: 2, kept: first.kept() });
    expect(said(third, register(530, 2, 1), 2)).toMatchObject([{ type: "welcome" }, { type: "assign", fence: 2 }]);
  });
});

describe("the log", () => {
  test("the first claim wins, and lapses with its lease", () => {
    const log = new Log(9);
    log.receive({ now: 0, type: "start", boot: 1, kept: [] });
    for (const worker of [1, 2]) log.receive(register(1, worker, 1));
    log.receive(hear(2, CLIENT, { type: "submit", task: JOB.task, job: JOB }));
    expect(said(log, { now: 12, type: "alarm" }, 1)).toMatchObject([{ type: "entries", after: 0, upto: 1, crowd: 2 }]);
    const { task } = JOB;
    expect(said(log, hear(20, 1, { type: "claim", task }), 1)).toEqual([{ type: "claimed", task, fence: 1 }]);
    expect(said(log, hear(21, 2, { type: "claim", task }), 2)).toEqual([{ type: "taken", task }]);
    expect(said(log, hear(22, 1, { type: "claim", task }), 1)).toEqual([{ type: "claimed", task, fence: 1 }]);
    log.receive({ now: 3_020, type: "alarm" });
    const second = said(log, hear(3_040, 2, { type: "claim", task }), 2);
    expect(second.filter(({ type }) => type !== "entries")).toEqual([{ type: "claimed", task, fence: 2 }]);
    expect(said(log, hear(3_050, 1, { type: "running", works: [{ task, fence: 1 }] }), 1)).toMatchObject([
      { type: "stop", fence: 1 },
    ]);
  });

  test("reads itself after a crash: what was claimed is claimed, what is decided stays", () => {
    const first = diskOf(new Log(9));
    first.play({ now: 0, type: "start", boot: 1, kept: [] });
    for (const worker of [1, 2]) first.play(register(1, worker, 1));
    const other = job("t1");
    for (const one of [JOB, other]) first.play(hear(2, CLIENT, { type: "submit", task: one.task, job: one }));
    first.play(hear(20, 1, { type: "claim", task: JOB.task }));
    first.play(hear(21, 2, { type: "claim", task: other.task }));
    first.play(hear(90, 2, { type: "result", task: other.task, fence: 1, ok: true }));
    const log = new Log(9);
    log.receive({ now: 5_000, type: "start", boot: 2, kept: first.kept() });
    expect(said(log, hear(5_010, 2, { type: "claim", task: JOB.task }), 2)).toEqual([
      { type: "taken", task: JOB.task },
    ]);
    expect(said(log, hear(5_011, CLIENT, { type: "submit", task: other.task, job: other }), CLIENT)).toEqual([
      { type: "finished", task: other.task, ok: true },
    ]);
  });
});

const SMALL = { seed: 3, workers: 12, tasks: 80 } as const;

describe.each(BASELINES)("%s, in its world", (design) => {
  test("is a function of its scenario", () => {
    const histories = [3, 3, 4].map((seed) => runBaseline(design, trilemmaScenario({ ...SMALL, seed, faults: true })));
    expect(histories[1]).toEqual(histories[0]);
    expect(histories[2]).not.toEqual(histories[0]);
  });

  test("does everything once in peace", () => {
    const row = trilemmaOf({ ...SMALL, design, faults: false });
    expect(row).toMatchObject({ asked: 80, accepted: 80, done: 80, notDone: 0, lost: 0, executedTwice: 0 });
    expect(row.survival).toBeUndefined();
  });

  test("loses nothing that it accepted, however bad the links are, and when clients crash as well", () => {
    const scenario = trilemmaScenario({ ...SMALL, faults: true });
    const faults = { ...scenario.faults, loss_permille: 250, duplicate_permille: 200, slow_permille: 200 };
    const clients = Array.from(
      { length: 8 },
      (_, peer) => ({ type: "crash", peer, at_ms: 6_500, down_ms: 300 }) as const,
    );
    const central = { at_ms: 5_000, down_ms: 2_000 };
    const history = runBaseline(design, { ...scenario, faults, plan: [...scenario.plan, ...clients] }, central);
    const { asked, accepted, done, lost, executedTwice, survival } = figuresOf([history]);
    expect(asked).toBeGreaterThan(70);
    expect([accepted, lost]).toEqual([asked, 0]);
    expect(done).toBeGreaterThan(0.9 * asked);
    // A result that got lost is said again, rather than worked for again.
    expect(executedTwice).toBeLessThan(asked / 8);
    expect(survival).toMatchObject({ acceptedWhileDown: 0, decidedWhileDown: 0 });
  });
});

test("figures are what a witness saw", () => {
  const outage = { from_ms: 100, until_ms: 200 };
  const history: History = {
    tasks: [
      { asked_ms: 10, accepted_ms: 12, decided_ms: 60, done: true },
      { asked_ms: 90, accepted_ms: 95, decided_ms: 150, done: true },
      { asked_ms: 120, accepted_ms: 125, decided_ms: 220, done: false },
      { asked_ms: 150, accepted_ms: 210 },
      { asked_ms: 201 },
    ],
    executions: [
      { task: "a", started_ms: 20, ended_ms: 50 },
      { task: "b", started_ms: 20, ended_ms: 50 },
      { task: "a", started_ms: 40, ended_ms: 45 },
      { task: "a", started_ms: 60, ended_ms: 70 },
    ],
    messages: 50,
    busiest: { machine: 1, messages: 20 },
    bytes: 500,
    outage,
  };
  expect(figuresOf([history])).toMatchObject({
    ...{ asked: 5, accepted: 4, done: 2, notDone: 1, lost: 1, executedTwice: 2, overlapping: 1 },
    ...{ messagesPerTask: 10, busiestPerTask: 4, bytesPerTask: 100 },
    latencyMs: { p50: 60, max: 60 },
    survival: {
      ...{ tasks: 3, asked: 2, acceptedWhileDown: 1, decidedWhileDown: 1, decidedAfter: 1, never: 1 },
      firstDecisionMs: { max: 50 },
    },
  });
  const { outage: _, ...calm } = history;
  const both = figuresOf([history, calm]);
  expect([both.asked, both.messagesPerTask, both.survival?.tasks]).toEqual([10, 10, 3]);
});

describe("side by side", () => {
  const rows = new Map(DESIGNS.map((design) => [design, trilemmaOf({ ...SMALL, design, faults: true })]));
  const peace = new Map(DESIGNS.map((design) => [design, trilemmaOf({ ...SMALL, design, faults: false })]));

  test("all were asked for the same, lose nothing and break no promise", () => {
    for (const [design, row] of rows) expect(row, design).toMatchObject({ asked: 80, lost: 0, breaches: 0 });
  });

  test("while its busiest machine is down the mesh goes on, and the others wait for theirs", () => {
    const { survival } = rows.get("mesh") ?? {};
    if (survival === undefined) throw new Error("the mesh was not struck");
    expect(survival.acceptedWhileDown / survival.asked).toBeGreaterThan(0.9);
    expect(survival.decidedWhileDown / survival.tasks).toBeGreaterThan(0.75);
    expect(survival.firstDecisionMs.max).toBeLessThan(3_000);
    for (const design of BASELINES) {
      const { survival: theirs } = rows.get(design) ?? {};
      expect(theirs).toMatchObject({ acceptedWhileDown: 0, decidedWhileDown: 0, never: 0 });
      expect(theirs?.decidedAfter).toBe(theirs?.tasks);
      expect(theirs?.firstDecisionMs.p50).toBeGreaterThanOrEqual(10_000);
      expect(theirs?.firstDecisionMs.max).toBeLessThan(12_000);
    }
  });

  test("the mesh pays in messages, and nobody in it carries all of them", () => {
    const [mesh, manager, log] = (["mesh", "manager", "log"] as const).map((design) => peace.get(design));
    if (mesh === undefined || manager === undefined || log === undefined) throw new Error("a row is missing");
    expect(mesh.messagesPerTask).toBeGreaterThan(2 * manager.messagesPerTask);
    expect(mesh.messagesPerTask).toBeLessThan(40);
    expect(manager.messagesPerTask).toBeLessThan(8);
    expect(manager.busiestPerTask).toBe(manager.messagesPerTask);
    expect(log.busiestPerTask).toBe(log.messagesPerTask);
    expect(mesh.busiestPerTask).toBeLessThan(mesh.messagesPerTask / 2);
  });

  test("with twice the workers the log costs more, the manager does not", () => {
    const larger = (design: "manager" | "log") => trilemmaOf({ ...SMALL, workers: 24, design, faults: false });
    expect(larger("log").messagesPerTask).toBeGreaterThan(1.5 * (peace.get("log")?.messagesPerTask ?? 0));
    const [one, two] = [peace.get("manager")?.messagesPerTask ?? 0, larger("manager").messagesPerTask];
    expect(Math.abs(one - two)).toBeLessThan(0.5);
  });
});

test("the study: a row for each design in peace and in trouble, and what they come to", () => {
  const preset = presetOf("trilemma");
  if (preset?.kind !== "study") throw new Error("no study");
  const options = { seed: 1, agents: 8, tasks: 80 };
  const rows = Array.from({ length: preset.count(options) }, (_, index) => preset.row(index, options));
  expect(rows.map(({ cells }) => cells.slice(0, 4))).toEqual(
    ["no", "yes"].flatMap((faults) =>
      ["this mesh", "manager", "manager over managers", "event log, first claim wins"].map((design) => [
        ...[design, faults, "400 of 400", "0"],
      ]),
    ),
  );
  for (const { cells, broken } of rows) expect([cells.length, broken]).toEqual([preset.columns.length, false]);
  const [survived, costs, load] = preset.close(rows);
  expect(survived).toMatch(/the mesh decided \d+ of \d+ tasks, .*; the manager 0 of \d+, /);
  expect(costs).toMatch(/^that costs [3-9](\.\d)? times the messages of a manager/);
  expect(load).toMatch(/ a task in the mesh, \d+(\.\d)? at the log: /);
  expect(preset.close([])).toEqual([]);
  // All was done before the centre went down.
  const brief = [0, 1, 4, 5].map((index) => preset.row(index, { ...options, tasks: 4 }));
  expect(preset.close(brief)).toEqual([expect.stringMatching(/^that costs /)]);
  expect(() => preset.count({ seed: 1, agents: 1_000 })).toThrow("all must have met");
});

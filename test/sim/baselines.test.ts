/** The designs that the mesh is compared with work as they say, under the same faults, and the comparison measures what happened. */
import { describe, expect, test } from "vitest";
import { parseTaskId } from "../../protocols/mod.ts";
import { DESIGNS, type Job, Log, Manager, runBaseline, trilemmaOf, trilemmaScenario } from "../../sim/baselines/mod.ts";
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

  test("loses nothing that it accepted, however bad the links are", () => {
    const scenario = trilemmaScenario({ ...SMALL, faults: true });
    const faults = { ...scenario.faults, loss_permille: 250, duplicate_permille: 200, slow_permille: 200 };
    const { tasks } = runBaseline(design, { ...scenario, faults }, { at_ms: 5_000, down_ms: 2_000 });
    const accepted = tasks.filter(({ accepted_ms }) => accepted_ms !== undefined);
    expect(accepted.length).toBe(80);
    expect(accepted.filter(({ decided_ms }) => decided_ms === undefined)).toEqual([]);
    expect(accepted.filter(({ done }) => done === true).length).toBeGreaterThan(70);
  });
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

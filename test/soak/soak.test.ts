/** The parts of a soak that judge: each judgement is shown something wrong, and has to find it. The ledger is the real one, behind its socket. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KINDS, kindsOf } from "./agents.ts";
import { type Found, judge, type TaskFound } from "./judge.ts";
import { LAG_FILE, type LagLine, lagOf, readLagLines } from "./lags.ts";
import { type Entry, Ledger } from "./ledger.ts";

const entry = (task: string, fence: number, step: number, answer: Entry["answer"] = "done"): Entry => ({
  task,
  fence,
  step,
  answer,
  pid: undefined,
});
const done = { status: "done" } as const;
const task = (name: string): TaskFound => ({ task: name, name, steps: 2, outcomes: [done, done] });

const good: Found = {
  tasks: [task("one"), task("two")],
  log: [
    entry("one", 8, 0),
    entry("two", 8, 0),
    entry("two", 17, 0, "repeated"),
    entry("two", 17, 1),
    entry("two", 8, 1, "fenced"),
    entry("one", 8, 1),
  ],
  calls: 4,
  agents: 10,
  busy: 9,
  kills: 1,
  cuts: 1,
  lag: { p99_ms: 100, max_ms: 9_000 },
};

describe("the judge of a soak", () => {
  it("finds nothing in a good one", () => {
    expect(judge(good)).toEqual([]);
    // Of a submit that was cut off, and kept.
    expect(judge({ ...good, log: [...good.log, entry("three", 8, 0)] })).toEqual([]);
  });

  it.each<{ what: string; change: Partial<Found>; words: RegExp }>([
    { what: "a step that took effect twice", change: { log: [...good.log, entry("one", 8, 1)] }, words: /0,1,1/ },
    { what: "more effects than calls", change: { log: [...good.log, entry("one", 8, 2)] }, words: /5 effects, and 4/ },
    { what: "a step that never did", change: { log: good.log.slice(0, -1) }, words: /3 effects, and 4/ },
    {
      what: "a task nobody was told of that did a step twice",
      change: { log: [...good.log, entry("three", 8, 0), entry("three", 17, 0)] },
      words: /three.*twice/,
    },
    {
      what: "a lower fence that took effect after a higher one",
      change: { log: [...good.log.slice(0, 3), entry("two", 8, 1), ...good.log.slice(4)] },
      words: /step 1 of fence 8 was taken after one of fence 17/,
    },
    {
      what: "a lower fence that was answered, though nothing was left to do",
      change: { log: [...good.log, entry("two", 8, 1, "repeated")] },
      words: /step 1 of fence 8 was taken after one of fence 17/,
    },
    {
      what: "a run without a late call",
      change: { log: good.log.filter(({ answer }) => answer !== "fenced") },
      words: /^no late call was refused$/,
    },
    { what: "a run without a kill", change: { kills: 0 }, words: /^no node was killed$/ },
    { what: "a run without a partition", change: { cuts: 0 }, words: /^nothing was cut off$/ },
    { what: "too few agents at once", change: { busy: 8 }, words: /^8 agents of 10 were at work at once$/ },
    { what: "loops that are late again and again", change: { lag: { p99_ms: 5_000, max_ms: 9_000 } }, words: /late/ },
    { what: "a task without an outcome", change: { tasks: [{ ...task("one"), outcomes: [] }] }, words: /no outcome/ },
    {
      what: "a task with two outcomes",
      change: { tasks: [{ ...task("one"), outcomes: [done, { status: "expired" }] }] },
      words: /two outcomes/,
    },
    {
      what: "a task that did not end well",
      change: { tasks: [{ ...task("one"), outcomes: [{ status: "expired" }] }] },
      words: /is expired: and does not say why/,
    },
  ])("finds $what", ({ change, words }) => {
    expect(judge({ ...good, ...change })).toContainEqual(expect.stringMatching(words));
  });
});

describe("the ledger", () => {
  let folder = "";
  let ledger: Ledger;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "moot-ledger-"));
  });
  afterEach(async () => {
    await ledger.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = async (fences: boolean) => {
    ledger = new Ledger({ fences });
    await ledger.listen(join(folder, "sock"));
  };
  const call = (body: object): Promise<number> =>
    new Promise((resolve, reject) => {
      const asked = request({ socketPath: join(folder, "sock"), path: "/", method: "POST" }, (answer) => {
        answer.resume();
        answer.on("end", () => resolve(answer.statusCode ?? 0));
      });
      asked.on("error", reject);
      asked.end(JSON.stringify(body));
    });
  /** The first run does a step and is held, the second does both, the first goes on. */
  const story = async () => {
    const statuses: number[] = [];
    for (const [fence, step] of [
      [8, 0],
      [17, 0],
      [17, 1],
      [8, 1],
    ] as const)
      statuses.push(await call({ task: "two", fence, step }));
    return statuses;
  };
  const found = (): Found => ({ ...good, tasks: [task("two")], calls: 2, log: ledger.log });

  it("refuses the earlier run once a later one has called, and does nothing twice", async () => {
    await open(true);
    expect(await story()).toEqual([200, 200, 200, 409]);
    expect(ledger.log.map(({ answer }) => answer)).toEqual(["done", "repeated", "done", "fenced"]);
    expect(judge(found())).toEqual([]);
  });

  it("with its look at fences off is found out", async () => {
    await open(false);
    expect(await story()).toEqual([200, 200, 200, 200]);
    expect(judge(found())).toEqual([
      "two: the steps 0,1,1 took effect, of 2",
      "3 effects, and 2 calls were asked for",
      "two: step 1 of fence 8 was taken after one of fence 17",
      "no late call was refused",
    ]);
  });

  it("holds all that meet until they are so many, and counts none whose caller is gone", async () => {
    await open(true);
    const met = ledger.meet(2, 5_000);
    const gone = request({ socketPath: join(folder, "sock"), path: "/", method: "POST" }).on("error", () => undefined);
    gone.end(JSON.stringify({ task: "gone", fence: 8, step: 0, meet: true }));
    await expect.poll(() => ledger.meeting).toBe(1);
    gone.destroy();
    await expect.poll(() => ledger.meeting).toBe(0);
    const one = call({ task: "one", fence: 8, step: 0, meet: true });
    await expect.poll(() => ledger.meeting).toBe(1);
    const two = call({ task: "two", fence: 8, step: 0, meet: true });
    expect(await met).toBe(2);
    expect(await Promise.all([one, two])).toEqual([200, 200]);
    expect(await call({ task: "late", fence: 8, step: 0, meet: true })).toBe(200);
  });

  it("lets go of those that came when the rest does not come", async () => {
    await open(true);
    const met = ledger.meet(2, 300);
    expect(await call({ task: "one", fence: 8, step: 0, meet: true })).toBe(200);
    expect(await met).toBe(1);
  });

  it("takes nothing that it does not understand", async () => {
    await open(true);
    expect(await call({ task: "one", step: "first" })).toBe(400);
    expect(await call({ task: "x".repeat(5_000), step: 0 })).toBe(400);
    expect(ledger.log).toEqual([]);
  });
});

describe("lateness", () => {
  const line = (pid: number, from_ms: number, ...late_ms: readonly number[]): LagLine => ({
    pid,
    from_ms,
    to_ms: from_ms + 1_000,
    late_ms: [...late_ms],
  });

  it("counts from a process's first answer on, and not while it was held", () => {
    const lines = [
      line(1, 0, 900),
      line(1, 5_000, 1, 2),
      line(1, 6_000, 8_000),
      line(2, 6_000, 3),
      line(3, 6_000, 700),
    ];
    const since = new Map([
      [1, 4_000],
      [2, 6_000],
    ]);
    const holds = [{ pid: 1, from_ms: 6_500, to_ms: 6_900 }];
    expect(lagOf(lines, since, holds)).toEqual({ looks: 3, p50_ms: 2, p99_ms: 3, max_ms: 3 });
    expect(lagOf(lines, since, []).max_ms).toBe(8_000);
  });

  it("leaves out the half line that a kill left", () => {
    const folder = mkdtempSync(join(tmpdir(), "moot-lag-"));
    try {
      writeFileSync(
        join(folder, LAG_FILE),
        `${JSON.stringify(line(1, 0, 4))}\n{"pid":1,"fro\n${JSON.stringify(line(2, 0, 5))}\n`,
      );
      expect(readLagLines(folder).map(({ pid }) => pid)).toEqual([1, 2]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

it("every kind of agent is on each node", () => {
  expect(new Set(kindsOf(50))).toEqual(new Set(KINDS));
  expect(kindsOf(50)).toHaveLength(50);
});

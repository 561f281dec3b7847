/** The parts of this suite that judge and draw: a judge that lets everything pass would make the whole suite worth nothing. */
import { describe, expect, it } from "vitest";
import { type OutcomeDocument, parseNetwork, parsePeerId, parseTaskId, Random } from "../../protocols/mod.ts";
import type { Run } from "../processes/agents.ts";
import { judge, type TaskEvidence } from "./judge.ts";
import { nameOf, points, pointsFrom } from "./kills.ts";
import { between } from "./network.ts";
import { type Phase, type Scene, SHAPES } from "./partitions.ts";
import { type Check, checkText, type Part, partText, shortfalls, totals } from "./report.ts";

const ID = "ab".repeat(32);
const task = must(parseTaskId(ID));
const network = must(parseNetwork("proof"));
const peer = must(parsePeerId("12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5"));

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a fixture is wrong");
  return value;
}

function done(by: string, fence: number, round = 1): OutcomeDocument {
  const result = JSON.stringify({ by, fence: String(fence) });
  return { kind: "outcome", network, task, ballot: { round, custodian: 0 }, status: "done", contractor: peer, result };
}

const expired: OutcomeDocument = {
  kind: "outcome",
  network,
  task,
  ballot: { round: 2, custodian: 1 },
  status: "expired",
  failure: {
    status: "expired",
    reason: "deadline",
    message: "nobody bid",
    retryable: true,
    attempts: [],
    toolTrace: [],
    retryCount: 0,
    causes: [],
    asked: [],
    refusals: [],
    rounds: 1,
  },
};

const start = (node: string, fence: number): Run => ({ what: "start", task: ID, fence, pid: 1, node });

const good: TaskEvidence = {
  task: ID,
  acknowledged_by: "a",
  custodians: 3,
  testimonies: ["a", "b", "c"].map((node) => ({ node, outcome: done("c", 8) })),
  runs: [start("c", 8)],
};

const wrong = (change: Partial<TaskEvidence>) => judge([{ ...good, ...change }]).problems.map(({ promise }) => promise);

describe("the judge", () => {
  it("finds nothing in a good task, and counts it", () => {
    expect(judge([good])).toEqual({ problems: [], statuses: { done: 1 }, repeated_runs: 0, overtaken: 0 });
  });

  it.each<{ what: string; change: Partial<TaskEvidence>; promise: string }>([
    {
      what: "two outcomes",
      change: { testimonies: [...good.testimonies, { node: "d", outcome: expired }] },
      promise: "P1",
    },
    { what: "one fence that was started twice", change: { runs: [start("c", 8), start("d", 8)] }, promise: "P2" },
    {
      what: "a node's fences that do not grow",
      change: { runs: [start("c", 17), start("c", 8)] },
      promise: "P2",
    },
    { what: "a result of no run", change: { runs: [] }, promise: "P2" },
    { what: "a result of another node's run", change: { runs: [start("d", 8)] }, promise: "P2" },
    {
      what: "a fence above its ballot",
      change: { testimonies: [{ node: "a", outcome: done("c", 8, 0) }], custodians: 1 },
      promise: "P2",
    },
    {
      what: "a custodian that is undecided",
      change: { testimonies: [...good.testimonies, { node: "d", outcome: undefined }] },
      promise: "P3",
    },
    { what: "an initiator that has forgotten", change: { testimonies: good.testimonies.slice(1) }, promise: "P3" },
    { what: "no majority", change: { testimonies: good.testimonies.slice(0, 1) }, promise: "P3" },
    {
      what: "an acknowledged task that nobody knows",
      change: { testimonies: [], custodians: 0, runs: [] },
      promise: "P3",
    },
    {
      what: "a failure without a reason",
      change: { testimonies: good.testimonies.map(({ node }) => ({ node, outcome: without(expired) })) },
      promise: "P6",
    },
  ])("$promise: finds $what", ({ change, promise }) => {
    expect(wrong(change)).toEqual([promise]);
  });

  it("accepts and counts an outcome of a run after which another had begun", () => {
    const evidence = { ...good, runs: [start("c", 8), start("d", 17)] };
    expect(judge([evidence])).toMatchObject({ problems: [], overtaken: 1 });
  });

  it("accepts a run that was lost before the one that counts, and a task that was never acknowledged nor kept", () => {
    const testimonies = good.testimonies.map(({ node }) => ({ node, outcome: done("d", 17, 3) }));
    expect(wrong({ runs: [start("c", 8), start("d", 17)], testimonies })).toEqual([]);
    expect(wrong({ acknowledged_by: undefined, testimonies: [], custodians: 0, runs: [] })).toEqual([]);
    expect(wrong({ testimonies: good.testimonies.map(({ node }) => ({ node, outcome: expired })) })).toEqual([]);
  });
});

function without({ failure: _, ...outcome }: OutcomeDocument): OutcomeDocument {
  return outcome;
}

describe("the shapes of partitions", () => {
  const draw = (name: string, seed: number): readonly Phase[] => {
    const scene: Scene = { hosts: 5, random: new Random(seed), ms: 5_000, initiator: 1, contractor: 3 };
    return must(SHAPES[name])(scene);
  };
  const text = (phases: readonly Phase[]) => phases.flatMap(({ paths }) => paths.map(String)).sort();

  it.each(Object.keys(SHAPES))(
    "%s cuts something, between hosts that there are, and is a function of its seed",
    (name) => {
      for (let seed = 0; seed < 20; seed++) {
        const phases = draw(name, seed);
        const hosts = phases.flatMap(({ paths }) => paths.flat());
        expect(hosts.length).toBeGreaterThan(0);
        expect(hosts.every((host) => host >= 0 && host < 5)).toBe(true);
        expect(text(draw(name, seed))).toEqual(text(phases));
      }
    },
  );

  it("isolate whom they name, in both directions", () => {
    expect(text(draw("initiator-alone", 1))).toEqual(between([1], [0, 2, 3, 4]).map(String).sort());
    expect(text(draw("contractor-alone", 1))).toEqual(between([3], [0, 1, 2, 4]).map(String).sort());
  });

  it("one-way cuts no path in both directions; a bridge hears everybody", () => {
    for (let seed = 0; seed < 20; seed++) {
      const cut = new Set(text(draw("one-way", seed)));
      expect([...cut].filter((path) => cut.has(path.split(",").reverse().join()))).toEqual([]);
      const touched = new Set(draw("bridge", seed).flatMap(({ paths }) => paths.flat()));
      expect(touched.size).toBe(4);
    }
  });
});

it("a report counts what was attempted, passed and not run, and says why", () => {
  const checks = [
    { name: "one", wrong: [], figures: { drained_ms: 1_234, done: 2 } },
    { name: "two", wrong: ["P1 broke"], figures: {} },
    { name: "three", wrong: [], figures: {}, not_run: "no such write" },
  ];
  expect(totals([{ name: "kills", checks }])).toEqual({ attempted: 2, passed: 1 });
  expect(checks.map((check) => checkText("kills", check))).toEqual([
    "ok   kills one: drained 1.2 s, 2 done",
    "FAIL kills two: \n       P1 broke",
    "not run kills three: no such write",
  ]);
  expect(partText({ name: "kills", checks })).toBe("kills: attempted 2, passed 1; not run: three (no such write)");
  expect(partText({ name: "partitions", checks: [], not_run: "not root" })).toBe(
    "partitions: attempted 0, passed 0; not run: not root",
  );
});

describe("what shows too little", () => {
  const least = new Map([["kills", 2]]);
  const passed: Check = { name: "one", wrong: [], figures: {} };
  const notRun: Check = { ...passed, not_run: "no such write" };
  const part = (name: string, checks: readonly Check[], not_run?: string): Part => ({ name, checks, not_run });

  it("is a run that attempted nothing, whatever the reason", () => {
    const unable = part("partitions", [], "not root");
    expect(shortfalls([unable], least)).toEqual(["nothing was attempted"]);
    expect(shortfalls([unable, part("kills", [notRun])], least)).toEqual(["nothing was attempted"]);
  });

  it("is a part that could run and tried less than it has to; one that cannot run is no fault", () => {
    const kills = part("kills", [passed, passed]);
    expect(shortfalls([part("partitions", []), kills], least)).toEqual([
      "partitions: 0 attempted, at least 1 are to be",
    ]);
    expect(shortfalls([part("partitions", [], "not root"), kills], least)).toEqual([]);
    const few = part("kills", [passed, notRun, { ...passed, isSum: true }]);
    expect(shortfalls([few], least)).toEqual(["kills: 1 attempted, at least 2 are to be"]);
    expect(shortfalls([part("kills", [passed, { ...passed, wrong: ["P1 broke"] }])], least)).toEqual([]);
  });
});

describe("the points of kills", () => {
  it("are durable writes of every kind, and each once", () => {
    const names = points().map(nameOf);
    expect(new Set(names).size).toBe(names.length);
    const prefixes = new Set(points().flatMap(({ write }) => write?.prefix ?? []));
    expect(prefixes).toEqual(new Set(["task/", "run/", "seq", "revocation/", "record/", "blob/"]));
  });

  it("begin where the seed says: neighbours leave nothing out, and a long run has all", () => {
    const names = (seed: number, count: number) => pointsFrom(seed, count).map(nameOf);
    const all = new Set(points().map(nameOf));
    expect(names(7, 30)).toHaveLength(30);
    expect(names(8, 29)).toEqual(names(7, 30).slice(1));
    expect(new Set(names(4_294_967_295, all.size))).toEqual(all);
    expect(new Set([...names(0, 30), ...names(30, 30)])).toEqual(all);
  });
});

/** `moot sim` as its users call it: the real launcher, stdout, stderr and the code for the shell. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MootProcess, moot, type Spoken } from "../processes/processes.ts";

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "moot-sim-"));
  writeFileSync(join(cwd, "small.yaml"), "seed: 5\npeers: [{ count: 4 }]\ntasks: [{ count: 3 }]\ntrouble_ms: 1000\n");
  writeFileSync(join(cwd, "empty.yaml"), "");
  writeFileSync(join(cwd, "slip.yaml"), "peers:\n  - { conut: 3 }\n");
  writeFileSync(join(cwd, "stranger.yaml"), "tasks: [{ skill: a.b@1, count: 1, deadline_ms: 500 }]\n");
  // Judged while the work is still going on: the promise of an outcome is not kept by then.
  const early = "peers: [{ count: 4, work_ms: 20000 }]\ntasks: [{ count: 1, deadline_ms: 60000 }]\n";
  writeFileSync(join(cwd, "early.yaml"), `${early}trouble_ms: 1000\nsettle_ms: 1000\n`);
  // Renewals ten times a second for minutes, as was asked for.
  const talk = "{ count: 1, lease_ms: 300, deadline_ms: 300000 }";
  writeFileSync(join(cwd, "talk.yaml"), `peers: [{ count: 4, work_ms: 200000 }]\ntasks: [${talk}]\n`);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

function sim(...words: readonly string[]): Promise<Spoken> {
  return moot(["sim", ...words], { cwd });
}

it("runs ten agents without a word, and the same run again", async () => {
  const [first, again, other] = await Promise.all([sim(), sim("bidding-10", "--seed", "1"), sim("--seed", "2")]);
  expect([first.code, first.stderr]).toEqual([0, ""]);
  expect(first.stdout).toMatch(/^bidding-10, seed 1: 10 agents, 100 tasks, faults none$/m);
  expect(first.stdout).toMatch(/^ {2}promises +kept: P1, P2, P3/m);
  expect(first.stdout).toContain("naive agents: ");
  const trace = /^ {2}trace +([0-9a-f]{16})$/m;
  const [, hash] = trace.exec(first.stdout) ?? [];
  expect(hash).toBeDefined();
  expect(trace.exec(again.stdout)?.[1]).toBe(hash);
  expect(trace.exec(other.stdout)?.[1]).not.toBe(hash);
});

it("prints one JSON object, of the promised shape", async () => {
  const { code, stdout, stderr } = await sim("small.yaml", "--runs", "3", "--faults", "lossy", "--json");
  expect([code, stderr]).toEqual([0, ""]);
  const number = expect.any(Number);
  expect(JSON.parse(stdout)).toMatchObject({
    scenario: "small",
    seed: 5,
    agents: 4,
    runs: 3,
    tasks: { submitted: 9, done: 9, failed: 0, cancelled: 0, expired: 0, undecided: 0 },
    broken: { P1: 0, P2: 0, P3: 0 },
    messagesPerTask: { mean: number, p50: number, p99: number },
    bidsPerTask: { mean: number, p99: number },
    deliveriesPerTask: { mean: number },
    latencyMs: { p50: number, p99: number },
    duplicateExecutions: number,
    events: number,
    eventsPerSecond: number,
    virtualMs: number,
    wallMs: number,
    traceHash: expect.stringMatching(/^[0-9a-f]{16}$/),
    faults: "lossy",
    failing: [],
    commit: expect.stringMatching(/^\d+\.\d+\.\d+/),
  });
});

it("comes to the same on one thread and on two", async () => {
  const words = ["small.yaml", "--runs", "6", "--faults", "chaos", "--json"];
  const [one, two] = await Promise.all([sim(...words, "--workers", "1"), sim(...words, "--workers", "2")]);
  const { wallMs: _, eventsPerSecond: __, ...first } = JSON.parse(one.stdout);
  expect(JSON.parse(two.stdout)).toMatchObject(first);
});

it("takes the command line's word over the file's", async () => {
  const { stdout } = await sim("small.yaml", "--agents", "6", "--tasks", "2", "--seed", "9", "--json");
  expect(JSON.parse(stdout)).toMatchObject({ agents: 6, seed: 9, tasks: { submitted: 2 } });
});

it("writes a page of each run", async () => {
  const { code, stderr } = await sim("small.yaml", "--runs", "2", "--report", "pages/here");
  expect([code, stderr]).toEqual([0, expect.stringContaining("written: 2 pages in pages/here")]);
  for (const seed of [5, 6]) {
    const page = readFileSync(join(cwd, `pages/here/small-${seed}.html`), "utf8");
    expect(page).toMatch(/^<!doctype html>[\s\S]*<\/html>\s*$/);
    expect(page).toContain(`moot sim small.yaml --seed ${seed}`);
  }
});

it("runs on real nodes, and comes to the same outcomes", { timeout: 120_000 }, async () => {
  const { code, stdout } = await sim("small.yaml", "--real", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ tier: "libp2p", seed: 5, agents: 4, tasks: { submitted: 3, done: 3 } });
});

it("notes what was hardly meant", async () => {
  const { code, stderr } = await sim("stranger.yaml");
  expect([code, stderr]).toEqual([0, expect.stringContaining("no peer has the skill a.b@1")]);
});

it("has no limit of messages for a task that was asked to talk", async () => {
  const { code, stdout } = await sim("talk.yaml", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout).messagesPerTask.max).toBeGreaterThan(5_000);
});

describe("a broken promise", () => {
  it("ends with 10, and names seed, code and the way to see it again", async () => {
    const { code, stdout, stderr } = await sim("early.yaml", "--runs", "2", "--tasks", "1");
    expect(code).toBe(10);
    expect(stdout).toMatch(/^ {2}promises +BROKEN: P3 2 times$/m);
    expect(stderr).toMatch(
      /^moot: seed 1 broke P3 1 time: [0-9a-f]{8} of peer \d: undecided at [\d, ]+ after \d+ ms$/m,
    );
    expect(stderr).toMatch(/^ {2}commit +\d+\.\d+\.\d+/m);
    expect(stderr).toMatch(/^ {2}reproduce +moot sim early\.yaml --seed 2 --tasks 1$/m);
  });

  it("is cut down to a file that breaks it too", { timeout: 120_000 }, async () => {
    const { code, stderr } = await sim("early.yaml", "--seed", "3", "--faults", "lossy", "--shrink", "--json");
    expect(code).toBe(10);
    expect(stderr).toMatch(/^shrunk: \d+ of \d+ faults, tasks and peers are left, after \d+ tries$/m);
    expect(readFileSync(join(cwd, "moot-sim-3.yaml"), "utf8")).toMatch(/^# Breaks P3 on .*\n# See it with: moot sim/);
    const again = await sim("moot-sim-3.yaml", "--json");
    expect(again.code).toBe(10);
    expect(JSON.parse(again.stdout)).toMatchObject({
      seed: 3,
      scenario: "early-shrunk",
      failing: [{ promise: "P3" }],
    });
  });

  it("that is none needs no shrinking", async () => {
    const { code, stderr } = await sim("small.yaml", "--shrink");
    expect([code, stderr]).toEqual([0, expect.stringContaining("nothing to shrink")]);
    expect(existsSync(join(cwd, "moot-sim-5.yaml"))).toBe(false);
  });
});

it("interrupted, says what was done so far", async () => {
  const process = new MootProcess(["sim", "small.yaml", "--runs", "100000", "--json"], { cwd });
  // Without a terminal it says every few seconds how far it is.
  await expect.poll(() => process.stderr, { timeout: 40_000 }).toMatch(/[1-9]\d* of 100,000 runs/);
  process.kill("SIGINT");
  const { code, stdout, stderr } = await process.spoken();
  expect(code).toBe(130);
  const { runs, tasks } = JSON.parse(stdout);
  expect(runs).toBeGreaterThan(0);
  expect(tasks.submitted).toBe(3 * runs);
  expect(stderr).toContain("interrupted: ");
});

it("interrupted before anything was done, prints nothing", async () => {
  const process = new MootProcess(["sim", "--agents", "60", "--tasks", "1000000"], { cwd });
  await expect.poll(() => process.stderr, { timeout: 40_000 }).toMatch(/tasks decided/);
  process.kill("SIGINT");
  const { code, stdout, stderr } = await process.spoken();
  expect([code, stdout]).toEqual([130, ""]);
  expect(stderr).toContain("interrupted: ");
});

it("makes a study's table, or its rows for programs", async () => {
  const [table, json] = await Promise.all([
    sim("coordination-tax", "--agents", "20", "--tasks", "3"),
    sim("coordination-tax", "--agents", "20", "--tasks", "3", "--json"),
  ]);
  expect(table.code).toBe(0);
  expect(table.stdout).toMatch(/^agents {2}reach +done +messages/m);
  expect(table.stdout).toMatch(/^ {4}10 {2}directed {2}3 of 3/m);
  expect(table.stdout).toContain("directed: 2 times as many agents");
  const { rows, broken } = JSON.parse(json.stdout);
  expect([rows.length, broken]).toEqual([6, false]);
  expect(rows[5]).toMatchObject({ agents: 20, reach: "auto", done: 3 });
});

describe("a slip ends with 2 and says what would be right", () => {
  it.each([
    [["bidding-100"], "did you mean bidding-10?"],
    [["xyz"], "the presets are bidding-10, "],
    [["document-3"], "waits for the protocol of shared documents"],
    [["feed-100"], "waits for the protocol of feeds"],
    [["none.yaml"], "there is no such file"],
    [["."], "it is a folder"],
    [["empty.yaml"], "says nothing"],
    [["slip.yaml"], "slip.yaml:2:7: peers[0].conut is not a key; did you mean count?"],
    [["--agents", "0"], "a whole number from 1 to 100000"],
    [["--tasks", "-1"], "a whole number from 0 to"],
    [["--seed", "1.5"], "a whole number from 0 to 4294967295"],
    [["--runs", "0"], "a whole number from 1 to"],
    [["--faults", "caos"], "none, lossy, churn, partition, chaos, byzantine"],
    [["--seed", "4294967295", "--runs", "2"], "beyond the last seed"],
    [["--faults", "byzantine", "--agents", "4"], "have at least 5 peers"],
    [["both-start", "--agents", "1"], "--agents 2 or more"],
    [["coordination-tax", "--faults", "none"], "no use for --faults"],
    [["small.yaml", "--report", "empty.yaml"], "name a folder that this user can write to"],
    [["small.yaml", "--report", "/proc/moot"], "name a folder that this user can write to"],
    [["small.yaml", "--report", "out", "--real"], "needs the modelled network"],
    [["directory-1000", "--real"], "at most 500 nodes"],
    [["--calibrate", "--agents", "19"], "calibration needs 20 agents or more"],
    [["--calibrate", "--tasks", "5"], "--calibrate has no use for --tasks"],
    [["--calibrate", "--real"], "--calibrate has no use for --real"],
    [["a", "b"], "too many arguments"],
  ])("%j", async (words, hint) => {
    const { code, stdout, stderr } = await sim(...words);
    expect(stderr).toContain(hint);
    expect([code, stdout]).toEqual([2, ""]);
  });
});

it("helps, with the presets, the faults and examples", async () => {
  const { code, stdout } = await sim("--help");
  expect(code).toBe(0);
  for (const word of ["late-joiner", "byzantine", "--runs <n>", "--json", "Examples:\n  $ moot sim"])
    expect(stdout).toContain(word);
});

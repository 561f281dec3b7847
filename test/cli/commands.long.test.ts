/** Every command against a real node that `moot up` runs: what goes to stdout, what to stderr, and the code for the shell. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeFolder } from "../api/single.ts";
import { MootProcess, moot, type Spoken } from "../processes/processes.ts";
import { fieldsOf } from "./protobuf-reader.ts";

let cwd: string;
let node: MootProcess;

beforeAll(async () => {
  cwd = nodeFolder();
  node = new MootProcess(["up", "--json"], { cwd });
  await node.line((line) => line);
});
afterAll(async () => {
  node.kill("SIGKILL");
  await node.exited;
  rmSync(cwd, { recursive: true, force: true });
});

function run(...words: readonly string[]): Promise<Spoken> {
  return moot(words, { cwd });
}

async function done(text: string): Promise<string> {
  const { stdout } = await run(
    "submit",
    "text.count@1",
    "--input",
    JSON.stringify({ text }),
    "--custodians",
    "1",
    "--json",
  );
  return JSON.parse(stdout).task;
}

it("says first that it is ready, who it is and where", async () => {
  const [first = ""] = node.lines;
  const { event, peer, addrs, api } = JSON.parse(first);
  expect(event).toBe("ready");
  expect(peer).toMatch(/^12D3Koo/);
  expect(addrs[0]).toMatch(new RegExp(`^/ip4/127\\.0\\.0\\.1/tcp/\\d+/p2p/${peer}$`));
  expect(api).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  await node.line((line) => (JSON.parse(line).event === "mesh-ready" ? line : undefined));
});

describe("submit", () => {
  it("prints the result as data, and the rest as talk", async () => {
    const { code, stdout, stderr } = await run(
      "submit",
      "text.count@1",
      "--input",
      '{"text":"one two three"}',
      "--custodians",
      "1",
    );
    expect([code, stdout]).toEqual([0, '{"words":3}']);
    expect(stderr).toMatch(/^done by all at …\S{8} in .* \(task [0-9a-f]{12}, ballot 1\.0\)\s*$/);
  });

  it("prints the promised shape with --json", async () => {
    const { code, stdout, stderr } = await run(
      "submit",
      "text.count@1",
      "--input",
      '{"text":"one two"}',
      "--custodians",
      "1",
      "--json",
    );
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toMatchObject({
      task: expect.stringMatching(/^[0-9a-f]{64}$/),
      status: "done",
      result: { words: 2 },
      contractor: expect.stringMatching(/^12D3Koo/),
      ballot: { round: 1, custodian: 0 },
      attempts: 1,
      timings: { announcedMs: expect.any(Number), awardedMs: expect.any(Number), doneMs: expect.any(Number) },
      messages: { sent: expect.any(Number), received: expect.any(Number) },
    });
  });

  it("reads its input from a file and from stdin", async () => {
    writeFileSync(join(cwd, "letter.json"), '{"text":"a b c d"}');
    expect((await run("submit", "text.count@1", "--input", "@letter.json")).stdout).toBe('{"words":4}');
    const piped = await moot(["submit", "text.count@1", "--input", "-"], { cwd, stdin: '{"text":"a b"}' });
    expect(piped.stdout).toBe('{"words":2}');
  });

  it("ends with 3 when the task failed, and says who failed and how", async () => {
    const { code, stdout, stderr } = await run("submit", "always.fail@1", "--input", "null");
    expect([code, stdout]).toEqual([3, ""]);
    expect(stderr).toContain("it cannot be done");
    expect(stderr).toMatch(/attempt 1 by …\S{8} in ballot 1\.0: error \(the handler failed\)/);
    const [, task = ""] = /\(task ([0-9a-f]{12}),/.exec(stderr) ?? [];
    expect((await run("show", task)).stdout).toMatch(/^retry +the same input would fail again$/m);
  });

  it("ends with 4 when the deadline passed", async () => {
    const { code, stderr } = await run("submit", "never.ends@1", "--input", "null", "--deadline", "800ms");
    expect(stderr).toContain("expired");
    expect(code).toBe(4);
  });

  it("ends with 4 when the deadline was too short for everybody who was asked, and says so", async () => {
    const { code, stdout, stderr } = await run(
      "submit",
      "text.count@1",
      "--input",
      '{"text":"a"}',
      "--deadline",
      "1ms",
    );
    expect(stderr).toContain("the deadline is too short for everybody who was asked");
    expect(stderr).toContain("--deadline");
    expect([code, stdout]).toEqual([4, ""]);
  });

  it("ends with 5 when nobody bid, and says who was asked", async () => {
    const { code, stdout, stderr } = await run("submit", "nobody.has@1", "--input", "1", "--deadline", "1500ms");
    expect(stderr).toMatch(/no-bids \(nobody bid\)/);
    expect(stderr).toMatch(/called \d+ times?; asked by name: nobody/);
    expect([code, stdout]).toEqual([5, ""]);
  });

  it("shows who would be asked, without asking", async () => {
    const listed = async () =>
      JSON.parse((await run("tasks", "--json")).stdout).map(({ task }: { task: string }) => task);
    const before = await listed();
    const { code, stdout } = await run("submit", "text.count@1", "--dry-run");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^bids {2}12D3Koo\S+ {2}all .* none {2,}[0-9a-f]{12} {2}as it stands$/m);
    const misfit = await run("submit", "text.count@1", "--input", '{"txt":1}', "--dry-run", "--json");
    expect([misfit.code, JSON.parse(misfit.stdout).candidates[0]]).toMatchObject([5, { fits: false, bids: false }]);
    const [known] = JSON.parse((await run("submit", "text.count@1", "--dry-run", "--json")).stdout).candidates;
    expect(known).toMatchObject({ bids: true, effects: "none", contract: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const other = await run("submit", "text.count@1", "--dry-run", "--contract", "0".repeat(64));
    expect([other.code, other.stderr]).toEqual([5, expect.stringContaining("under another contract")]);
    expect(await listed()).toEqual(before);
    expect((await run("submit", "nobody.has@1", "--dry-run")).code).toBe(5);
  });

  it("refuses an input that is no JSON, or none, or too large", async () => {
    for (const words of [
      ["--input", "{x"],
      [],
      ["--input", "@none.json"],
      ["--input", JSON.stringify("x".repeat(70_000))],
    ]) {
      const { code, stderr } = await run("submit", "text.count@1", ...words);
      expect(stderr).toContain("remedy:");
      expect(code).toBe(2);
    }
  });

  it("goes on without whoever waits: --detach, Ctrl-C, cancel", async () => {
    const detached = await run("submit", "never.ends@1", "--input", "null", "--detach");
    expect([detached.code, detached.stdout]).toEqual([0, expect.stringMatching(/^[0-9a-f]{64}$/)]);
    const task = detached.stdout;

    const watch = new MootProcess(["watch", "--json"], { cwd });
    await expect
      .poll(async () => (await done("is it heard?")) && watch.lines.length, { timeout: 20_000 })
      .toBeGreaterThan(0);
    const waiting = new MootProcess(["submit", "never.ends@1", "--input", "null"], { cwd });
    const other = await watch.line((line) => {
      const fact = JSON.parse(line);
      return fact.type === "submitted" && fact.skill === "never.ends@1" && fact.task !== task
        ? String(fact.task)
        : undefined;
    });
    waiting.kill("SIGINT");
    expect(await waiting.exited).toMatchObject({ code: 130 });
    expect(waiting.stderr).toContain(`moot cancel ${other.slice(0, 12)}`);

    for (const id of [task, other]) {
      expect((await run("cancel", id.slice(0, 12))).code).toBe(0);
      await watch.line((line) =>
        JSON.parse(line).type === "decided" && JSON.parse(line).task === id ? line : undefined,
      );
    }
    watch.kill("SIGINT");
    expect(await watch.exited).toMatchObject({ code: 0 });
    const shown = await run("show", task.slice(0, 12));
    expect(shown.stdout).toMatch(/^state +cancelled$/m);
    // Nothing was found out about the input.
    expect(shown.stdout).toMatch(/^failure /m);
    expect(shown.stdout).not.toMatch(/^retry /m);

    const again = await run("cancel", task.slice(0, 12));
    expect([again.code, again.stderr]).toEqual([0, `${task.slice(0, 12)}: it was cancelled already\n`]);
    const asJson = await run("cancel", task, "--json");
    expect([asJson.code, JSON.parse(asJson.stdout)]).toEqual([0, { task, accepted: true, status: "cancelled" }]);
  });

  it("cannot be cancelled any more when something else is decided: 3, and what that is", async () => {
    const task = await done("a b");
    const { code, stdout, stderr } = await run("cancel", task.slice(0, 12));
    expect([code, stdout]).toEqual([3, ""]);
    expect(stderr).toContain("it is done already");
    expect(stderr).toContain(`moot show ${task.slice(0, 12)}`);
    const asJson = await run("cancel", task, "--json");
    expect(asJson.code).toBe(3);
    expect(JSON.parse(asJson.stderr)).toMatchObject({
      error: { code: "already-decided", details: { task, status: "done" } },
    });
  });
});

describe("what happened", () => {
  let task: string;
  beforeAll(async () => {
    task = await done("a b c");
  });

  it("is listed and shown, by a short id", async () => {
    expect((await run("tasks")).stdout).toContain(task.slice(0, 12));
    expect(JSON.parse((await run("tasks", "--json")).stdout)).toContainEqual(
      expect.objectContaining({ task, status: "done" }),
    );
    const { code, stdout } = await run("show", task.slice(0, 8));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^state +done$/m);
    expect(stdout).toMatch(/^result +\{"words":3\}$/m);
    expect(JSON.parse((await run("show", task, "--json")).stdout)).toMatchObject({ task, outcome: { status: "done" } });
  });

  it("is told in four ways", async () => {
    const text = await run("trace", task.slice(0, 12));
    expect(text.stdout).toMatch(/\+\d\.\d{3} s {2}this node bids with agent all/);
    expect(text.stdout).toContain("Who won ballot 1.0, and why");
    const facts = (await run("trace", task, "--format", "json")).stdout.split("\n").map((line) => JSON.parse(line));
    expect(facts.map((fact) => fact.type)).toEqual(
      expect.arrayContaining(["submitted", "chosen", "running", "ran", "decided"]),
    );
    await run("trace", task, "--format", "html", "--out", "task.html");
    expect(readFileSync(join(cwd, "task.html"), "utf8")).toMatch(/^<!doctype html>[\s\S]*<\/html>\s*$/);
    await run("trace", task, "--format", "perfetto", "--out", "task.pftrace");
    expect(fieldsOf(readFileSync(join(cwd, "task.pftrace"))).length).toBeGreaterThan(10);
  });

  it("to an unknown or unclear id ends with 2 and a remedy", async () => {
    for (const words of [
      ["show", "000000"],
      ["show", "00"],
      ["trace", "f".repeat(64)],
      ["cancel", "zzzzzz"],
    ]) {
      const { code, stderr } = await run(...words);
      expect(stderr).toContain("remedy:");
      expect(code).toBe(2);
    }
  });
});

it("tells status, peers and agents, for people and for programs", async () => {
  expect((await run("status")).stdout).toMatch(
    /^agent +all \(\d of 4 busy\): text\.count@1, always\.fail@1, never\.ends@1$/m,
  );
  expect(JSON.parse((await run("status", "--json")).stdout)).toMatchObject({ network: "alone", meshReady: true });
  expect((await run("agents", "--skill", "text.count@1")).stdout).toMatch(/^all +…\S{8} \(here\) +text\.count@1 /m);
  expect(JSON.parse((await run("agents", "--json")).stdout)).toMatchObject([{ agent: "all", here: true }]);
  expect(JSON.parse((await run("peers", "--json")).stdout)).toMatchObject([{ self: true, connected: false }]);
  expect((await run("peers")).stdout).toMatch(/^12D3Koo\S+ +this node +text\.count@1/m);
});

it("finds nothing that fails", async () => {
  const { code, stdout } = await run("doctor", "--json");
  const { checks } = JSON.parse(stdout);
  expect(checks.filter((one: { level: string }) => one.level === "fail")).toEqual([]);
  expect(checks).toContainEqual(expect.objectContaining({ name: "running", level: "ok" }));
  expect(code).toBe(0);
});

it("refuses a wrong token with 7, and a second node on the same data with 2", async () => {
  const { api } = JSON.parse(node.lines[0] ?? "");
  const denied = await moot(["status", "--api", api], { cwd, env: { MOOT_TOKEN: "0".repeat(64) } });
  expect([denied.code, denied.stderr]).toEqual([7, expect.stringContaining("the token is wrong")]);
  const file = join(cwd, "data", "api.json");
  expect(denied.stderr).toContain(
    `remedy: the token lies in ${file}, and changes at every start: give that path as --api`,
  );
  expect((await moot(["status", "--api", file], { cwd: tmpdir() })).code).toBe(0);
  const second = await run("up");
  expect([second.code, second.stderr]).toEqual([2, expect.stringContaining("remedy: stop that node")]);
});

/** Calling the command wrongly, or without a node: the real launcher, the code for the shell, and what the user is told. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { moot } from "../processes/processes.ts";

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "moot-usage-"));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const COMMANDS = [
  "init",
  "up",
  "status",
  "peers",
  "agents",
  "submit",
  "tasks",
  "show",
  "trace",
  "cancel",
  "watch",
  "doctor",
  "stop",
];

it("helps, with every command and the exit codes", async () => {
  const { code, stdout, stderr } = await moot(["--help"], { cwd });
  expect(code).toBe(0);
  expect(stderr).toBe("");
  for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command} `, "m"));
  expect(stdout).toContain("5  nobody bid");
});

it.each(COMMANDS)("helps with %s, with examples", async (command) => {
  const { code, stdout } = await moot([command, "--help"], { cwd });
  expect(code).toBe(0);
  expect(stdout).toContain("Examples:\n  $ ");
  expect(stdout).toContain(`moot ${command}`);
  expect(stdout).toContain("--json");
});

it("prints its version", async () => {
  const { code, stdout } = await moot(["--version"], { cwd });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+$/);
});

it("without a command shows help, as talk", async () => {
  const { code, stdout, stderr } = await moot([], { cwd });
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain("Usage: moot");
});

describe("a slip", () => {
  it.each([
    [["sumbit", "a.b@1"], "Did you mean submit?"],
    [["submit", "a.b@1", "--deadlin", "3s"], "Did you mean --deadline?"],
    [["submit", "text.count", "--input", "1"], "Did you mean text.count@1?"],
    [["submit"], "missing required argument 'skill'"],
    [["submit", "a.b@1", "--deadline", "30"], "500ms, 30s, 5m or 2h"],
    [["submit", "a.b@1", "--custodians", "2"], "1, 3 or 5"],
    [["submit", "a.b@1", "--reach", "far"], "auto, directed, wide"],
    [["trace", "123456", "--format", "pdf"], "text, json, perfetto, html"],
    [["show"], "missing required argument 'task'"],
    [["show", "a", "b"], "too many arguments"],
    [["up", "--config", "none.yaml"], "none.yaml"],
    [["up"], "moot init"],
    [["up", "--data", "d", "--api", "192.0.2.1:80"], "loopback"],
    [["up", "--data", "d", "--listen", "/ip4/0.0.0.0/tcp/0"], "no key closes the network"],
    [["status", "--api", "192.0.2.1:80"], "is no address"],
    [["status", "--config", "none.yaml"], "there is no config"],
  ])("in %j ends with 2 and says what would be right", async (words, hint) => {
    const { code, stdout, stderr } = await moot(words, { cwd });
    expect(stderr).toContain(hint);
    expect([code, stdout]).toEqual([2, ""]);
  });
});

it.each([
  [["status"]],
  [["peers"]],
  [["tasks"]],
  [["watch"]],
  [["show", "123456"]],
  [["submit", "a.b@1", "--input", "1"]],
])("%j without a node ends with 6 and the remedy", async (words) => {
  const { code, stdout, stderr } = await moot(words, { cwd });
  expect([code, stdout]).toEqual([6, ""]);
  expect(stderr).toContain("moot up");
});

it("tells programs in JSON what went wrong", async () => {
  const { code, stdout, stderr } = await moot(["status", "--json"], { cwd });
  expect([code, stdout]).toEqual([6, ""]);
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: "no-node", remedy: expect.stringContaining("moot up") } });
});

it("makes a node's folder, and never overwrites one", async () => {
  const dir = join(cwd, "fresh");
  const first = await moot(["init", dir, "--json"], { cwd });
  expect(first.code).toBe(0);
  expect(JSON.parse(first.stdout).files).toContain(join(dir, "moot.yaml"));
  expect(statSync(join(dir, "network.key")).mode & 0o777).toBe(0o600);
  const again = await moot(["init", dir], { cwd });
  expect(again.code).toBe(2);
  expect(again.stderr).toContain("nothing is ever overwritten");
});

describe("doctor", () => {
  it("finds a fresh folder fit to start", async () => {
    const dir = join(cwd, "fit");
    await moot(["init", dir], { cwd });
    const { code, stdout } = await moot(["doctor", "--json"], { cwd: dir });
    const { ok, checks } = JSON.parse(stdout);
    expect(checks.filter((one: { level: string }) => one.level === "fail")).toEqual([]);
    expect([code, ok]).toEqual([0, true]);
    expect(checks.map((one: { name: string }) => one.name)).toEqual(
      expect.arrayContaining(["node", "config", "agent", "data", "store", "running", "listen"]),
    );
  });

  it("names what is wrong, each with its remedy", async () => {
    const dir = join(cwd, "ill");
    await moot(["init", dir], { cwd });
    writeFileSync(
      join(dir, "moot.yaml"),
      "network: { key: ./network.key }\nagents: []\njoin: [/ip4/127.0.0.1/tcp/1]\ndata: ./moot.yaml/data\n",
    );
    const { code, stdout } = await moot(["doctor"], { cwd: dir });
    expect(code).toBe(1);
    expect(stdout).toMatch(/FAIL {2}data/);
    expect(stdout).toMatch(/warn {2}join/);
    expect(stdout).toMatch(/warn {2}agents/);
    writeFileSync(join(dir, "moot.yaml"), "agnets: []\n");
    const slip = await moot(["doctor"], { cwd: dir });
    expect(slip.code).toBe(1);
    expect(slip.stdout).toContain("agents");
  });
});

/** The demonstration itself, as a process like the user's: it ends well, says so in data, and leaves nothing behind. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { processesWith } from "../processes/processes.ts";
import { until } from "../processes/until.ts";

const MAIN = join(import.meta.dirname, "../../node/demo/main.ts");
const WHOLE_MS = 115_000;

let root = "";
let temp = "";
let folder = "";
let child: ChildProcess | undefined;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "folkmoot-demo-test-")));
  temp = join(root, "temp");
  folder = join(root, "folder");
  for (const dir of [temp, folder]) mkdirSync(dir);
  writeFileSync(
    join(folder, "notes.md"),
    "# Notes\n\nThe heron waits in the cold river. Every heron of the valley knows it well.\n",
  );
  writeFileSync(
    join(folder, "count.js"),
    "// Counts the herons of the valley.\nexport const count = (herons) => herons.length;\n",
  );
  writeFileSync(join(folder, "list.txt"), "one\ntwo\nthree\n");
});
afterEach(async () => {
  child?.kill("SIGKILL");
  await until("the demo's processes are gone", () => processesWith(temp).length === 0);
  rmSync(root, { recursive: true });
});

interface Said {
  stdout: string;
  stderr: string;
}

/** Everything it makes is made in `temp`, and its peers' command lines name it. */
function start(words: readonly string[]): { said: Said; code: Promise<number | null>; process: ChildProcess } {
  const started = spawn(process.execPath, [MAIN, ...words], {
    env: { ...process.env, TMPDIR: temp },
    stdio: ["ignore", "pipe", "pipe"],
  });
  child = started;
  const said: Said = { stdout: "", stderr: "" };
  started.stdout.setEncoding("utf8").on("data", (text: string) => {
    said.stdout += text;
  });
  started.stderr.setEncoding("utf8").on("data", (text: string) => {
    said.stderr += text;
  });
  return { said, process: started, code: new Promise((resolve) => started.once("close", resolve)) };
}

async function nothingIsLeft(): Promise<void> {
  // A program that an agent had started may need a moment to see that nobody listens any more.
  await until("no process is left", () => processesWith(temp).length === 0);
  expect(readdirSync(temp)).toEqual([]);
}

const spread = z.object({ mean: z.number(), p50: z.number(), p95: z.number(), max: z.number() });
const killed = z.object({ peer: z.string(), doneBy: z.string(), agreed: z.array(z.string()) });
const summary = z.object({
  event: z.literal("summary"),
  ok: z.literal(true),
  tasks: z.object({ submitted: z.number(), done: z.number() }),
  messagesPerTask: spread.extend({ tasks: z.number() }),
  latencyMs: spread,
  reAwards: z.number(),
  killed: z.tuple([killed.extend({ role: z.literal("contractor") }), killed.extend({ role: z.literal("initiator") })]),
});
const event = z.looseObject({ event: z.string() });

it(
  "does real work, survives a killed contractor and a killed initiator, and leaves nothing",
  async () => {
    const { said, code } = start([folder, "--json"]);
    expect(await code, said.stderr).toBe(0);
    const lines = said.stdout
      .trimEnd()
      .split("\n")
      .map((line) => event.parse(JSON.parse(line)));
    const end = summary.parse(lines.at(-1));
    expect(end.tasks.done).toBe(end.tasks.submitted);
    expect(end.reAwards).toBeGreaterThanOrEqual(1);
    expect(end.messagesPerTask.tasks).toBeGreaterThan(0);
    // Not the maximum: a machine that stalls makes peers repeat themselves.
    expect(end.messagesPerTask.mean).toBeLessThanOrEqual(30);
    const [contractor, initiator] = end.killed;
    expect(contractor.doneBy).not.toBe(contractor.peer);
    // Who was killed came back, and says what the others say.
    expect(contractor.agreed).toContain(contractor.peer);
    expect(initiator.agreed).toContain(initiator.peer);
    expect(lines.filter((line) => line.event === "peer")).toHaveLength(5);
    const findings = lines.find((line) => line.event === "findings");
    expect(findings).toMatchObject({ totals: { documents: 3, lines: 8, sentences: 3 } });
    await nothingIsLeft();
  },
  WHOLE_MS,
);

it("ends at once on Ctrl-C, in plain lines when nobody has a terminal, and leaves nothing", async () => {
  const { said, code, process } = start([folder]);
  await until("a task is shown", () => said.stdout.includes("asked"));
  process.kill("SIGINT");
  expect(await code).toBe(130);
  expect(said.stderr).toContain("interrupted");
  expect(said.stdout).not.toContain("\u001b");
  await nothingIsLeft();
});

it.each([
  ["a folder that is not there", ["/no/such/folder"], 2, "there is no folder /no/such/folder"],
  ["an unknown option", ["--jason"], 2, "--jason"],
  ["two folders", ["a", "b"], 2, "one folder at most"],
])("says what is wrong with %s, before it starts anything", async (_what, words, status, message) => {
  const { said, code } = start(words);
  expect(await code).toBe(status);
  expect(said.stderr).toContain(message);
  expect(said.stderr).toContain("remedy:");
  await nothingIsLeft();
});

it("says in data, too, what is wrong", async () => {
  const { said, code } = start(["/no/such/folder", "--json"]);
  expect(await code).toBe(2);
  expect(JSON.parse(said.stdout)).toMatchObject({ event: "summary", ok: false, error: { code: "usage" } });
});

it("has a help text", async () => {
  const { said, code } = start(["--help"]);
  expect(await code).toBe(0);
  expect(said.stdout).toContain("Usage: npm start");
});

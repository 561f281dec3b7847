/** The command line in the hands of somebody who has read nothing: every slip has its exit code and a line that helps. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { sharedMesh } from "./mesh.ts";
import { moot } from "./processes.ts";

const mesh = sharedMesh({ nodes: [{ name: "alone", agents: [{}] }] });
const run = (...words: readonly string[]) =>
  mesh()
    .node("alone")
    .moot(...words);

function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "folkmoot-stranger-")));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

it("a node alone does its own work: exit 0, and the result alone on stdout", async () => {
  const { code, stdout, stderr } = await run("submit", "test.work@1", "--input", '{"do":"echo"}');
  expect({ code, result: JSON.parse(stdout) }, stderr).toMatchObject({ code: 0, result: { by: "alone" } });
});

it.each([
  { slip: "a skill without a version", words: ["submit", "test.work", "--input", "{}"], says: /test\.work@1/ },
  { slip: "an input that is no JSON", words: ["submit", "test.work@1", "--input", "{do: echo}"], says: /not JSON/ },
  { slip: "no input", words: ["submit", "test.work@1"], says: /--input/ },
  { slip: "a command that is none", words: ["submitt", "test.work@1"], says: /submit/ },
  { slip: "an option that is none", words: ["tasks", "--sate", "open"], says: /--state/ },
  {
    slip: "a deadline without a unit",
    words: ["submit", "test.work@1", "--deadline", "30", "--input", "{}"],
    says: /30s/,
  },
  { slip: "a task that is unknown", words: ["show", "0123456789ab"], says: /knows no task/ },
])("$slip: exit 2, nothing on stdout, the remedy on stderr", async ({ words, says }) => {
  const { code, stdout, stderr } = await run(...words);
  expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(says);
});

it("more custodians than there are peers: the reason, and nothing is announced", async () => {
  const { code, stderr } = await run("submit", "test.work@1", "--input", '{"do":"echo"}', "--custodians", "3");
  expect(code, stderr).not.toBe(0);
  expect(stderr).toMatch(/3 custodians/);
});

it("no node here: exit 6, and how to start one", async () => {
  const { code, stdout, stderr } = await moot(["tasks"], { cwd: folder() });
  expect({ code, stdout }).toEqual({ code: 6, stdout: "" });
  expect(stderr).toMatch(/moot up/);
});

it("a wrong token: exit 7; with --json the error is data", async () => {
  const { api } = mesh().node("alone");
  const env = { MOOT_TOKEN: "0".repeat(64) };
  const { code, stdout, stderr } = await moot(["tasks", "--api", api, "--json"], { cwd: folder(), env });
  expect({ code, stdout }).toEqual({ code: 7, stdout: "" });
  expect(z.object({ error: z.object({ code: z.string() }) }).parse(JSON.parse(stderr)).error.code).toBe("denied");
});

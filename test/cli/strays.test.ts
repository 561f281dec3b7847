/** An error that nothing caught and that is no agent's: the node says it and ends, with the exit code of a broken one. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { MootProcess } from "../processes/processes.ts";

/** Makes another node of it: one whose own code breaks when it is told to. */
const BROKEN = {
  "throws in a timer": "process.on('SIGUSR2', () => setTimeout(() => { throw new Error('the node itself broke'); }));",
  "leaves a promise": "process.on('SIGUSR2', () => { Promise.reject(new Error('the node itself broke')); });",
};

test.each(Object.entries(BROKEN))("the node's own code %s", async (_how, source) => {
  const dir = mkdtempSync(join(tmpdir(), "folkmoot-strays-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const preload = join(dir, "broken.mjs");
  writeFileSync(preload, source);
  writeFileSync(join(dir, "moot.yaml"), "listen: [/ip4/127.0.0.1/tcp/0]\nagents: []\n");
  const up = new MootProcess(["up", "--json"], { cwd: dir, preload });
  onTestFinished(() => up.kill("SIGKILL"));
  await up.line((line) => (line.includes('"ready"') ? true : undefined));
  up.kill("SIGUSR2");
  const { code, stderr, stdout } = await up.spoken();
  expect(code).toBe(1);
  expect(stderr).toContain("an error that nothing caught, and no agent's: Error: the node itself broke");
  expect(stderr).toContain("broken.mjs");
  expect(stdout).not.toContain("stopped");
});

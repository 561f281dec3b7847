/** A node is killed while its handler writes: nobody can know how far it came, and `moot show` says so. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { MootProcess, moot } from "./processes.ts";

const AGENT = `import { writeFileSync } from "node:fs";
export default async ({ file }, { signal }) => {
  writeFileSync(file, "half of it");
  await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
};
`;
const skill = (name: string, effects: string) => `      - { name: ${name}, effects: ${effects}, expected_ms: 50 }\n`;
const CONFIG = `agents:
  - name: writer
    handler: { module: ./write.js }
    concurrency: 2
    skills:
${skill("file.write@1", "[write:files]")}${skill("file.read@1", "read")}`;

it("says that effects may have happened where a skill writes, and not where it only reads", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "folkmoot-lost-"));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  writeFileSync(join(cwd, "write.js"), AGENT);
  writeFileSync(join(cwd, "moot.yaml"), CONFIG);
  const start = async () => {
    const node = new MootProcess(["up", "--json"], { cwd });
    onTestFinished(() => {
      node.kill("SIGKILL");
    });
    await node.line((line) => (line.includes('"ready"') ? line : undefined));
    return node;
  };
  const submit = async (name: string) => {
    const file = join(cwd, name);
    const input = JSON.stringify({ file });
    const words = ["submit", name, "--input", input, "--detach", "--attempts", "1", "--custodians", "1"];
    const { stdout } = await moot(words, { cwd });
    await vi.waitUntil(() => existsSync(file), { timeout: 5_000, interval: 20 });
    return stdout.trim();
  };
  const node = await start();
  const [writes, reads] = [await submit("file.write@1"), await submit("file.read@1")];
  node.kill("SIGKILL");
  await node.exited;
  await start();
  const show = async (task: string) => {
    let text = "";
    await vi.waitUntil(
      async () => {
        text = (await moot(["show", task], { cwd })).stdout;
        return text.includes("failure");
      },
      { timeout: 8_000, interval: 200 },
    );
    return text;
  };
  const [wrote, read] = [await show(writes), await show(reads)];
  for (const text of [wrote, read]) expect(text).toMatch(/attempt 1 .*ended lost .*the node restarted/);
  expect(wrote).toMatch(/effects +of attempt 1 may have happened, whole or in part; its fence is \d+/);
  expect(read).not.toContain("may have happened");
  const { failure } = JSON.parse((await moot(["show", writes, "--json"], { cwd })).stdout).outcome;
  expect(failure).toMatchObject({ status: "failed", reason: "lost", retryable: true, toolTrace: [], retryCount: 0 });
  expect(failure.attempts).toMatchObject([{ exitReason: "lost", message: "the node restarted" }]);
});

/** Programs that hold too much: weighed with all that they start, ended together, and told why. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { checkAgents } from "../../node/cli/checks.ts";
import { parseConfig } from "../../node/config/mod.ts";
import { Scale } from "../../node/handlers/scale.ts";
import { agentOf, dies, ending, run, shell } from "./helpers.ts";

const LEAK = "const all = []; setInterval(() => all.push(Buffer.alloc(8 << 20, 1)), 10)";
const hold = (mb: number) => `const all = Buffer.alloc(${mb} << 20, 1); setInterval(() => all.length, 1000)`;

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), "folkmoot-memory-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function limited(argv: readonly string[], memory_mb: number, dir = tmpdir()) {
  return agentOf({ kind: "exec", argv, memory_mb }, { dir });
}

test("a program that leaks is ended at its limit, counts as a crash, and the message says so", async () => {
  const script = `process.stderr.write("last words\\n"); ${LEAK}`;
  const ran = await run(limited([process.execPath, "-e", script], 96));
  const message = "it held more than 96 MB of memory, and was ended with all that it had started: last words";
  expect(ran).toMatchObject({ ok: false, reason: "error", message, retryable: false, crashed: true, spent: false });
});

test("what it starts is weighed with it, also in a group of its own, and ends with it", async () => {
  const dir = folder();
  const started = [
    `"${process.execPath}" -e '${hold(60)}' & echo $! >one`,
    `"${process.execPath}" -e '${hold(60)}' & echo $! >two`,
  ];
  const ran = await run(limited(["bash", "-c", `set -m; ${started.join("; ")}; wait`], 110, dir));
  expect(ending(ran)[2]).toContain("more than 110 MB");
  for (const name of ["one", "two"]) await dies(Number(readFileSync(join(dir, name), "utf8")));
});

test("one that stays below is let be, and so is one beside it that does not", async () => {
  const modest = `${hold(40)}; setTimeout(() => { console.log(1); process.exit() }, 600)`;
  const [good, bad] = await Promise.all([
    run(limited([process.execPath, "-e", modest], 256)),
    run(limited([process.execPath, "-e", LEAK], 96)),
  ]);
  expect(ending(good)).toEqual(["ok", false, "1"]);
  expect(ending(bad)[2]).toContain("more than 96 MB");
  expect(ending(await run(shell("echo 1")))[0]).toBe("ok");
});

/** A process as `/proc` has it. */
function put(proc: string, pid: number, { session, status }: { session: number; status: string }): void {
  mkdirSync(join(proc, String(pid)), { recursive: true });
  writeFileSync(join(proc, String(pid), "stat"), `${pid} (a) b) S 1 ${pid} ${session} 0 -1`);
  writeFileSync(join(proc, String(pid), "status"), `Name:\ta) b\n${status}`);
}

const status = (anon_mb: number, file_mb: number, swap_mb: number) =>
  `VmSwap:\t${swap_mb * 1024} kB\nVmRSS:\t${(anon_mb + file_mb) * 1024} kB\nRssAnon:\t${anon_mb * 1024} kB\nRssFile:\t${file_mb * 1024} kB\nRssShmem:\t0 kB\n`;

test("counted are its own pages and those swapped out, not mapped files, and nobody else's", async () => {
  const proc = folder();
  mkdirSync(join(proc, "self"));
  writeFileSync(join(proc, "self", "status"), "");
  put(proc, 10, { session: 10, status: status(30, 500, 0) });
  put(proc, 11, { session: 10, status: status(30, 0, 0) });
  put(proc, 20, { session: 20, status: status(900, 0, 0) });
  put(proc, 30, { session: 30, status: "VmRSS:\t200000 kB\n" });
  const scale = new Scale(proc);
  const over = new Map<number, readonly number[]>();
  const watch = (leader: number, mb: number) =>
    scale.watch(leader, { limit_bytes: mb * 2 ** 20, over: (groups) => over.set(leader, groups) });
  onTestFinished(watch(10, 64));
  watch(20, 64)(); // ended before the first look
  onTestFinished(watch(30, 64));
  await vi.waitFor(() => expect([...over.keys()]).toEqual([30]));
  put(proc, 11, { session: 10, status: status(30, 0, 10) });
  await vi.waitFor(() => expect(over.get(10)).toEqual([10, 11]));
  expect(over.has(20)).toBe(false);
});

test("one that has the number of a stranger who is gone is weighed all the same", async () => {
  const proc = folder();
  mkdirSync(join(proc, "self"));
  writeFileSync(join(proc, "self", "status"), "");
  put(proc, 10, { session: 10, status: status(30, 0, 0) });
  put(proc, 20, { session: 20, status: status(900, 0, 0) });
  const scale = new Scale(proc);
  const over: number[] = [];
  const watch = (leader: number, mb: number) =>
    scale.watch(leader, { limit_bytes: mb * 2 ** 20, over: () => over.push(leader) });
  watch(10, 16);
  await vi.waitFor(() => expect(over).toEqual([10])); // and 20 was a stranger then
  onTestFinished(watch(20, 64));
  await vi.waitFor(() => expect(over).toEqual([10, 20]));
});

test("a system that does not tell what programs hold is named, where the limit would be", () => {
  const program = "name: p, handler: { exec: { argv: [cat], memory_mb: 64 } }, skills: [{ name: a.b@1 }]";
  const config = parseConfig(`agents: [{ ${program} }]`, "moot.yaml");
  expect(config.agents[0]?.handler).toEqual({ kind: "exec", argv: ["cat"], memory_mb: 64 });
  const levels = (proc?: string) => checkAgents(config, proc).map(({ name, level }) => [name, level]);
  expect(levels(folder())).toEqual([
    ["agent", "ok"],
    ["memory", "warn"],
  ]);
  expect(levels()).toEqual([["agent", "ok"]]);
});

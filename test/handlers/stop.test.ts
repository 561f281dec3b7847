/** Programs that do not want to end, print without end, or leave others behind: stopped, with all they started. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { type Entry, HANDLER } from "../../node/handlers/mod.ts";
import { dies, ending, lives, run, shell } from "./helpers.ts";

/** Runs a script that says `progress 0 <pid> <pid>…`; resolves with the pids at once and with the end at the end. */
function watched(script: string, options: { timeout_ms?: number; signal?: AbortSignal } = {}) {
  const pids = Promise.withResolvers<number[]>();
  const { signal, timeout_ms = 20_000 } = options;
  const onEntry = (entry: Entry) =>
    entry.type === "progress" && pids.resolve((entry.note ?? "").split(" ").map(Number));
  const ran = run(shell(script, { timeout_ms }), {}, { onEntry, ...(signal === undefined ? {} : { signal }) });
  return { pids: pids.promise, ran };
}

test("one that hangs is stopped when its time is up", async () => {
  const { pids, ran } = watched("sleep 600 & echo progress 0 $$ $! >&2; wait", { timeout_ms: 1_000 });
  const said = await pids;
  expect(said.every(lives)).toBe(true);
  expect(await ran).toMatchObject({ ok: false, reason: "timeout", retryable: true, spent: false });
  await Promise.all(said.map(dies));
});

test("the call's deadline counts when it comes first", async () => {
  const ran = await run(shell("echo waiting >&2; sleep 600"), { deadline_ms: 200 });
  expect(ending(ran)).toEqual(["timeout", true, "it did not end within 200 ms: waiting"]);
});

test("one that ignores SIGTERM is killed after the grace", async () => {
  const { pids, ran } = watched("trap '' TERM; echo progress 0 $$ >&2; while :; do sleep 600; done", {
    timeout_ms: 1_000,
  });
  const said = await pids;
  const end = await ran;
  expect(end).toMatchObject({ ok: false, reason: "timeout", spent: false });
  expect(end.ms).toBeGreaterThanOrEqual(1_000 + HANDLER.grace_ms - 10);
  await Promise.all(said.map(dies));
});

test("one that heeds SIGTERM has its grace to tidy up", async () => {
  const ran = await run(shell("trap 'echo tidied up >&2; exit 1' TERM; sleep 600 & wait", { timeout_ms: 1_000 }));
  expect(ending(ran)[2]).toContain("tidied up");
  expect(ran.ms).toBeLessThan(1_000 + HANDLER.grace_ms);
});

test("cancelling stops the whole group", async () => {
  const cancel = new AbortController();
  const { pids, ran } = watched("sh -c 'sleep 600 & echo progress 0 $$ $! >&2; wait'; :", { signal: cancel.signal });
  const said = await pids;
  expect(said.length).toBe(2);
  cancel.abort();
  expect(await ran).toMatchObject({ ok: false, reason: "cancelled", retryable: false, spent: false });
  await Promise.all(said.map(dies));
});

test("what a program leaves behind ends with its call, and does not delay it", async () => {
  const { pids, ran } = watched("sleep 600 & echo progress 0 $! >&2; echo '\"done\"'");
  expect(ending(await ran)).toEqual(["ok", false, '"done"']);
  expect((await ran).ms).toBeLessThan(10_000);
  await Promise.all((await pids).map(dies));
});

test("one that leaves its group with the pipes in hand does not delay the call for long", async () => {
  const dir = mkdtempSync(join(tmpdir(), "folkmoot-stop-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const leaver = `echo progress 0 $$ >&2; : >${dir}/left; exec sleep 600`;
  const { pids, ran } = watched(`setsid sh -c '${leaver}' & until [ -e ${dir}/left ]; do sleep 0.02; done; echo 1`);
  const [pid = 0] = await pids;
  expect(ending(await ran)).toEqual(["ok", false, "1"]);
  process.kill(pid, "SIGKILL");
});

test("10 MB of output are too many, and are not kept", async () => {
  const before = process.memoryUsage().rss;
  const ran = await run(shell("head -c 10000000 /dev/zero | tr '\\0' x"));
  expect(ending(ran).slice(0, 2)).toEqual(["output-too-large", false]);
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20);
});

test("one that prints without end is stopped", async () => {
  const { pids, ran } = watched(
    "echo progress 0 $$ >&2; trap '' PIPE; while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx || :; done",
  );
  expect(ending(await ran)[0]).toBe("output-too-large");
  await Promise.all((await pids).map(dies));
  const complaining = await run(shell("yes complaint >&2", { timeout_ms: 300 }));
  expect(ending(complaining)[0]).toBe("timeout");
  expect(ending(complaining)[2].length).toBeLessThanOrEqual(HANDLER.message_chars);
  expect(ending(await run(shell("tr '\\0' x </dev/zero >&2", { timeout_ms: 300 })))[0]).toBe("timeout");
});

test("exactly 64 KiB of output fit", async () => {
  const script = (count: number) => `printf '"'; head -c ${count} /dev/zero | tr '\\0' x; printf '"'`;
  expect((await run(shell(script(65_534)))).ok).toBe(true);
  expect(ending(await run(shell(script(65_535))))[0]).toBe("output-too-large");
});

test("many at once each get their own answer", async () => {
  const runs = Array.from({ length: 20 }, (_, index) => run(shell("cat"), { input: index }));
  const answers = (await Promise.all(runs)).map((ran) => ran.ok && ran.output);
  expect(answers).toEqual(Array.from({ length: 20 }, (_, index) => expect.objectContaining({ input: index })));
});

test("a node that ends takes its programs with it", async () => {
  const node = spawn(process.execPath, [join(import.meta.dirname, "node.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface({ input: node.stdout }), "line");
  const pids = String(line).split(" ").map(Number);
  expect(pids.length).toBe(2);
  if (node.exitCode === null) await once(node, "exit");
  expect(node.exitCode).toBe(7);
  await Promise.all(pids.map(dies));
});

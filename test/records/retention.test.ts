/** Records are bounded: what is old or too much goes, the oldest first, also what earlier lives left. */
import { existsSync, mkdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { recordsOf } from "../../node/records/listing.ts";
import { Records } from "../../node/records/records.ts";
import { agentWith, folder, record, taskId } from "./agents.ts";

const LONG_AGO = new Date(Date.now() - 7_200_000);

test("the oldest go when there is too much, and when they are too old", async () => {
  const dir = folder();
  const agent = agentWith(dir, "() => 1");
  const { file } = await record({ dir, agent, n: 1 });
  const { size } = statSync(file);
  utimesSync(file, LONG_AGO, LONG_AGO);
  await record({ dir, agent, n: 2, options: { max_bytes: 3 * size } });
  expect([1, 2].map((n) => recordsOf(dir, taskId(n)).length)).toEqual([1, 1]);
  await record({ dir, agent, n: 3, options: { max_bytes: 2 * size + 100 } });
  expect([1, 2, 3].map((n) => recordsOf(dir, taskId(n)).length)).toEqual([0, 1, 1]);
  expect(existsSync(join(dir, "records", taskId(1)))).toBe(false);
  utimesSync(join(dir, "records", taskId(2), "257.ndjson"), LONG_AGO, LONG_AGO);
  await new Records({ data: dir, max_bytes: 2 ** 40, retention_ms: 60_000 }).start();
  expect([2, 3].map((n) => recordsOf(dir, taskId(n)).length)).toEqual([0, 1]);
});

test("records are for their owner's eyes", async () => {
  const dir = folder();
  const { file } = await record({ dir, agent: agentWith(dir, "() => 1") });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(file, "..")).mode & 0o777).toBe(0o700);
});

test("a run goes on when its record cannot be written, and the node is told once", async () => {
  const dir = folder();
  const agent = agentWith(dir, "async (input, context) => { context.progress(0.5); return 1; }");
  writeFileSync(join(dir, "records"), "a file where the folder should be");
  const told: string[] = [];
  const records = new Records({
    data: dir,
    max_bytes: 1e9,
    retention_ms: 1e9,
    onError: ({ message }) => told.push(message),
  });
  const recording = records.begin({ task: taskId(1), skill: "a.b@1", fence: 257, input: "1", left_ms: 1_000, agent });
  recording.entry({ type: "now", value: 1 });
  const account = { ms: 1, toolTrace: [], cost: 0, causes: [] };
  expect(await recording.end({ ok: true, output: 1, ...account })).toBeUndefined();
  expect(told).toHaveLength(1);
  expect(told[0]).toContain("cannot write the record");
});

test("an earlier file of the same fence is put aside, not written over", async () => {
  const dir = folder();
  mkdirSync(join(dir, "records", taskId(1)), { recursive: true });
  writeFileSync(join(dir, "records", taskId(1), "257.ndjson"), "cut off by a crash");
  const { record: made, file } = await record({ dir, agent: agentWith(dir, "() => 1") });
  expect(made.end?.result).toMatchObject({ ok: true });
  expect(existsSync(`${file}.old`)).toBe(true);
});

/** Agents that are functions: what they get, what they may answer, and what becomes of one that hangs. */
import { expect, test, vi } from "vitest";
import { release } from "./agents/hang.ts";
import { call, ending, module, run } from "./helpers.ts";

test("it gets its own copy of the input, and a context", async () => {
  const seen: unknown[] = [];
  const input = { text: "é" };
  const ran = await run(module("upper.ts"), { input, deadline_ms: 7_000 }, { onEntry: (entry) => seen.push(entry) });
  const output = { text: "É!", fence: 8, task: "t1", skill: "test.it@1", left: 7_000 };
  expect(ran).toEqual({ ok: true, output, ms: expect.any(Number), toolTrace: [], cost: 0 });
  expect(input).toEqual({ text: "é" });
  expect(seen).toEqual([{ type: "progress", done: 0.5, note: "half" }]);
});

test.each([
  ["nothing", "return null"],
  ["NaN", '"share" in it is NaN'],
  ["BigInt", '"many" in it is a BigInt'],
  ["function", '"later" in it is a function'],
  ["Map", "a Map or a Set"],
  ["hole", "undefined, inside an array"],
  ["cycle", "circular"],
  ["deep", "not JSON"],
])("an output that JSON cannot carry is refused: %s", async (input, words) => {
  const [reason, retryable, message] = ending(await run(module("odd.ts"), { input }));
  expect([reason, retryable]).toEqual(["invalid-output", true]);
  expect(message).toContain(words);
});

test("an output arrives as plain JSON", async () => {
  expect(ending(await run(module("odd.ts"), { input: "null" }))).toEqual(["ok", false, "null"]);
  expect(ending(await run(module("odd.ts"), { input: "date" }))[2]).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
});

test("64 KiB of output fit, and not a byte more", async () => {
  expect((await run(module("odd.ts"), { input: "fits" })).ok).toBe(true);
  expect(ending(await run(module("odd.ts"), { input: "large" })).slice(0, 2)).toEqual(["output-too-large", false]);
});

test("what it throws is why it failed; with retry: true it may be tried elsewhere", async () => {
  expect(ending(await run(module("odd.ts"), { input: "throw" }))).toEqual(["error", false, "no such luck"]);
  expect(ending(await run(module("odd.ts"), { input: "throw text" }))).toEqual(["error", false, "just words"]);
  expect(ending(await run(module("odd.ts"), { input: "retry" }))).toEqual(["retry", true, "busy now"]);
});

test("a module that is not there, breaks, or has no function cannot start", async () => {
  for (const [name, words] of [
    ["absent.ts", "absent.ts"],
    ["broken.ts", "broken when loaded"],
    ["none.ts", "export default"],
  ] as const) {
    const [reason, retryable, message] = ending(await run(module(name)));
    expect([reason, retryable]).toEqual(["spawn", true]);
    expect(message).toContain(words);
  }
});

test("one that heeds its signal ends in time, and its slot is free", async () => {
  const ran = await run(module("hang.ts", { timeout_ms: 50 }), { input: "polite" });
  expect(ran).toMatchObject({ ok: false, reason: "timeout", retryable: true, spent: false });
  expect(ran.ms).toBeLessThan(1_500);
  const cancelled = await run(module("hang.ts"), { input: "polite" }, { signal: AbortSignal.timeout(50) });
  expect(cancelled).toMatchObject({ ok: false, reason: "cancelled", retryable: false, spent: false });
});

test("one that hangs is reported, its slot is spent, and free when it ends after all", async () => {
  const onLate = vi.fn();
  const onEntry = vi.fn();
  const ran = await run(module("hang.ts"), { input: "deaf", deadline_ms: 50 }, { onLate, onEntry });
  expect(ran).toMatchObject({ ok: false, reason: "timeout", spent: true });
  expect(ran.ms).toBeGreaterThanOrEqual(50);
  expect(onLate).not.toHaveBeenCalled();
  release.resolve();
  await vi.waitFor(() => expect(onLate).toHaveBeenCalledOnce());
  expect(onEntry).not.toHaveBeenCalled();
});

test("what is over or cancelled before it starts does not start", async () => {
  expect(ending(await run(module("odd.ts"), { deadline_ms: 0 }))[0]).toBe("timeout");
  expect(ending(await run(module("odd.ts"), { deadline_ms: Number.NaN }))[0]).toBe("timeout");
  expect(ending(await run(module("odd.ts"), {}, { signal: AbortSignal.abort() }))[0]).toBe("cancelled");
  expect(ending(await run(module("odd.ts"), { ...call, skill: "other.one@1" })).slice(0, 2)).toEqual(["spawn", true]);
});

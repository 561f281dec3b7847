/** A recorded run, played again with the same code and with other code. */
import { expect, test } from "vitest";
import type { SubTaskEnd } from "../../node/handlers/mod.ts";
import { replayRun } from "../../node/records/replay.ts";
import { agentWith, folder, record, replayed } from "./agents.ts";

const SAME = { verdict: "same" };

/** Every tool writes into a list that the test reads: a replay must leave it alone. */
const TOOLS = `async (input, context) => {
  globalThis.touched = (globalThis.touched ?? 0) + 1;
  const later = (ms) => (value) => new Promise((resolve) => setTimeout(resolve, ms, value));
  const call = (name, ms) => context.tool(name, { name }, () => { globalThis.live = (globalThis.live ?? 0) + 1; return later(ms)(name + "!"); });
  const chain = async (name, ms) => { const first = await call(name, ms); context.progress(0.5, first); return first + await call(name + 2, ms); };
  const all = await Promise.all([chain("slow", 40), chain("quick", 5), call("slow", 20)]);
  return { all, at: context.now(), dice: [context.random(), context.random()] };
}`;

test("tools that run side by side are answered from the record, and none is called", async () => {
  const dir = folder();
  const agent = agentWith(dir, TOOLS);
  const made = await record({ dir, agent });
  expect(made.ran.ok).toBe(true);
  expect(made.digest).toBe(made.record.digest);
  const live = Reflect.get(globalThis, "live");
  const touched = Reflect.get(globalThis, "touched");
  for (let round = 0; round < 5; round++) expect(await replayRun(made.record, agent, { live: false })).toEqual(SAME);
  expect(Reflect.get(globalThis, "live")).toBe(live);
  expect(Reflect.get(globalThis, "touched")).toBe(touched + 5);
});

test("4,096 calls, a hundred at a time, replay", async () => {
  const source = `async (input, context) => {
    let sum = 0;
    for (let from = 0; from < 4096; from += 128)
      sum += (await Promise.all(Array.from({ length: 128 }, (_, index) =>
        context.tool("add", { n: from + index }, async ({ n }) => { await null; return n; })))).reduce((left, right) => left + right);
    return sum;
  }`;
  expect(await replayed(source, source)).toEqual(SAME);
});

test("what a tool says from its inside belongs to the tool, and is not expected again", async () => {
  const source = `async (input, context) => {
    const inner = async ({ n }) => {
      await null;
      context.progress(0.3, "inside " + n);
      context.emit({ dice: context.random() });
      return n + (await context.tool("nested", { n }, () => 5));
    };
    const [a, b] = await Promise.all([context.tool("outer", { n: 1 }, inner), context.tool("outer", { n: 2 }, inner)]);
    context.progress(0.9);
    return a + b + (await context.tool("nested", { n: 1 }, () => 5));
  }`;
  expect(await replayed(source, source)).toEqual(SAME);
  const other = source.replace("context.progress(0.9)", "context.progress(0.8)");
  expect(await replayed(source, other)).toMatchObject({
    verdict: "diverged",
    divergence: { difference: { path: ".done" } },
  });
});

test("errors of tools come back as they were: message, name, code and wish to retry", async () => {
  const source = `async (input, context) => {
    const said = [];
    for (const make of [() => new TypeError("no"), () => Object.assign(new Error("gone"), { code: "EGONE" })])
      try { await context.tool("break", null, () => { throw make(); }); } catch (error) { said.push(error.name, error.message, error.code ?? null); }
    const nothing = await context.tool("nothing", null, () => undefined);
    said.push(nothing === undefined);
    context.emit(said);
    await context.tool("again", null, () => { throw Object.assign(new Error("busy"), { retry: true }); });
  }`;
  const dir = folder();
  const agent = agentWith(dir, source);
  const made = await record({ dir, agent });
  expect(made.ran).toMatchObject({ ok: false, reason: "retry", message: "busy" });
  expect(await replayRun(made.record, agent, { live: false })).toEqual(SAME);
});

test("a run that was stopped in the middle of a call replays up to there", async () => {
  const dir = folder();
  const agent = agentWith(
    dir,
    `async (input, context) => {
      await context.tool("first", 1, () => 1);
      await Promise.race([
        context.tool("endless", 2, () => new Promise(() => {})),
        new Promise((_, reject) => context.signal.addEventListener("abort", () => reject(new Error("stopped")))),
      ]);
    }`,
  );
  const stop = new AbortController();
  const onEntry = () => setImmediate(() => stop.abort());
  const made = await record({ dir, agent, signal: stop.signal, onEntry });
  expect(made.ran).toMatchObject({ ok: false });
  expect(made.record.acts.map(({ type }) => type)).toEqual(["tool", "open"]);
  expect(await replayRun(made.record, agent, { live: false })).toEqual(SAME);
});

const WORK = (body: string) => `async (input, context) => { ${body} }`;
const TWO = `const a = await context.tool("a", { n: 1 }, () => 1); const b = await context.tool("b", { n: 2 }, () => 2); return a + b;`;

const DIVERGENCES: readonly [what: string, then: string, now: string, found: object][] = [
  ["another tool", TWO, TWO.replace('"b"', '"c"'), { line: 3, recorded: { name: "b" }, asked: { name: "c" } }],
  [
    "other arguments",
    TWO,
    TWO.replace("n: 2", "n: 3"),
    { line: 3, difference: { path: ".args.n", recorded: 2, now: 3 } },
  ],
  [
    "another order",
    TWO,
    `const b = await context.tool("b", { n: 2 }, () => 2); const a = await context.tool("a", { n: 1 }, () => 1); return a + b;`,
    { line: 2, recorded: { name: "a" }, asked: { name: "b" } },
  ],
  [
    "one call more",
    TWO,
    TWO.replace("return", `await context.tool("a", { n: 1 }, () => 1); return`),
    { line: 4, recorded: undefined },
  ],
  [
    "one call less",
    TWO,
    `const a = await context.tool("a", { n: 1 }, () => 1); return a + 2;`,
    { line: 3, asked: undefined },
  ],
  [
    "another output",
    TWO,
    TWO.replace("a + b", "[a, b]"),
    { line: 4, difference: { path: ".output", recorded: 3, now: [1, 2] } },
  ],
  [
    "a failure instead",
    TWO,
    TWO.replace("return", `throw new Error("no");`),
    { line: 4, asked: { ok: false, message: "no" } },
  ],
  [
    "a look at the clock",
    "context.random(); return 1;",
    "context.now(); return 1;",
    { line: 2, recorded: { type: "random" } },
  ],
  [
    "other progress",
    "context.progress(0.5); return 1;",
    "context.progress(0.6); return 1;",
    { difference: { path: ".done" } },
  ],
  [
    "another partial result",
    "context.emit([1]); return 1;",
    "context.emit([2]); return 1;",
    { difference: { path: ".value[0]" } },
  ],
  ["other costs", "context.spend(2); return 1;", "context.spend(3); return 1;", { difference: { path: ".value" } }],
];

test.each(DIVERGENCES)("%s diverges at its place", async (_what, then, now, found) => {
  const verdict = await replayed(WORK(then), WORK(now));
  expect(verdict).toMatchObject({ verdict: "diverged", divergence: found });
});

test("a handler that swallows the divergence, and one that waits for a later answer, are caught as well", async () => {
  const swallowed = WORK(
    TWO.replace(
      `const b = await context.tool("b", { n: 2 }, () => 2)`,
      "let b = 2; try { b = await context.tool('x', 0, () => 2) } catch {}",
    ),
  );
  expect(await replayed(WORK(TWO), swallowed)).toMatchObject({ verdict: "diverged", divergence: { line: 3 } });
  const both = `const [a, b] = await Promise.all([context.tool("a", 1, () => 1), context.tool("b", 2, () => 2)]); return b;`;
  expect(await replayed(WORK(both), WORK(`return await context.tool("b", 2, () => 2);`))).toMatchObject({
    verdict: "diverged",
    divergence: { line: 2, recorded: { name: "a" }, asked: { name: "b" } },
  });
});

test("a clock that is read past the context is found, and the remedy named", async () => {
  const source = WORK("return { at: performance.timeOrigin + performance.now() };");
  const verdict = await replayed(source, source);
  expect(verdict).toMatchObject({ verdict: "diverged", divergence: { difference: { path: ".output.at" } } });
  expect(JSON.stringify(verdict)).toContain("use context.now()");
});

test("sub-tasks are answered from the record too", async () => {
  const source = WORK(
    `try { return await context.submit("other.skill@1", input); } catch (error) { return error.message; }`,
  );
  expect(await replayed(source, source, { text: "x" })).toEqual(SAME);
});

test("what sub-tasks hold of a budget is held in a replay too, where none is submitted", async () => {
  const dir = folder();
  const agent = agentWith(
    dir,
    WORK(`
      const why = async (act) => { try { await act(); } catch (error) { return error.message; } };
      const open = context.submit("a@1", null, { budget: 4 });
      const refused = await why(() => context.submit("a@1", null, { budget: 4 }));
      const over = await why(() => context.spend(3));
      await open;
      return { refused, over, left: await why(() => context.submit("a@1", null, { budget: 2 })) };`),
  );
  const ended = Promise.withResolvers<SubTaskEnd>();
  const made = await record({
    dir,
    agent,
    budget: 6,
    submit: () => ended.promise,
    onEntry: ({ type }) => type === "spend" && ended.resolve({ cost: 2, output: 1 }),
  });
  expect(made.ran).toMatchObject({
    ok: true,
    output: {
      refused: expect.stringContaining("does not allow a sub-task for 4: 0 spent, 4 held"),
      over: expect.stringContaining("is exceeded: 3 spent, 4 held"),
      left: expect.stringContaining("does not allow a sub-task for 2: 5 spent"),
    },
  });
  expect(await replayRun(made.record, agent, { live: false })).toEqual(SAME);
});

test("what is larger than a value may be is kept as its digest, and the run is not stopped", async () => {
  const dir = folder();
  const agent = agentWith(
    dir,
    WORK(`const text = await context.tool("large", null, () => "x".repeat(3_000_000)); return text.length;`),
  );
  const { ran, record: made } = await record({ dir, agent });
  expect(ran).toMatchObject({ ok: true, output: 3_000_000 });
  expect(made.acts).toMatchObject([{ type: "tool", answer: { ok: true, omitted: { bytes: 3_000_002 } } }]);
  expect(await replayRun(made, agent, { live: false })).toMatchObject({
    verdict: "not-run",
    why: expect.stringContaining("line 2"),
  });
});

test("a record that is full says how much is not in it, and the run is not stopped", async () => {
  const dir = folder();
  const agent = agentWith(
    dir,
    WORK(`for (let n = 0; n < 24; n++) await context.tool("much", n, () => "x".repeat(900_000)); return "done";`),
  );
  const { ran, record: made } = await record({ dir, agent });
  expect(ran.ok).toBe(true);
  expect(made.acts.length + (made.end?.truncated ?? 0)).toBe(24);
  expect(made.end?.truncated).toBeGreaterThan(4);
  expect(await replayRun(made, agent, { live: false })).toMatchObject({ verdict: "not-run" });
});

test("a program is started only when that is asked for", async () => {
  const dir = folder();
  const program = {
    ...agentWith(dir, WORK("return 1;")),
    handler: { kind: "exec", argv: ["/bin/sh", "-c", "echo x >>runs; echo 7"] },
  } as const;
  const { record: made, ran } = await record({ dir, agent: program });
  expect(ran).toMatchObject({ ok: true, output: 7 });
  expect(await replayRun(made, program, { live: false })).toMatchObject({
    verdict: "not-run",
    remedy: "--live starts it",
  });
  expect(await replayRun(made, program, { live: true })).toEqual(SAME);
});

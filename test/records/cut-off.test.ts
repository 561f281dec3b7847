/** The record of a run whose node was killed is played up to where it was cut off. */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type RecordOfRun, readRecord } from "../../node/records/reading.ts";
import { replayRun } from "../../node/records/replay.ts";
import { agentWith, folder, record } from "./agents.ts";

const LIVE = { live: false };
const SO_FAR = { verdict: "same-so-far" };

/** Asks in turn, and side by side; says something between. */
const STEPS = `async (input, context) => {
  const later = (ms) => (value) => new Promise((resolve) => setTimeout(resolve, ms, value));
  const first = await context.tool("first", { n: 1 }, later(1));
  context.progress(0.3, "one");
  const both = await Promise.all([context.tool("slow", { n: 2 }, later(60)), context.tool("quick", { n: 3 }, later(1))]);
  const at = context.now();
  context.emit({ both });
  return { first, both, at, dice: context.random() };
}`;

async function recorded(source: string) {
  const dir = folder();
  const { file } = await record({ dir, agent: agentWith(dir, source) });
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  /** The same run, killed when so many acts were written. */
  const cut = (acts: number): RecordOfRun => {
    writeFileSync(file, `${lines.slice(0, acts + 1).join("\n")}\n{"n":`);
    return readRecord(file);
  };
  return { dir, cut, acts: lines.length - 3 };
}

test("cut off after any act, it is the same as far as it goes", async () => {
  const { dir, cut, acts } = await recorded(STEPS);
  expect(acts).toBe(7);
  for (let kept = 1; kept <= acts; kept++)
    expect(await replayRun(cut(kept), agentWith(dir, STEPS), LIVE), `${kept} acts`).toEqual(SO_FAR);
  const ended = cut(acts + 1);
  expect(ended.end).toBeDefined();
  expect(await replayRun(ended, agentWith(dir, STEPS), LIVE)).toEqual(SO_FAR);
});

test("a tool that had not answered when the node was killed is not called, and no divergence", async () => {
  const { dir, cut } = await recorded(STEPS);
  const quick = cut(3); // first, one, quick: slow was on its way
  expect(quick.acts.map((act) => (act.type === "tool" ? act.name : act.type))).toEqual(["first", "progress", "quick"]);
  expect(await replayRun(quick, agentWith(dir, STEPS), LIVE)).toEqual(SO_FAR);
});

test.each([
  ["another argument", `{ n: 1 }`, `{ n: 7 }`, 2],
  ["another note", `"one"`, `"two"`, 3],
  ["a look at the clock that was not there", `const first`, `context.now(); const first`, 2],
  ["a call left out", `context.tool("quick", { n: 3 }, later(1))`, `3`, 4],
  ["an early end", `const both`, `if (first.n === 1) return 0; const both`, 4],
])("%s before the cut is a divergence", { timeout: 20_000 }, async (_, then, now, line) => {
  const { dir, cut } = await recorded(STEPS);
  expect(await replayRun(cut(3), agentWith(dir, STEPS.replace(then, now)), LIVE)).toMatchObject({
    verdict: "diverged",
    divergence: { line },
  });
});

test("what it would do after the cut is not judged", async () => {
  const { dir, cut } = await recorded(STEPS);
  const other = STEPS.replace("context.emit({ both })", "context.spend(1)").replace("return {", "throw {");
  expect(await replayRun(cut(5), agentWith(dir, other), LIVE)).toEqual(SO_FAR);
});

test("a record that was cut off before anything was asked or said cannot be compared, and says so", async () => {
  const { dir, cut } = await recorded(STEPS);
  expect(await replayRun(cut(0), agentWith(dir, STEPS), LIVE)).toMatchObject({
    verdict: "not-run",
    why: expect.stringContaining("cut off before"),
  });
});

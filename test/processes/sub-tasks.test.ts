/** Tasks that submit tasks: a tree over three nodes, what bounds it, and how it ends. */
import { expect, it } from "vitest";
import { HANDLER } from "../../node/handlers/mod.ts";
import type { SubmitResult } from "../../node/moot-node.ts";
import { sharedMesh } from "./mesh.ts";
import { logged, ORDERS, type Order } from "./orders.ts";

const [A, B, C] = ["test.a@1", "test.b@1", "test.c@1"] as const;
const agent = (skill: string, concurrency = 4) => ({ skill, source: ORDERS, concurrency });

const mesh = sharedMesh({
  nodes: [
    { name: "asks" },
    { name: "one", agents: [agent(A, 100)] },
    { name: "two", agents: [agent(B)] },
    { name: "three", agents: [agent(C), { ...agent("test.alone@1", 1), name: "alone" }] },
  ],
});

async function ordered(skill: string, input: Order, options: object = {}): Promise<SubmitResult> {
  const task = await mesh().submit("asks", "echo", { skill, input, deadline_ms: 20_000, ...options });
  return mesh().outcome("asks", task);
}
/** One sub-task. */
const one = (skill: string, input: Order, options: object = {}) => [{ skill, input, options }];

it("answers come up through three levels, and each level says what it is part of", async () => {
  const result = await ordered(A, { submit: one(B, { submit: one(C, { answer: "leaf" }) }) });
  expect(result.result).toMatchObject({ answers: [{ answers: [{ answer: "leaf" }] }] });
  // Its own bid, and all that was paid below.
  expect(result.cost).toBe(3);

  const [root, middle, leaf] = [A, B, C].map((skill) => logged(mesh()).findLast((line) => line.skill === skill));
  const { lineage } = await mesh()
    .node("two")
    .client.task(leaf?.task ?? "");
  expect(lineage).toEqual({ root: root?.task, parent: middle?.task, fence: middle?.fence, depth: 2, path: [A, B] });
  // Whoever keeps a sub-task knows what it is for: the contractor of its parent among them.
  const { facts } = await mesh()
    .node("one")
    .client.facts(root?.task ?? "");
  expect(facts.find(({ type }) => type === "sub-task")).toMatchObject({
    child: middle?.task,
    skill: B,
    fence: root?.fence,
  });
});

it("moot show tells what a task is part of, and what is part of it", async () => {
  const input: Order = { submit: one(B, {}, { custodians: 1 }) };
  const node = mesh().node("one");
  const root = await mesh().submit("one", "echo", { skill: A, input, custodians: 1, budget: 9 });
  await mesh().outcome("one", root);
  const { stdout } = await node.moot("show", root);
  const [, below = ""] = /^sub-task +([0-9a-f]{12}) test\.b@1: done$/m.exec(stdout) ?? [];
  expect(stdout).toMatch(/^budget +9$/m);
  expect((await node.moot("show", below)).stdout).toMatch(
    new RegExp(`^part of +run 8 of ${root.slice(0, 12)}; the way here: test\\.a@1$`, "m"),
  );
  expect((await node.moot("trace", root)).stdout).toContain(`its run 8 submitted ${below}: test.b@1`);
});

it("a cancelled task takes everything below it along", async () => {
  const input: Order = { submit: one(B, { submit: one(C, { hold: true }) }) };
  const task = await mesh().submit("asks", "echo", { skill: A, input, deadline_ms: 50_000 });
  const leaf = await mesh().until("the leaf works", () => {
    const root = logged(mesh()).findIndex((line) => line.task === task);
    return (
      root >= 0 &&
      logged(mesh())
        .slice(root)
        .find(({ what, skill }) => what === "start" && skill === C)
    );
  });
  await mesh().node("asks").client.cancel(task);
  expect(await mesh().outcome("asks", task)).toMatchObject({ status: "cancelled" });
  await mesh().until("each level is stopped", () => {
    const lines = logged(mesh());
    const since = lines.findIndex((line) => line.task === task);
    const stopped = lines.slice(since).filter(({ what }) => what === "stopped");
    return [A, B, C].every((skill) => stopped.some((line) => line.skill === skill));
  });
  expect((await mesh().agreed(leaf.task, ["two"])).status).toBe("cancelled");
});

it("a failure below is the cause above, level by level", async () => {
  const { status, failure } = await ordered(A, { submit: one(B, { submit: one(C, { fail: "no paper" }) }) });
  expect([status, failure?.reason]).toEqual(["failed", "error"]);
  expect(failure?.causes).toEqual([
    expect.stringMatching(/^sub-task [0-9a-f]{12} \(test\.c@1\): error: no paper$/),
    expect.stringMatching(
      /^sub-task [0-9a-f]{12} \(test\.b@1\): error: sub-task [0-9a-f]{12} \(test\.c@1\): error: no paper$/,
    ),
  ]);
  expect(failure?.toolTrace).toMatchObject([{ name: `submit ${B}`, outcome: "error" }]);
});

it("agents that ask each other in a ring end, and say which way they went", async () => {
  const { status, failure } = await ordered(A, { ring: [A, B], give: 100 });
  expect(status).toBe("failed");
  const way = `the way here: ${[A, B, A, B, A, B, A, B, A].join(" → ")}`;
  expect(failure?.causes[0]).toContain(`it would be 9 tasks deep, and 8 is the most; ${way}`);
});

it("a ring whose agents do not count ends too, and sooner", async () => {
  const { status, failure } = await ordered(A, { ring: [A, B] });
  expect(status).toBe("failed");
  // 1,024 at the root, 63 below it, 3 below that, and then none.
  expect(failure?.causes).toHaveLength(4);
  expect(failure?.causes[0]).toContain("0 more tasks may come of this run");
});

it("a tree is no larger than its root allows, however its runs share it", async () => {
  const pair: Order = { submit: [...one(C, {}), ...one(C, {})] };
  const of = (sub_tasks: number) => one(B, pair, { sub_tasks });
  expect(await ordered(A, { submit: [...of(2), ...of(2)] }, { sub_tasks: 6 })).toMatchObject({
    status: "done",
    cost: 7,
  });
  const tight = await ordered(A, { submit: [...of(2), ...of(2)] }, { sub_tasks: 5 });
  expect(tight.failure?.causes.join()).toContain(
    "2 more tasks may come of this run: too few for this one with 2 of its own; give each sub-task fewer",
  );
  const task = await mesh().submit("asks", "echo", { skill: A, input: { submit: of(1) }, sub_tasks: 2 });
  const { failure } = await mesh().outcome("asks", task);
  expect(failure?.causes[0]).toContain("0 more tasks may come of this run");
  expect((await mesh().node("asks").moot("show", task)).stdout).toMatch(/^sub-tasks +at most 2$/m);
});

it("a run has so many sub-tasks open, and not one more", async () => {
  const many = Array.from({ length: HANDLER.sub_tasks_open + 1 }, () => ({
    skill: C,
    input: {},
    options: { custodians: 1 },
  }));
  const { status, failure } = await ordered(A, { submit: many });
  expect([status, failure?.message]).toEqual([
    "failed",
    `sub-task (${C}): refused: ${HANDLER.sub_tasks_open} sub-tasks of this run are open; wait for some of them`,
  ]);
});

it("what is spent below counts above, and no bid above the budget is taken", async () => {
  const within: Order = { submit: one(B, { spend: 5 }) };
  expect(await ordered(A, within, { budget: 10 })).toMatchObject({ status: "done", cost: 7 });
  const exceeded = await ordered(A, { submit: one(B, { spend: 5 }) }, { budget: 4 });
  // One each for the bids of the two.
  expect(exceeded.failure?.causes.join()).toContain("the run's budget of 2 is exceeded: 5 spent");
  const dear = await ordered(A, {}, { budget: 0.5, deadline_ms: 600 });
  expect(dear).toMatchObject({ status: "expired", failure: { refusals: [{ reason: "too-dear" }] } });
});

it("sub-tasks side by side cost no more together than what is left", async () => {
  const all = Array.from({ length: 5 }, () => ({ skill: C, input: { spend: 3 }, options: { budget: 4 } }));
  const { status, failure } = await ordered(A, { submit: all }, { budget: 6 });
  expect([status, failure?.message]).toEqual([
    "failed",
    `sub-task (${C}): refused: the run's budget of 5 does not allow a sub-task for 4: 0 spent, 4 held for sub-tasks that are open; give each a budget of its own, or wait for those`,
  ]);
  expect(failure?.toolTrace.filter(({ outcome }) => outcome === "refused")).toHaveLength(4);
});

it("a sub-task ends before the run that waits for it, whatever it asks for", async () => {
  const input: Order = { submit: one(C, { hold: true }, { deadline_ms: 60_000 }) };
  const { status, failure } = await ordered(A, input, { deadline_ms: 3_000 });
  expect(status).toBe("failed");
  expect(failure?.causes).toEqual([expect.stringMatching(/^sub-task [0-9a-f]{12} \(test\.c@1\): deadline: /)]);
});

it("a run that waits for what only its own full agent can do ends, and says so", async () => {
  const { failure } = await ordered("test.alone@1", { submit: one("test.alone@1", {}) }, { deadline_ms: 1_500 });
  expect(failure?.causes.join()).toMatch(/overloaded.*; this node itself was at capacity/);
});

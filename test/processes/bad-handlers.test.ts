/**
 * Handlers that break their word in every way, all at one node. Without P6 a failure would be a status; here each way is told
 * apart by its reason, in data, and the node serves the next task as if nothing had been.
 */
import { afterEach, expect, it } from "vitest";
import { z } from "zod";
import { type Act, WORK } from "./agents.ts";
import { sharedMesh } from "./mesh.ts";

const HASTY = "test.hasty@1";
const MODULE = "test.module@1";
const AGAIN = "test.again@1";

const mesh = sharedMesh({
  nodes: [
    { name: "asks" },
    {
      name: "works",
      agents: [
        {},
        { name: "hasty", skill: HASTY, timeout_ms: 700 },
        { name: "module", skill: MODULE, kind: "module" },
        { name: "again", skill: AGAIN },
      ],
    },
    { name: "spare", agents: [{ name: "again", skill: AGAIN }] },
  ],
});

afterEach(async () => {
  const { pid } = mesh().node("works");
  const task = await mesh().submit("asks", "echo");
  expect(await mesh().outcome("asks", task)).toMatchObject({ status: "done", result: { by: "works" } });
  expect(mesh().node("works")).toMatchObject({ running: true, pid });
});

const once = (skill: string, act: Act) => mesh().submit("asks", act, { skill, attempts_max: 1 });

it.each([
  { way: "exits with an error", skill: WORK, act: "fail", reason: "error", message: /no luck today/ },
  { way: "throws", skill: MODULE, act: "throw", reason: "error", message: /the module says no/ },
  { way: "hangs", skill: HASTY, act: "hold", reason: "timeout", message: /700 ms/ },
  { way: "prints garbage", skill: WORK, act: "garbage", reason: "invalid-output", message: /this is no JSON/ },
  { way: "prints 10 MB", skill: WORK, act: "flood", reason: "output-too-large", message: /65536/ },
] as const)("P6: a handler that $way: the reason is $reason", async ({ skill, act, reason, message }) => {
  const { status, failure } = await mesh().outcome("asks", await once(skill, act));
  expect(status).toBe("failed");
  expect(failure).toMatchObject({ status: "failed", reason, message: expect.stringMatching(message) });
  expect(failure?.attempts).toMatchObject([
    { contractor: mesh().node("works").peer, exitReason: reason, message: expect.stringMatching(message) },
  ]);
});

it("a handler that asks for another try (exit 75) is followed by another agent", async () => {
  const task = await mesh().submit("asks", "retry-once", { skill: AGAIN });
  const [first, second] = [await mesh().started(task), await mesh().started(task, 2)];
  expect(new Set([first.node, second.node])).toEqual(new Set(["works", "spare"]));
  expect(second.fence).toBeGreaterThan(first.fence);
  expect(await mesh().outcome("asks", task)).toMatchObject({ status: "done", result: { by: second.node } });
  const { attempts } = await mesh().node("asks").client.task(task);
  expect(attempts).toMatchObject([{ exitReason: "retry", message: expect.stringContaining("not here, not now") }]);
});

const shown = z.object({ outcome: z.object({ failure: z.record(z.string(), z.unknown()) }) });

it("P6: moot show --json of a failed task has its attempts, causes and who was asked", async () => {
  const task = await mesh().submit("asks", "garbage", { skill: AGAIN, attempts_max: 2 });
  await mesh().outcome("asks", task);
  const { code, stdout } = await mesh().node("asks").moot("show", task, "--json");
  expect(code).toBe(0);
  const { failure } = shown.parse(JSON.parse(stdout)).outcome;
  const [first, second] = mesh()
    .shared.starts(task)
    .map(({ node }) => mesh().node(node).peer);
  expect(first).not.toBe(second);
  expect(failure).toMatchObject({ status: "failed", reason: "invalid-output", retryCount: 1 });
  expect(failure["attempts"]).toMatchObject([
    { contractor: first, exitReason: "invalid-output", ballot: { round: 1 } },
    { contractor: second, exitReason: "invalid-output" },
  ]);
  expect(failure["causes"]).toHaveLength(2);
  expect(failure["asked"]).toEqual(expect.arrayContaining([first, second]));
});

/** A contractor is killed while tasks that its run submitted are open, and comes back. */
import { expect, it } from "vitest";
import { sharedMesh } from "./mesh.ts";
import { logged, ORDERS, type Order } from "./orders.ts";

const [A, C] = ["test.a@1", "test.c@1"] as const;
const agent = (skill: string) => ({ skill, source: ORDERS, concurrency: 4 });

const mesh = sharedMesh({
  nodes: [{ name: "asks" }, { name: "one", agents: [agent(A)] }, { name: "three", agents: [agent(C)] }],
});
/** One sub-task. */
const one = (skill: string, input: Order) => [{ skill, input }];

it("a contractor that was killed cancels at its return what was for its run, and says so", async () => {
  const input: Order = { submit: one(C, { hold: true }) };
  const task = await mesh().submit("asks", "echo", { skill: A, input });
  const leaf = await mesh().until("the leaf works", () => {
    const lines = logged(mesh());
    const since = lines.findIndex((line) => line.task === task);
    return since >= 0 && lines.slice(since).find(({ what, skill }) => what === "start" && skill === C);
  });
  const stopped = () => logged(mesh()).some((line) => line.what === "stopped" && line.task === leaf.task);
  await mesh().node("one").end("SIGKILL");
  expect(stopped()).toBe(false);
  await mesh().restart("one");
  await mesh().until("the leaf is stopped", stopped);
  expect((await mesh().agreed(leaf.task, ["one"])).status).toBe("cancelled");
  const { facts } = await mesh().node("one").client.facts(task);
  expect(facts.find(({ type }) => type === "sub-task-orphaned")).toMatchObject({ child: leaf.task, skill: C });
  expect((await mesh().node("one").moot("trace", task)).stdout).toContain(
    `ended with this node; ${leaf.task.slice(0, 12)} (${C}), which was for it, is cancelled`,
  );
  // The next attempt at the parent submits another.
  await mesh().node("asks").client.cancel(task);
  expect((await mesh().outcome("asks", task)).status).toBe("cancelled");
});

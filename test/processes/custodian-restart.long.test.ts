/**
 * Custodians are killed and come back between what they promised and the outcome. Without P1 at this level (promises, awards
 * and votes on disk before anybody hears of them) a custodian would come back empty: it would not know the task, or would
 * promise and accept again what it had given away, and the three could not be shown to agree.
 */
import { expect, it } from "vitest";
import { type Mesh, sharedMesh } from "./mesh.ts";

const mesh = sharedMesh({
  nodes: [{ name: "first" }, { name: "second" }, { name: "third" }, { name: "works", agents: [{ concurrency: 16 }] }],
});
const CUSTODIANS = ["first", "second", "third"] as const;

/** A task whose contractor waits and is no custodian of it. Custodians fall by hash, so a few tries find one. */
async function held(at: Mesh, lease_ms: number): Promise<string> {
  return at.until("a task falls to these custodians", async () => {
    const task = await at.submit("first", "hold", { custodians: 3, lease_ms });
    const { custodians } = await at.node("first").client.task(task);
    await at.started(task);
    if (!custodians.includes(at.node("works").peer)) return task;
    at.shared.release(task);
    await at.outcome("first", task);
    return undefined;
  });
}

it.each([
  { who: "a custodian is", names: ["second"] },
  { who: "the initiator is", names: ["first"] },
  { who: "all three are", names: ["first", "second", "third"] },
])("P1: $who killed and restarted while the contractor works: one run, one outcome, all agree", async ({ names }) => {
  // The lease outlasts the restarts: the contractor is to be found again, not replaced.
  const task = await held(mesh(), 25_000);
  await Promise.all(names.map((name) => mesh().restart(name)));
  mesh().shared.release(task);
  const outcome = await mesh().agreed(task, CUSTODIANS);
  expect(outcome).toMatchObject({ status: "done", contractor: mesh().node("works").peer });
  expect(mesh().shared.starts(task)).toHaveLength(1);
});

it("P1: a custodian that was away when the others decided comes back to the same outcome", async () => {
  const task = await held(mesh(), 2_000);
  await mesh().node("third").end("SIGKILL");
  mesh().shared.release(task);
  const decided = await mesh().agreed(task, ["first", "second"]);
  await mesh().restart("third");
  expect(await mesh().agreed(task, CUSTODIANS)).toEqual(decided);
});

it("P1: all three are away when the contractor finishes: its result waits for them, and is not made again", async () => {
  const task = await held(mesh(), 25_000);
  await Promise.all(CUSTODIANS.map((name) => mesh().node(name).end("SIGKILL")));
  mesh().shared.release(task);
  await mesh().until("the work is done", () => mesh().shared.ends(task).length === 1);
  await Promise.all(CUSTODIANS.map((name) => mesh().restart(name)));
  expect(await mesh().agreed(task, CUSTODIANS)).toMatchObject({ status: "done", result: expect.any(String) });
  expect(mesh().shared.starts(task)).toHaveLength(1);
});

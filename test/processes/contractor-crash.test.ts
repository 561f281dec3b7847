/** A contractor's process is killed while it works. */
import { expect, it } from "vitest";
import { sharedMesh } from "./mesh.ts";

const LEASE_MS = 2_000;

const mesh = sharedMesh({
  nodes: [{ name: "asks" }, { name: "one", agents: [{}] }, { name: "other", agents: [{}] }],
});

/**
 * Without P2 (one contractor per ballot, ballots that grow) the second handler would get the fence of the first, and a system
 * that both write to could not tell the orphan from the one that counts.
 */
it("P2: the task of a killed contractor goes to another, under a higher fence", async () => {
  const { shared } = mesh();
  const node = (name: string) => mesh().node(name);
  const task = await mesh().submit("asks", "hold", { lease_ms: LEASE_MS });
  const first = await mesh().started(task);
  const dead = node(first.node);
  await dead.end("SIGKILL");
  const second = await mesh().started(task, 2);
  expect(second.node).not.toBe(first.node);
  expect(second.fence).toBeGreaterThan(first.fence);

  // The orphan goes on too: its program survived its node. Only the one with the higher fence is heard.
  shared.release(task);
  const outcome = await mesh().outcome("asks", task);
  expect(outcome).toMatchObject({
    status: "done",
    contractor: node(second.node).peer,
    result: { by: second.node, fence: String(second.fence) },
  });
  await mesh().until("the orphan's side effect happens as well", () => shared.ends(task).length === 2);
  const { attempts, ballot } = await node("asks").client.task(task);
  expect(attempts).toMatchObject([{ contractor: dead.peer, exitReason: "lost", ballot: { round: 1 } }]);
  expect(ballot.round).toBeGreaterThan(1);
});

it("the killed one comes back as the same peer, does not repeat what it did, and works again", async () => {
  const before = mesh().shared.starts().length;
  const [dead] = mesh().nodes.filter(({ running }) => !running);
  await mesh().restart(dead?.name ?? "");
  await mesh().settle();
  expect(mesh().shared.starts()).toHaveLength(before);
  const task = await mesh().submit(dead?.name ?? "", "echo");
  expect(await mesh().outcome(dead?.name ?? "", task)).toMatchObject({ status: "done" });
});

it("P6: when every contractor is killed, the failure names each attempt and how it ended", async () => {
  await mesh().settle();
  // With one custodian: of three, two would be among the dead, and a minority decides nothing.
  const task = await mesh().submit("asks", "hold", { lease_ms: LEASE_MS, attempts_max: 2, custodians: 1 });
  for (const times of [1, 2]) {
    const run = await mesh().started(task, times);
    await mesh().node(run.node).end("SIGKILL");
  }
  const { status, failure } = await mesh().outcome("asks", task);
  expect(status).toBe("failed");
  expect(failure?.reason).toBe("lost");
  expect(failure?.attempts.map(({ exitReason }) => exitReason)).toEqual(["lost", "lost"]);
  expect(new Set(failure?.attempts.map(({ contractor }) => mesh().nameOf(contractor)))).toEqual(
    new Set(["one", "other"]),
  );
});

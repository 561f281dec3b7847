/** Who keeps a blob: custodians fetch what a task needs, so that it outlives its initiator; nobody drops what an open task needs. */
import { expect, it, vi } from "vitest";
import { bytesOf, once, sha256, start } from "./nodes.ts";

const WITHIN = { timeout: 8_000, interval: 20 };

it("custodians fetch the input's blobs, and do the task with them when its initiator is gone", async () => {
  const one = await start();
  const two = await start({ join: [one.node] });
  const three = await start({ join: [one.node, two.node] });
  await Promise.all([one, two, three].map(({ node }) => node.ready()));
  const data = bytesOf(700_000);
  const ref = await one.node.blobs.put(once(data));
  // Nobody can do it yet, so it stays open.
  const task = await one.node.submit({
    skill: "data.hash@1",
    input: { data: ref },
    custodians: 3,
    lease_ms: 1_000,
    deadline_ms: 60_000,
  });
  await vi.waitFor(
    () => expect([two.node.blobs.store.has(ref.$blob), three.node.blobs.store.has(ref.$blob)]).toEqual([true, true]),
    WITHIN,
  );
  await expect(two.node.blobs.drop(ref.$blob)).rejects.toMatchObject({
    code: "usage",
    message: expect.stringContaining("needed by a task"),
  });
  expect(two.node.blobs.list()).toMatchObject([{ blob: ref.$blob, pinned: true }]);
  await one.stop();
  const worker = await start({ join: [two.node, three.node], agent: true });
  const { status, result } = await two.node.outcome(task);
  expect(status).toBe("done");
  expect(result).toMatchObject({ sha256: sha256(data) });
  expect(worker.node.blobs.received_bytes).toBe(data.length);
  await two.node.blobs.drop(ref.$blob);
}, 30_000);

it("a node that was restarted still has its blobs, and keeps those of its open tasks", async () => {
  const first = await start();
  await first.node.ready();
  const ref = await first.node.blobs.put(once(bytesOf(300_000)));
  await first.node.submit({ skill: "data.hash@1", input: { data: ref }, deadline_ms: 60_000 });
  await first.stop();
  const { node } = await first.again();
  expect(node.blobs.list()).toMatchObject([{ blob: ref.$blob, bytes: 300_000, pinned: true }]);
  await expect(node.blobs.drop(ref.$blob)).rejects.toMatchObject({ code: "usage" });
});

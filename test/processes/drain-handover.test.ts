/**
 * What still runs when a node's grace is over: told to stop, and handed on at once, also what heeds its signal late or never. Without this
 * a run that was stopped for its node's sake decided its task, or the task waited out its lease.
 */
import { expect, it } from "vitest";
import { sharedMesh } from "./mesh.ts";

/** Runs until its signal aborts, and `late_ms` longer; at the node that takes over it is quick. */
const stays = (node: string) => `
import { appendFileSync } from "node:fs";
export default async ({ late_ms }, { task, fence, signal }) => {
  appendFileSync(SHARED + "/runs.log", "start " + [task, fence, process.pid, ${JSON.stringify(node)}].join(" ") + "\\n");
  if (${JSON.stringify(node)} === "spare") return { by: "spare" };
  await new Promise((_, stop) =>
    signal.addEventListener("abort", () => late_ms === null || setTimeout(() => stop(new Error("as told")), late_ms)),
  );
};
`;

const mesh = sharedMesh({
  nodes: [{ name: "asks" }, { name: "works", agents: [{ concurrency: 4, source: stays("works") }] }, { name: "keeps" }],
});
const LEASE_MS = 30_000;
const QUICK_MS = 20_000;

it("a node that stops hands its runs on: those that heed it, one that is late, and one that never ends", async () => {
  const submit = (late_ms: number | null) =>
    mesh().node("asks").client.submit({
      skill: "test.work@1",
      input: { late_ms },
      deadline_ms: 60_000,
      lease_ms: LEASE_MS,
      custodians: 3,
    });
  const tasks = await Promise.all([0, 1_500, null].map(submit));
  for (const task of tasks) expect((await mesh().started(task)).node).toBe("works");
  await mesh().add({ name: "spare", agents: [{ concurrency: 4, source: stays("spare") }] });
  await mesh().settle();

  const since = performance.now();
  const works = mesh().node("works");
  expect((await works.stop("2s")).code).toBe(0);
  const { peer } = works;
  const ends = await Promise.all(tasks.map((task) => mesh().outcome("asks", task)));
  expect(performance.now() - since).toBeLessThan(QUICK_MS);
  for (const end of ends) expect(end).toMatchObject({ status: "done", result: { by: "spare" } });
  for (const task of tasks) {
    const { attempts } = await mesh().node("asks").client.task(task);
    expect(attempts).toMatchObject([
      { contractor: peer, exitReason: "shutdown", message: expect.stringMatching(/^its node stopped/) },
    ]);
  }
});

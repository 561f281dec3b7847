/**
 * Every node says everything twice, some of it late, and contractors die while they work. A network may repeat whatever it
 * likes: without CLAIM-18 (an award that arrives again starts nothing, not even after its work is over) handlers would run
 * twice under one fence, and a system that both write to could not tell them apart.
 */
import { join } from "node:path";
import { expect, it } from "vitest";
import type { TaskView } from "../../protocols/mod.ts";
import type { Act } from "./agents.ts";
import { sharedMesh } from "./mesh.ts";

const LEASE_MS = 2_000;
const WORKERS = ["one", "two", "three"] as const;

const mesh = sharedMesh({
  preload: join(import.meta.dirname, "repeats.ts"),
  nodes: [{ name: "asks" }, { name: "asks-too" }, ...WORKERS.map((name) => ({ name, agents: [{ concurrency: 8 }] }))],
});

interface Asked {
  readonly task: string;
  readonly at: "asks" | "asks-too";
}

async function ask(act: Act, index: number): Promise<Asked> {
  const at = index % 2 === 0 ? "asks" : "asks-too";
  const reach = (["directed", "wide", "auto"] as const)[index % 3];
  return { task: await mesh().submit(at, act, { custodians: 3, lease_ms: LEASE_MS, reach }), at };
}

function all<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => make(index)));
}

/** One outcome, which all custodians hold and the initiator's user gets; one handler for each ballot that was awarded. */
async function settled({ task, at }: Asked): Promise<TaskView> {
  const told = await mesh().outcome(at, task);
  const view = await mesh().node(at).client.task(task);
  const custodians = view.custodians.map((peer) => mesh().nameOf(peer) ?? "a stranger");
  expect(custodians).toHaveLength(3);
  const { status, contractor, result } = await mesh().agreed(task, custodians);
  expect({ task, status: told.status, contractor: told.contractor }).toEqual({ task, status, contractor });
  if (status === "done") expect(told.result).toEqual(JSON.parse(result ?? ""));
  for (const name of custodians) {
    const { facts } = await mesh().node(name).client.facts(task);
    expect(
      facts.filter(({ type }) => type === "decided"),
      `decisions of ${task} at ${name}`,
    ).toHaveLength(1);
  }
  return view;
}

/** Frames of a task that arrived, for each that the machines sent. Publications count once and arrive everywhere. */
async function arrivals(task: string): Promise<number> {
  const counts = await Promise.all(mesh().running.map(({ client }) => client.messages(task)));
  const sum = (of: readonly number[]) => of.reduce((total, one) => total + one, 0);
  return sum(counts.map(({ received }) => received)) / sum(counts.map(({ sent }) => sent));
}

function fencesOf(task: string): readonly number[] {
  const fences = mesh()
    .shared.starts(task)
    .map(({ fence }) => fence);
  expect(new Set(fences).size, `fences of ${task}: ${fences.join(", ")}`).toBe(fences.length);
  return fences;
}

it("P1, P2: what arrives twice is done once", async () => {
  const asked = await all(12, (index) => ask(index % 4 === 3 ? "retry-once" : "echo", index));
  for (const one of asked) await settled(one);
  const [directed] = asked;
  // Else this test would test nothing.
  await mesh().until("everything arrives twice", async () => (await arrivals(directed?.task ?? "")) > 1.5);
  for (const [index, { task }] of asked.entries()) {
    expect(fencesOf(task).length).toBeGreaterThanOrEqual(index % 4 === 3 ? 2 : 1);
  }
});

it.each(["the first", "another"])("P1, P2: %s contractor is killed: others go on, once for each ballot", async () => {
  const asked = await all(4, (index) => ask("hold", index));
  const runs = await Promise.all(asked.map(({ task }) => mesh().started(task)));
  const [victim] = runs.map(({ node }) => node);
  await mesh()
    .node(victim ?? "")
    .end("SIGKILL");
  const lost = asked.filter((_, index) => runs[index]?.node === victim);
  for (const { task } of lost) await mesh().started(task, 2);
  for (const { task } of asked) mesh().shared.release(task);
  for (const { task, at } of asked) expect((await mesh().outcome(at, task)).status).toBe("done");
  // It may be a custodian: it comes back and is told, and what was awarded to it before is not done again.
  await mesh().restart(victim ?? "");
  for (const one of asked) await settled(one);
  for (const one of asked) expect(fencesOf(one.task).length).toBeGreaterThanOrEqual(lost.includes(one) ? 2 : 1);
});

it("a user at the command line gets the one result", async () => {
  const { code, stdout, stderr } = await mesh().node("asks").moot("submit", "test.work@1", "--input", '{"do":"echo"}');
  expect({ code, result: JSON.parse(stdout) }, stderr).toMatchObject({ code: 0, result: { by: expect.any(String) } });
});

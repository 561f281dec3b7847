/**
 * Tasks that nobody can do, or not yet. Without P6 (nothing silent) they would end as a bare "expired": these tests read who was
 * asked, how often, and each one's reason out of what the command line prints.
 */
import { expect, it } from "vitest";
import { z } from "zod";
import { sharedMesh } from "./mesh.ts";
import type { Spoken } from "./processes.ts";

const mesh = sharedMesh({
  nodes: [{ name: "asks" }, { name: "works", agents: [{ concurrency: 1 }] }, { name: "idles" }],
});

const failed = z.object({
  status: z.string(),
  failure: z.object({
    reason: z.string(),
    message: z.string(),
    rounds: z.number(),
    asked: z.array(z.string()),
    refusals: z.array(z.object({ peer: z.string(), reason: z.string(), times: z.number() })),
    attempts: z.array(z.unknown()),
  }),
});

const failureIn = ({ stdout }: Spoken) => failed.parse(JSON.parse(stdout)).failure;
const submit = (skill: string, ...words: readonly string[]) =>
  mesh()
    .node("asks")
    .moot("submit", skill, "--input", '{"do":"echo"}', "--deadline", "3s", ...words);

it("P6: a skill that nobody has: exit 5, and the failure says how often it was called and that nobody answered", async () => {
  const [said, asJson] = await Promise.all([submit("test.nobody@1"), submit("test.nobody@1", "--json")]);
  expect([said.code, asJson.code]).toEqual([5, 5]);
  expect(said.stdout).toBe("");
  expect(said.stderr).toMatch(/nobody/);
  const failure = failureIn(asJson);
  expect(failure).toMatchObject({ reason: "no-bids", asked: [], refusals: [], attempts: [] });
  expect(failure.rounds).toBeGreaterThan(1);
});

it("P6: everybody who could is at capacity: exit 5, with who was asked and why each refused", async () => {
  const busy = await mesh().submit("asks", "hold");
  await mesh().started(busy);
  const [said, asJson] = await Promise.all([submit("test.work@1"), submit("test.work@1", "--json")]);
  mesh().shared.release(busy);
  expect([said.code, asJson.code]).toEqual([5, 5]);
  const { peer } = mesh().node("works");
  expect(said.stderr).toContain(peer.slice(-8));
  expect(said.stderr).toContain("overloaded");
  const failure = failureIn(asJson);
  expect(failure).toMatchObject({ reason: "no-bids", attempts: [] });
  expect(failure.asked).toEqual([peer]);
  expect(failure.refusals).toContainEqual({ peer, reason: "overloaded", times: expect.any(Number) });
  expect(await mesh().outcome("asks", busy)).toMatchObject({ status: "done" });
});

it("a task that finds the only agent busy waits, and is done when there is room", async () => {
  const busy = await mesh().submit("asks", "hold");
  await mesh().started(busy);
  const waiting = await mesh().submit("asks", "echo");
  await mesh().until("the second task is refused", async () => {
    const { account } = await mesh().node("asks").client.task(waiting);
    return account.refusals.some(({ reason }) => reason === "overloaded");
  });
  expect(mesh().shared.starts(waiting)).toHaveLength(0);
  mesh().shared.release(busy);
  expect(await mesh().outcome("asks", waiting)).toMatchObject({ status: "done", result: { by: "works" } });
});

it("a task announced before the only capable agent joined is done by it", async () => {
  const task = await mesh().submit("asks", "echo", { skill: "test.late@1" });
  await mesh().until(
    "it is announced in vain",
    async () => (await mesh().node("asks").client.task(task)).account.rounds >= 2,
  );
  await mesh().add({ name: "late", agents: [{ skill: "test.late@1" }] });
  expect(await mesh().outcome("asks", task)).toMatchObject({ status: "done", result: { by: "late" } });
});

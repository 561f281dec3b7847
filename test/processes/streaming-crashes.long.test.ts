/** What a run says before it ends, through the death of its contractor and of its conductor. */
import { expect, it } from "vitest";
import { sharedMesh } from "./mesh.ts";
import { numbers, ORDERS, type Order, partials } from "./orders.ts";

const SKILL = "test.says@1";
const LEASE_MS = 1_200;

const mesh = sharedMesh({
  nodes: [
    { name: "asks" },
    { name: "keeps" },
    { name: "other" },
    { name: "one", agents: [{ skill: SKILL, source: ORDERS }] },
    { name: "two", agents: [{ skill: SKILL, source: ORDERS }] },
  ],
});

function put(input: Order): Promise<string> {
  return mesh().submit("asks", "echo", { skill: SKILL, input, deadline_ms: 40_000, lease_ms: LEASE_MS });
}

it("when its contractor is killed in mid-stream, the second run's results go on under a higher fence", async () => {
  const task = await put({ emit: 200, every_ms: 10 });
  const [first] = await mesh().until("the first run is heard", async () => {
    const found = await partials(mesh().node("asks"), task);
    return found.length > 0 && found;
  });
  const dead = mesh().nameOf(first?.contractor) ?? "";
  await mesh().node(dead).end("SIGKILL");
  const outcome = await mesh().outcome("asks", task);
  expect(outcome).toMatchObject({ status: "done", attempts: 2 });
  const all = await partials(mesh().node("asks"), task);
  const fence = 8 * outcome.ballot.round + outcome.ballot.custodian;
  expect(fence).toBeGreaterThan(first?.fence ?? 0);
  // The first run's came before, and none of them after.
  expect(all.findLastIndex((fact) => fact.fence === first?.fence)).toBeLessThan(
    all.findIndex((fact) => fact.fence === fence),
  );
  const ofSecond = async () => numbers(await partials(mesh().node("asks"), task), fence);
  await mesh().until("all of the second run is known", async () => (await ofSecond()).length >= 200);
  expect(await ofSecond()).toEqual(Array.from({ length: 200 }, (_, nth) => nth));
  // The first run was cut off: what came of it is its beginning, each once, and nothing of it came later.
  const ofFirst = numbers(await partials(mesh().node("asks"), task), first?.fence ?? 0);
  expect(ofFirst).toEqual(Array.from({ length: ofFirst.length }, (_, nth) => nth));
  expect(ofFirst.length).toBeLessThan(200);
  await mesh().restart(dead);
  await mesh().settle();
});

it("when the conductor is killed, whoever watches at another custodian sees the same run go on", async () => {
  const task = await put({ emit: 320, every_ms: 12 });
  const asks = mesh().node("asks");
  const { custodians } = await asks.client.task(task);
  const watcher = mesh().nodes.find(({ name, peer }) => name !== "asks" && custodians.includes(peer));
  if (watcher === undefined) throw new Error("there is another custodian");
  const [first] = await mesh().until("the run is heard there", async () => {
    const found = await partials(watcher, task);
    return found.length > 0 && found;
  });
  await asks.end("SIGKILL");
  const outcome = await mesh().outcome(watcher.name, task);
  expect(outcome).toMatchObject({ status: "done", attempts: 1 });
  const all = await partials(watcher, task);
  expect(all.map(({ contractor }) => contractor)).toEqual(all.map(() => first?.contractor));
  // Attached to the new conductor, it is numbered anew; nothing is said twice or left out, and it is one run all along.
  const said = Array.from({ length: 320 }, (_, nth) => ({ nth, fence: first?.fence }));
  expect(all.flatMap(({ values }) => values)).toEqual(said);
});

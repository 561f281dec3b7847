/** SIGTERM: what runs may end, and counts; nothing new is taken. A second one ends the process there and then. */
import { expect, it } from "vitest";
import { sharedMesh } from "./mesh.ts";
import { lives } from "./processes.ts";

const mesh = sharedMesh({
  nodes: [{ name: "asks" }, { name: "works", agents: [{ concurrency: 4 }] }, { name: "keeps" }],
});

async function draining(task: string) {
  const run = await mesh().started(task);
  const works = mesh().node("works");
  works.signal("SIGTERM");
  await mesh().until("the node says that it drains", () => works.events.includes("draining"));
  return { run, works };
}

it("a draining node refuses new work, ends what it runs, has the result accepted, and exits 0", async () => {
  const task = await mesh().submit("asks", "hold");
  const { works } = await draining(task);

  const own = { skill: "test.work@1", input: { do: "echo" } };
  await expect(works.client.submit(own)).rejects.toMatchObject({ code: "draining" });
  const refused = await mesh().submit("asks", "echo", { reach: "wide" });
  await mesh().until("new work is refused because it drains", async () => {
    const { account } = await mesh().node("asks").client.task(refused);
    return account.refusals.some(({ peer, reason }) => peer === works.peer && reason === "draining");
  });
  expect(works.running).toBe(true);
  expect(mesh().shared.starts(refused)).toHaveLength(0);

  mesh().shared.release(task);
  expect(await mesh().outcome("asks", task)).toMatchObject({ status: "done", contractor: works.peer });
  expect(await works.exited).toEqual({ code: 0, signal: null });
  expect(works.events).toEqual(expect.arrayContaining(["ready", "draining", "stopped"]));
  expect(mesh().shared.starts(task)).toHaveLength(1);
});

it("a second SIGTERM ends it at once, with its handlers, and the task goes elsewhere", async () => {
  await mesh().restart("works");
  await mesh().settle();
  const task = await mesh().submit("asks", "hold", { lease_ms: 1_500 });
  const { run, works } = await draining(task);
  works.signal("SIGTERM");
  const { code } = await works.exited;
  expect(code).not.toBe(0);
  await mesh().until("its handler is gone", () => !lives(run.pid));

  await mesh().add({ name: "other", agents: [{}] });
  mesh().shared.release(task);
  expect(await mesh().outcome("asks", task)).toMatchObject({ status: "done", result: { by: "other" } });
});

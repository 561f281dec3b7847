/** Tasks that end before their work does: cancelled, or past their deadline. The work must end too. */
import { expect, it } from "vitest";
import { sharedMesh } from "./mesh.ts";
import { lives } from "./processes.ts";

const mesh = sharedMesh({ nodes: [{ name: "asks" }, { name: "works", agents: [{}] }, { name: "idles" }] });

const HOLD = ["submit", "test.work@1", "--input", '{"do":"hold"}', "--json"];

/** The program of a run, and all of its group, is gone, and its place is free. */
async function gone(pid: number): Promise<void> {
  await mesh().until(`handler ${pid} is gone`, () => !lives(pid));
  await mesh().until("its place is free", async () =>
    (await mesh().node("works").client.status()).agents.every(({ busy }) => busy === 0),
  );
}

it("cancel while it runs: the handler is ended, and whoever waits exits 3 with status cancelled", async () => {
  const waiting = mesh().node("asks").run(HOLD).spoken();
  const run = await mesh().until("it is started", () => mesh().shared.starts().at(-1));
  expect((await mesh().node("asks").moot("cancel", run.task)).code).toBe(0);
  const { code, stdout } = await waiting;
  expect(code).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({
    task: run.task,
    status: "cancelled",
    attempts: 1,
    failure: { reason: "cancelled", attempts: [{ contractor: mesh().node("works").peer, exitReason: "cancelled" }] },
  });
  await gone(run.pid);
  expect(mesh().shared.ends(run.task)).toHaveLength(0);
});

it("cancel at another custodian than the initiator", async () => {
  const task = await mesh().submit("asks", "hold", { custodians: 3 });
  const run = await mesh().started(task);
  expect((await mesh().node("idles").moot("cancel", task.slice(0, 12))).code).toBe(0);
  expect(await mesh().outcome("asks", task)).toMatchObject({
    status: "cancelled",
    failure: { attempts: [{ contractor: mesh().node("works").peer, exitReason: "cancelled" }] },
  });
  await gone(run.pid);
});

it("cancel before there is a contractor", async () => {
  const waiting = mesh().node("asks").run(["submit", "test.nobody@1", "--input", "{}", "--json"]).spoken();
  const task = await mesh().until("it is stored", async () => {
    const { tasks } = await mesh().node("asks").client.tasks({ state: "open" });
    return tasks.find(({ skill }) => skill === "test.nobody@1")?.task;
  });
  expect((await mesh().node("asks").moot("cancel", task)).code).toBe(0);
  const { code, stdout } = await waiting;
  expect(code).toBe(3);
  expect(JSON.parse(stdout)).toMatchObject({ task, status: "cancelled", failure: { attempts: [] } });
});

it("P6: the deadline passes while it runs: exit 4, status expired, the reason as data, and the handler is ended", async () => {
  const before = mesh().shared.starts().length;
  const waiting = mesh()
    .node("asks")
    .run([...HOLD, "--deadline", "3s"])
    .spoken();
  const run = await mesh().until("it is started", () => mesh().shared.starts()[before]);
  const { code, stdout } = await waiting;
  expect(code).toBe(4);
  expect(JSON.parse(stdout)).toMatchObject({
    task: run.task,
    status: "expired",
    attempts: 1,
    failure: { reason: "deadline", attempts: [{ contractor: mesh().node("works").peer, exitReason: "deadline" }] },
  });
  await gone(run.pid);
  expect(mesh().shared.ends(run.task)).toHaveLength(0);
});

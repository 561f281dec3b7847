/**
 * The initiator's process is killed after its `submit` was acknowledged, and stays away. Without P3 (a task lives while a
 * majority of its custodians does) these tests would wait for ever: nobody else would announce, collect or decide.
 */
import { expect, it } from "vitest";
import { z } from "zod";
import { sharedMesh } from "./mesh.ts";
import type { Spoken } from "./processes.ts";

const mesh = sharedMesh({
  nodes: [{ name: "asks" }, { name: "works", agents: [{}] }, { name: "keeps" }],
});

const DETACHED = ["--detach", "--json", "--custodians", "3", "--lease", "1500ms", "--deadline", "50s"];

function taskIn({ stdout, code, stderr }: Spoken): string {
  expect(code, stderr).toBe(0);
  return z.object({ task: z.string().length(64) }).parse(JSON.parse(stdout)).task;
}

const shown = z.object({
  state: z.string(),
  initiator: z.string(),
  outcome: z.object({ status: z.string(), result: z.string().optional() }).optional(),
});

/** `moot show --json` at another custodian, until it has an outcome. */
function show(name: string, task: string) {
  return mesh().until(`moot show at ${name} has the outcome`, async () => {
    const { stdout } = await mesh().node(name).moot("show", task, "--json");
    const found = shown.parse(JSON.parse(stdout));
    return found.outcome === undefined ? undefined : found;
  });
}

it("P3: the initiator is killed while the contractor works: another custodian has the outcome", async () => {
  const asks = mesh().node("asks");
  const task = taskIn(await asks.moot("submit", "test.work@1", "--input", '{"do":"hold"}', ...DETACHED));
  const run = await mesh().started(task);
  await asks.end("SIGKILL");
  mesh().shared.release(task);
  const { state, initiator, outcome } = await show("keeps", task);
  expect({ state, initiator, status: outcome?.status }).toEqual({
    state: "decided",
    initiator: asks.peer,
    status: "done",
  });
  expect(JSON.parse(outcome?.result ?? "")).toEqual({ by: "works", fence: String(run.fence) });
  expect(mesh().shared.starts(task)).toHaveLength(1);
  await mesh().agreed(task, ["keeps", "works"]);
});

it("P3: the initiator comes back and learns what was decided without it", async () => {
  const [first] = mesh().shared.starts();
  await mesh().restart("asks");
  await mesh().agreed(first?.task ?? "", ["asks", "keeps", "works"]);
  expect(mesh().shared.starts(first?.task)).toHaveLength(1);
});

it("P3: the initiator is killed before anybody could do the task: another custodian finds who does it", async () => {
  await mesh().settle();
  const asks = mesh().node("asks");
  const task = taskIn(await asks.moot("submit", "test.later@1", "--input", '{"do":"echo"}', ...DETACHED));
  await asks.end("SIGKILL");
  await mesh().add({ name: "late", agents: [{ skill: "test.later@1" }] });
  const { outcome } = await show("keeps", task);
  expect(outcome?.status).toBe("done");
  expect(JSON.parse(outcome?.result ?? "")).toMatchObject({ by: "late" });
});

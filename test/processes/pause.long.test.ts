/** A contractor's process stands still for longer than its lease, as a laptop's that was closed, and goes on. */
import { expect, it } from "vitest";
import { z } from "zod";
import type { Run } from "./agents.ts";
import { sharedMesh } from "./mesh.ts";
import { lives } from "./processes.ts";

const mesh = sharedMesh({
  nodes: [{ name: "asks" }, { name: "one", agents: [{}] }, { name: "other", agents: [{}] }, { name: "keeps" }],
});

const said = z.object({ fence: z.string() });

/** A task that is held at one node, which then stands still until another holds it too. */
async function overlapped() {
  const task = await mesh().submit("asks", "hold", { custodians: 3, lease_ms: 1_500, attempts_max: 8 });
  const first = await mesh().started(task);
  mesh().node(first.node).signal("SIGSTOP");
  const second = await mesh().started(task, 2);
  expect(second.node).not.toBe(first.node);
  expect(second.fence).toBeGreaterThan(first.fence);
  return { task, first };
}

/** Resolves when the node has heard that its handler for this task has ended. */
function heard({ node, task }: Run): Promise<true> {
  return mesh().until(`${node} has heard of the end of its handler`, async () => {
    const { facts } = await mesh().node(node).client.facts(task);
    return facts.some(({ type }) => type === "ran");
  });
}

/**
 * At least once is what is promised (P4), so both side effects are there, and only their fences tell them apart. The paused
 * one's result comes to nothing twice over: its lease has run out, and its ballot is behind.
 */
it("P4: a paused contractor that finishes late has a lower fence, and its result is not the outcome", async () => {
  const { task, first } = await overlapped();
  mesh().shared.release(task, first.fence);
  const fences = () =>
    mesh()
      .shared.ends(task)
      .map(({ fence }) => fence);
  await mesh().until("the paused node's program ends", () => fences().includes(first.fence));
  mesh().node(first.node).signal("SIGCONT");
  await heard(first);
  expect((await mesh().node("asks").client.task(task)).outcome).toBeUndefined();

  mesh().shared.release(task);
  const { status, result } = await mesh().outcome("asks", task);
  const fence = fences().find((one) => one > first.fence && String(one) === said.parse(result).fence);
  expect({ status, fence }).toEqual({ status: "done", fence: expect.any(Number) });
  expect(fences().length).toBeGreaterThan(1);
  const { custodians } = await mesh().node("asks").client.task(task);
  await mesh().agreed(
    task,
    custodians.flatMap((peer) => mesh().nameOf(peer) ?? []),
  );
});

/**
 * Here the first contractor was in time, but nobody was there to hear it, and then it stood still: its finished result reaches
 * the register after the task was given to another. A register that took the first answer to come would take this one.
 */
it("P4: a result that was finished in a lower ballot is refused while another works in a higher one", async () => {
  await mesh().settle();
  const task = await mesh().submit("asks", "hold", { custodians: 1, lease_ms: 20_000 });
  const first = await mesh().started(task);
  await mesh().node("asks").end("SIGKILL");
  mesh().shared.release(task, first.fence);
  await heard(first);
  mesh().node(first.node).signal("SIGSTOP");
  await mesh().restart("asks");
  const second = await mesh().started(task, 2);
  expect(second.node).not.toBe(first.node);
  expect(second.fence).toBeGreaterThan(first.fence);

  // The second one renews every 6 seconds: what comes in sooner is the first one's.
  const { received } = (await mesh().node("asks").client.task(task)).messages;
  mesh().node(first.node).signal("SIGCONT");
  await mesh().until("the late result comes in", async () => {
    const { messages } = await mesh().node("asks").client.task(task);
    return messages.received > received;
  });
  expect((await mesh().node("asks").client.task(task)).outcome).toBeUndefined();
  mesh().shared.release(task);
  expect(await mesh().outcome("asks", task)).toMatchObject({
    result: { by: second.node, fence: String(second.fence) },
  });
});

/** Without P2's fence on the renewal the first one would work on, beside the second, until somebody noticed. */
it("P2: a paused contractor that is still at work ends its handler when it goes on", async () => {
  await mesh().settle();
  const { task, first } = await overlapped();
  mesh().node(first.node).signal("SIGCONT");
  await mesh().until("the superseded handler is ended", () => !lives(first.pid));
  mesh().shared.release(task);
  expect(await mesh().outcome("asks", task)).toMatchObject({ status: "done" });
  expect(
    mesh()
      .shared.ends(task)
      .map(({ fence }) => fence),
  ).not.toContain(first.fence);
});

it("the only agent that could do it is paused: it does it again when it goes on, under a higher fence", async () => {
  await mesh().settle();
  await mesh().add({ name: "only", agents: [{ skill: "test.only@1" }] });
  await mesh().settle();
  const task = await mesh().submit("asks", "hold", { skill: "test.only@1", lease_ms: 1_500, attempts_max: 8 });
  const first = await mesh().started(task);
  mesh().node("only").signal("SIGSTOP");
  await mesh().until("the attempt is given up", async () => {
    const { attempts } = await mesh().node("asks").client.task(task);
    return attempts.some(({ exitReason }) => exitReason === "lost");
  });
  mesh().node("only").signal("SIGCONT");
  const second = await mesh().started(task, 2);
  expect(second.fence).toBeGreaterThan(first.fence);
  // Asked again and again while its first handler was still ending, it must not have burnt its attempts on that.
  mesh().shared.release(task);
  expect(await mesh().outcome("asks", task)).toMatchObject({ status: "done", result: { by: "only" } });
  expect(second.fence - first.fence).toBeLessThan(8 * 8);
});

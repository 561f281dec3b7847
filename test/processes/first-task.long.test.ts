/**
 * The first task of a node that has just been started, through one member that it was told of: it gets the custodians that the
 * network has. A node that took its first neighbour for the network would keep it alone, and lose it with its own disk.
 */
import { describe, expect, it } from "vitest";
import { type Mesh, sharedMesh } from "./mesh.ts";

async function custodiansOf(mesh: Mesh, name: string, task: string): Promise<number> {
  return (await mesh.node(name).client.task(task)).custodians.length;
}

function readyAt(mesh: Mesh, name: string): Promise<true> {
  return mesh.until(`${name} says that its mesh is ready`, async () => {
    return (await mesh.node(name).client.status()).meshReady;
  });
}

describe("two nodes that a third joins", () => {
  const mesh = sharedMesh({ nodes: [{ name: "one", agents: [{ concurrency: 8 }] }, { name: "two" }] });

  it.each([
    { how: "at once, with every default", name: "hasty", options: {}, waits: false },
    { how: "at once, with three custodians", name: "strict", options: { custodians: 3 as const }, waits: false },
    { how: "as soon as the mesh is ready", name: "patient", options: {}, waits: true },
  ])("a task submitted $how gets three custodians", async ({ name, options, waits }) => {
    await mesh().add({ name, through: ["one"] });
    if (waits) await readyAt(mesh(), name);
    const task = await mesh().submit(name, "echo", options);
    expect(await custodiansOf(mesh(), name, task)).toBe(3);
    expect(await mesh().outcome(name, task)).toMatchObject({ status: "done", result: { by: "one" } });
    // The next is to be the third again.
    await mesh().node(name).end("SIGTERM");
  });
});

describe("one neighbour, and no other that lives", () => {
  const mesh = sharedMesh({ nodes: [{ name: "one", agents: [{ concurrency: 8 }] }, { name: "two" }] });

  it("two nodes are a mesh: a default task has one custodian, three are refused", async () => {
    await expect(mesh().submit("two", "echo", { custodians: 3 })).rejects.toMatchObject({ code: "too-few-peers" });
    await readyAt(mesh(), "two");
    const task = await mesh().submit("two", "echo");
    expect(await custodiansOf(mesh(), "two", task)).toBe(1);
    expect(await mesh().outcome("two", task)).toMatchObject({ status: "done" });
  });

  it.each([
    { what: "stands still, so that dials to it hang", signal: "SIGSTOP" as const, name: "third" },
    { what: "is dead", signal: "SIGKILL" as const, name: "fourth" },
  ])("a known peer that $what keeps nobody waiting", async ({ signal, name }) => {
    // Whoever joined before is gone, so that nobody but "one" can be met.
    for (const other of mesh().running) if (!["one", "two"].includes(other.name)) await other.end("SIGKILL");
    mesh().node("two").signal(signal);
    if (signal === "SIGKILL") await mesh().node("two").exited;
    await mesh().add({ name, through: ["one", "two"] });
    const since = performance.now();
    const task = await mesh().submit(name, "echo");
    console.info(
      `a second peer that ${signal} hit: the first task is kept after ${Math.round(performance.now() - since)} ms`,
    );
    expect(await custodiansOf(mesh(), name, task)).toBe(1);
    await readyAt(mesh(), name);
    const known = await mesh().node(name).client.peers();
    expect(known.map(({ peer }) => mesh().nameOf(peer))).toContain("two");
    expect(await mesh().outcome(name, task)).toMatchObject({ status: "done" });
  });
});

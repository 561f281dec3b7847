/** Two networks on one host: a stranger that knows a member's address gets nowhere. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Mesh, startMesh } from "./mesh.ts";

describe.each([
  { what: "of one name, closed by different keys", key: true, names: ["same", "same"] },
  { what: "without keys, of different names", key: false, names: ["ours", "theirs"] },
] as const)("two networks $what", ({ key, names }) => {
  let ours: Mesh;
  let theirs: Mesh;

  beforeAll(async () => {
    const [first, second] = names;
    ours = await startMesh({
      network: first,
      key,
      nodes: [{ name: "asks" }, { name: "works", agents: [{}, { name: "secret", skill: "test.ours@1" }] }],
    });
    // All of theirs are told to join all of ours.
    const join = ours.nodes.flatMap(({ address }) => address ?? []);
    theirs = await startMesh({
      network: second,
      key,
      join,
      nodes: [{ name: "asks2" }, { name: "works2", agents: [{}] }],
    });
  }, 120_000);
  afterAll(async () => {
    await Promise.all([ours?.close(), theirs?.close()]);
  });

  it("do each other's work never: every task stays at home", async () => {
    const work = async (mesh: Mesh, name: string) =>
      mesh.outcome(name, await mesh.submit(name, "echo", { reach: "wide" }));
    const rounds = [0, 1, 2].flatMap(() => [work(ours, "asks"), work(theirs, "asks2")]);
    const results = await Promise.all(rounds);
    expect(results.map(({ result }) => result)).toMatchObject(
      [0, 1, 2].flatMap(() => [{ by: "works" }, { by: "works2" }]),
    );
    // Neither side's scripts know of the other's folder, so these are the tasks of each alone.
    expect(new Set(ours.shared.starts().map(({ node }) => node))).toEqual(new Set(["works"]));
    expect(new Set(theirs.shared.starts().map(({ node }) => node))).toEqual(new Set(["works2"]));
  });

  it("know nobody of the other: no cards, no agents, no connections", async () => {
    for (const [mesh, other] of [
      [ours, theirs],
      [theirs, ours],
    ] as const) {
      const strangers: readonly string[] = other.nodes.map(({ peer }) => peer);
      for (const { client } of mesh.nodes) {
        const peers = await client.peers();
        expect(peers.filter(({ peer }) => strangers.includes(peer))).toEqual([]);
        expect((await client.agents()).filter(({ peer }) => strangers.includes(peer))).toEqual([]);
      }
    }
  });

  it("a skill of the one is no skill of the other", async () => {
    const submit = ["submit", "test.ours@1", "--input", '{"do":"echo"}', "--deadline", "2s", "--json"];
    expect((await theirs.node("asks2").moot(...submit)).code).toBe(5);
    expect((await ours.node("asks").moot(...submit, "--deadline", "20s")).code).toBe(0);
  });
});

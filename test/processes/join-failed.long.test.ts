/**
 * Nodes that cannot join: without a word, they would look like nodes that have nothing to do. Here it is a dead address, another
 * network key, none, another network name, and a member that is gone and comes back; each says which address it was, and why.
 */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Mesh, startMesh } from "./mesh.ts";
import type { MeshNode } from "./mesh-node.ts";
import { MootProcess } from "./processes.ts";
import { until } from "./until.ts";

/** Nobody may listen there without being root, and nobody does. */
const DEAD = "/ip4/127.0.0.1/tcp/1";
/** Nobody's name. */
const STRANGER = "12D3KooWQYV9dGMFoRzNStwpXztXaBUjtPqi6aU76ZgUriHhKust";

/** Why this node could not join through this address, as `moot up --json` tells it. */
function failed(node: MeshNode, address: string): Promise<string> {
  return node.line((line) => {
    const { event, addr, error } = JSON.parse(line);
    return event === "join-failed" && addr === address ? String(error) : undefined;
  });
}

const closing: Mesh[] = [];
afterAll(() => Promise.all(closing.map((mesh) => mesh.close())));

async function mesh(plan: Parameters<typeof startMesh>[0]): Promise<Mesh> {
  const started = await startMesh(plan);
  closing.push(started);
  return started;
}

/** Resolves with a node that is told to join at these addresses, and has a network for itself. */
async function outsider(join: readonly string[], plan: { readonly network?: string; readonly key?: boolean } = {}) {
  return (await mesh({ nodes: [{ name: "outside" }], join, settle: false, ...plan })).node("outside");
}

describe("a network with a key", () => {
  let inside: MeshNode;
  let address: string;
  beforeAll(async () => {
    inside = (await mesh({ nodes: [{ name: "inside" }] })).node("inside");
    address = inside.address ?? "";
  }, 60_000);

  it("is not joined with another key, and a dead address not at all: both are told", async () => {
    const outside = await outsider([address, DEAD]);
    expect(await failed(outside, address)).toContain("another network key?");
    expect(await failed(outside, DEAD)).toMatch(/nothing listens there.*ECONNREFUSED/);
    // In its own words, for programs only.
    expect(outside.words).toBe("");
    expect(inside.events).not.toContain("join-failed");
  });

  it("is not joined without a key, and people read that on stderr, with what it may be", async () => {
    const words = ["up", "--data", join(inside.dir, "other"), "--api", "127.0.0.1:0"];
    const outside = new MootProcess([...words, "--join", address], { cwd: inside.data });
    try {
      const warned = () => outside.stderr.includes("warning:");
      await until("it warns", warned, () => outside.stderr);
      expect(outside.stderr).toContain(`warning: cannot join through ${address}: `);
      for (const cause of ["wrong address", "network key", "firewall", "not up"])
        expect(outside.stderr).toContain(cause);
      expect(outside.lines).toEqual([]);
    } finally {
      outside.kill("SIGKILL");
      await outside.exited;
    }
  });
});

it("a node of another network answers, but is no member of this one; one with another name is another node", async () => {
  const inside = (await mesh({ nodes: [{ name: "inside" }], network: "ours", key: false })).node("inside");
  const address = inside.address ?? "";
  const mistaken = address.replace(inside.peer, STRANGER);
  const outside = await outsider([address, mistaken], { network: "theirs", key: false });
  expect(await failed(outside, address)).toBe("it answers, but is no member of this network");
  expect(await failed(outside, mistaken)).toMatch(new RegExp(`another node listens there.*${inside.peer}`));
});

it("a member that is gone is missed, and when it is back that is told, once", async () => {
  const pair = await mesh({ nodes: [{ name: "first" }, { name: "second" }] });
  const [first, second] = [pair.node("first"), pair.node("second")];
  expect(second.events).not.toContain("join-failed");
  await first.end("SIGKILL");
  expect(await failed(second, first.address ?? "")).toContain("nothing listens there");
  await pair.restart("first");
  await second.line((line) => (JSON.parse(line).event === "joined" ? line : undefined));
  expect(second.events.filter((event) => event === "joined")).toHaveLength(1);
});

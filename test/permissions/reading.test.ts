/** Who may read a blob where a network has roots: whoever works, and a narrower member what it was granted. Real nodes. */
import { readFileSync, rmSync } from "node:fs";
import { Readable } from "node:stream";
import { afterEach, expect, test, vi } from "vitest";
import { Fault } from "../../node/fault.ts";
import type { MootNode } from "../../node/moot-node.ts";
import type { BlobRef } from "../../protocols/mod.ts";
import { person } from "./cast.ts";
import { citizen, type Town } from "./nodes.ts";

let town: Town;

afterEach(async () => {
  await Promise.all(town.nodes.map((node) => node.stop({ grace_ms: 0 })));
  for (const folder of town.folders) rmSync(folder, { recursive: true, force: true });
});

/** The bytes that a node can get, or the code of the fault. */
async function read({ blobs }: MootNode, reference: BlobRef): Promise<string> {
  try {
    return readFileSync(await blobs.get(reference), "utf8");
  } catch (error) {
    return error instanceof Fault ? error.code : String(error);
  }
}

test("PERM-11: whoever works reads, a narrower member only what it is granted", async () => {
  town = { root: await person(), folders: [], nodes: [] };
  const { node: holder } = await citizen(town, { agent: false });
  const worker = await citizen(town, { join: holder, agent: false });
  const reader = await citizen(town, { join: holder, agent: false, can: ["member", "read/*"] });
  const stranger = await citizen(town, { join: holder, agent: false, can: ["member", `read/${"ab".repeat(32)}`] });
  await vi.waitFor(() => expect(holder.status().connections).toBe(3), { timeout: 20_000, interval: 100 });
  const reference = await holder.blobs.put(Readable.from([Buffer.from("ours")]));
  expect(await read(worker.node, reference)).toBe("ours");
  expect(await read(reader.node, reference)).toBe("ours");
  // It asks whoever is connected: none of them hands it over, though two have it by now.
  expect(await read(stranger.node, reference)).toBe("network");
});

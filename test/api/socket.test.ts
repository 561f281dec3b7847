/** The control API on a Unix socket, and what stands in its way. */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { serveApi } from "../../node/api/mod.ts";
import { type Single, startSingle } from "./single.ts";

let single: Single;
let dir: string;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "moot-sock-"));
  single = await startSingle("moot.sock");
});
afterEach(async () => {
  await single.close();
  rmSync(dir, { recursive: true, force: true });
});

const stop = () => undefined;

it("serves this user alone, and removes its socket and its file", async () => {
  expect(statSync(join(single.dir, "moot.sock")).mode & 0o777).toBe(0o600);
  expect((await single.client.status()).peer).toBe(single.node.self);
  expect(single.served.at).toBe(`unix:${join(single.dir, "moot.sock")}`);
  await single.served.close();
  expect(existsSync(join(single.dir, "moot.sock"))).toBe(false);
  expect(existsSync(join(single.data, "api.json"))).toBe(false);
  await expect(single.client.status()).rejects.toMatchObject({ code: "no-node" });
});

it("takes the place of a socket that nobody serves, never of one that is served or of another file", async () => {
  const path = join(dir, "s");
  const killed = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", killed]);
  expect(existsSync(path)).toBe(true);
  const served = await serveApi({ node: single.node, at: { kind: "unix", path }, data: dir, stop });
  await expect(serveApi({ node: single.node, at: { kind: "unix", path }, data: dir, stop })).rejects.toMatchObject({
    code: "network",
  });
  await served.close();
  writeFileSync(path, "somebody's letter");
  await expect(serveApi({ node: single.node, at: { kind: "unix", path }, data: dir, stop })).rejects.toMatchObject({
    code: "network",
  });
  expect(statSync(path).size).toBeGreaterThan(0);
});

it("says when a port is taken", async () => {
  const taken = createServer();
  const port = await new Promise<number>((resolve) =>
    taken.listen(0, "127.0.0.1", () => resolve(Number(Object(taken.address()).port))),
  );
  await expect(
    serveApi({ node: single.node, at: { kind: "tcp", host: "127.0.0.1", port }, data: dir, stop }),
  ).rejects.toMatchObject({ code: "network" });
  taken.close();
});

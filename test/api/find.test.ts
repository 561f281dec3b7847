/** Which node a command talks to, and with which token: flags before the environment, that before the folder's config. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { removeApiFile, writeApiFile } from "../../node/api/api-file.ts";
import { connectNode, findNode, readApiFile } from "../../node/api/mod.ts";

const token = (digit: string) => digit.repeat(64);
let dir: string;
let here: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "moot-find-"));
  here = process.cwd();
  for (const name of ["one", "two", "data"]) mkdirSync(join(dir, name));
  writeApiFile(join(dir, "one", "api.json"), { url: "http://127.0.0.1:4001", token: token("1"), pid: 1 });
  writeApiFile(join(dir, "two", "api.json"), { socket: "/run/two.sock", token: token("2"), pid: 2 });
});
afterEach(() => {
  process.chdir(here);
  rmSync(dir, { recursive: true, force: true });
});

it("by its data folder", () => {
  expect(findNode({ data: join(dir, "one"), env: {} })).toMatchObject({
    at: { host: "127.0.0.1", port: 4001 },
    token: token("1"),
  });
  expect(findNode({ data: join(dir, "two"), env: {} })).toMatchObject({
    at: { socketPath: "/run/two.sock" },
    token: token("2"),
  });
});

it("by an api.json, on the command line or in the environment", () => {
  const api = join(dir, "two", "api.json");
  expect(findNode({ api, data: join(dir, "one"), env: {} }).token).toBe(token("2"));
  expect(findNode({ env: { MOOT_API: api } }).token).toBe(token("2"));
  expect(findNode({ data: join(dir, "one"), env: { MOOT_API: api } }).token).toBe(token("1"));
});

it("by an address, with the token of the environment or of the data folder", () => {
  expect(findNode({ api: "127.0.0.1:9", data: join(dir, "one"), env: {} })).toMatchObject({
    at: { host: "127.0.0.1", port: 9 },
    token: token("1"),
  });
  expect(findNode({ api: "http://[::1]:9", env: { MOOT_TOKEN: "abc" } })).toMatchObject({
    at: { host: "::1", port: 9 },
    token: "abc",
  });
  expect(findNode({ api: "unix:/run/x", env: { MOOT_TOKEN_FILE: join(dir, "two", "api.json") } })).toMatchObject({
    at: { socketPath: "/run/x" },
    token: token("2"),
  });
  expect(() => findNode({ api: "127.0.0.1:9", data: join(dir, "data"), env: {} })).toThrow(
    expect.objectContaining({ code: "no-node" }),
  );
});

it("never by an address of another machine: the token stays here", () => {
  for (const api of [
    "192.0.2.7:80",
    "http://example.com:80",
    "https://127.0.0.1:80",
    "127.0.0.1.example.com:80",
    "127.0.0.1:9/path",
    "nonsense",
  ]) {
    expect(() => findNode({ api, env: { MOOT_TOKEN: "abc" } }), api).toThrow(
      expect.objectContaining({ code: "usage" }),
    );
  }
});

it("by the config in the working folder, even when the rest of it is wrong", () => {
  process.chdir(dir);
  writeFileSync(join(dir, "moot.yaml"), "data: ./two\nagents: 7\nwhatever: true\n");
  expect(findNode({ env: {} }).token).toBe(token("2"));
  mkdirSync(join(dir, "sub", "data"), { recursive: true });
  writeApiFile(join(dir, "sub", "data", "api.json"), { url: "http://localhost:7", token: token("7"), pid: 7 });
  writeFileSync(join(dir, "sub", "other.yaml"), "agents: []\n");
  expect(findNode({ config: join(dir, "sub", "other.yaml"), env: {} }).token).toBe(token("7"));
  expect(findNode({ env: { MOOT_DATA: join(dir, "one") } }).token).toBe(token("1"));
});

it("says what is missing", () => {
  process.chdir(dir);
  expect(() => findNode({ env: {} })).toThrow(
    expect.objectContaining({ code: "no-node", remedy: expect.stringContaining("moot up") }),
  );
  expect(() => findNode({ config: "none.yaml", env: {} })).toThrow(expect.objectContaining({ code: "config" }));
});

it("says when nobody answers, or when it is no node that does", async () => {
  await expect(connectNode({ api: "127.0.0.1:1", env: { MOOT_TOKEN: "abc" } }).status()).rejects.toMatchObject({
    code: "no-node",
  });
  await expect(connectNode({ data: join(dir, "two"), env: {} }).status()).rejects.toMatchObject({ code: "no-node" });
});

it("keeps the file private, whole and its own", () => {
  const path = join(dir, "data", "api.json");
  writeApiFile(path, { url: "http://127.0.0.1:1", token: token("a"), pid: 1 });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  removeApiFile(path, token("b"));
  expect(readApiFile(path)).toMatchObject({ token: token("a") });
  chmodSync(path, 0o644);
  writeApiFile(path, { url: "http://127.0.0.1:1", token: token("c"), pid: 1 });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  removeApiFile(path, token("c"));
  expect(readApiFile(path)).toBeUndefined();
  for (const text of ["", "{", "[]", '{"url":"http://example.com:1","token":"x","pid":1}', "x".repeat(10_000)]) {
    writeFileSync(path, text);
    expect(() => readApiFile(path), text.slice(0, 40)).toThrow(expect.objectContaining({ code: "config" }));
  }
});

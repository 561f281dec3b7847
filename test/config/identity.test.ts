/** Secrets on disk: the identity that is made once, and the network's key that is never shown. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { loadIdentity, Secret } from "../../node/config/mod.ts";
import { faultOf, folder } from "./helpers.ts";

test("an identity is made at the first start, private, and is the same ever after", async () => {
  const dir = join(folder(), "made", "here");
  const first = await loadIdentity(dir);
  expect(first.type).toBe("Ed25519");
  expect((await loadIdentity(dir)).publicKey.toString()).toBe(first.publicKey.toString());
  expect(statSync(join(dir, "identity.key")).mode & 0o777).toBe(0o600);
  expect(readdirSync(dir)).toEqual(["identity.key"]);
  expect((await loadIdentity(folder())).publicKey.toString()).not.toBe(first.publicKey.toString());
});

test("of several starts at once, all get one identity", async () => {
  const dir = folder();
  const all = await Promise.all(Array.from({ length: 8 }, () => loadIdentity(dir)));
  expect(new Set(all.map((key) => key.publicKey.toString())).size).toBe(1);
  expect(readdirSync(dir)).toEqual(["identity.key"]);
});

test("an identity that others can read is refused", async () => {
  const dir = folder();
  await loadIdentity(dir);
  for (const mode of [0o640, 0o604, 0o660]) {
    chmodSync(join(dir, "identity.key"), mode);
    const fault = await faultOf(() => loadIdentity(dir));
    expect([fault.code, fault.remedy]).toEqual(["config", expect.stringContaining("chmod 600")]);
  }
});

test("a damaged identity is refused, wherever the damage, and left as it is", async () => {
  const dir = folder();
  const path = join(dir, "identity.key");
  await loadIdentity(dir);
  const whole = readFileSync(path);
  const harmed = [Buffer.alloc(0), whole.subarray(0, 40), Buffer.concat([whole, whole]), Buffer.from("no key\n")];
  for (let offset = 0; offset < whole.length; offset++) {
    const bytes = Buffer.from(whole);
    bytes[offset] = (bytes[offset] ?? 0) ^ (1 << (offset % 7));
    harmed.push(bytes);
  }
  for (const bytes of harmed) {
    writeFileSync(path, bytes);
    const fault = await faultOf(() => loadIdentity(dir));
    expect(fault.message).toContain("is damaged");
    expect(fault.message).not.toContain(whole.toString("latin1").slice(10, 30));
    expect(readFileSync(path)).toEqual(bytes);
  }
});

test("a folder that cannot be made is a fault", async () => {
  const dir = folder({ file: "" });
  expect((await faultOf(() => loadIdentity(join(dir, "file")))).code).toBe("config");
  mkdirSync(join(dir, "data", "identity.key"), { recursive: true });
  chmodSync(join(dir, "data", "identity.key"), 0o700);
  expect((await faultOf(() => loadIdentity(join(dir, "data")))).code).toBe("config");
  expect(existsSync(join(dir, "file", "identity.key"))).toBe(false);
});

test("a secret is used, never shown", () => {
  const secret = new Secret("tell nobody");
  const shown = [
    String(secret),
    `${secret}`,
    JSON.stringify({ secret }),
    inspect({ secret }, { depth: 9, showHidden: true }),
  ];
  expect(shown.join()).not.toContain("tell");
  expect(Object.keys(secret)).toEqual([]);
  expect(secret.reveal()).toBe("tell nobody");
});

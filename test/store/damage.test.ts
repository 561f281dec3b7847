/** Bytes of the store's files are flipped, files are cut, lost and taken from the past: noticed, or nothing was changed. */
import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openStore } from "../../node/store/mod.ts";
import { child, contentOf, faultOf, folder } from "./helpers.ts";

/** A page of the database. */
const BLOCK = 4096;

/** A store of several pages, closed: all in one file. */
function closedStore(): string {
  const dir = join(folder(), "closed");
  const store = openStore(dir);
  for (let index = 0; index < 40; index++) {
    store.batch([{ key: `task/${index}`, value: `value ${index} ${"xyz".repeat(index * 20)}` }]);
  }
  store.batch([{ key: "task/7", value: null }]);
  store.close();
  return dir;
}

/** A store whose owner was killed: all in the log. */
async function killedStore(): Promise<string> {
  const dir = join(folder(), "killed");
  const owner = child(dir, "burst");
  expect((await owner.next()).facts).toEqual(["seen"]);
  await owner.kill();
  return dir;
}

/** Opens copies of `dir`, each with one byte of `file` changed. Returns how many were noticed. */
function flipped(dir: string, file: string, flips: number): number {
  const copy = `${dir}-copy`;
  const whole = readFileSync(join(dir, file));
  cpSync(dir, copy, { recursive: true });
  const right = contentOf(copy);
  expect(right.startsWith("[[")).toBe(true);
  let noticed = 0;
  for (let index = 0; index < flips; index++) {
    const offset = index < 100 ? index : Math.floor((index * whole.length) / flips);
    const bytes = Buffer.from(whole);
    bytes[offset] = (bytes[offset] ?? 0) ^ (1 << (index % 8));
    rmSync(copy, { recursive: true });
    cpSync(dir, copy, { recursive: true });
    writeFileSync(join(copy, file), bytes);
    const found = contentOf(copy);
    expect([right, "store-damaged", "store-io"], `byte ${offset} of ${file}`).toContain(found);
    if (found !== right) noticed += 1;
  }
  return noticed;
}

test("a flipped byte in the database is noticed or harmless", () => {
  expect(flipped(closedStore(), "store.sqlite", 500)).toBeGreaterThan(100);
});

test("a flipped byte in the log of a killed owner is noticed or harmless", async () => {
  expect(flipped(await killedStore(), "store.sqlite-wal", 400)).toBeGreaterThan(200);
});

test("a block that was written to another's place is noticed or harmless", async () => {
  const blocks = async (dir: string, file: string) => {
    const whole = readFileSync(join(dir, file));
    const copy = `${dir}-blocks`;
    cpSync(dir, copy, { recursive: true });
    const right = contentOf(copy);
    let noticed = 0;
    for (let index = 0; index < 60; index++) {
      const at = (n: number) => BLOCK * (n % Math.floor(whole.length / BLOCK));
      const bytes = Buffer.from(whole);
      whole.copy(bytes, at(7 * index + 1), at(index), at(index) + BLOCK);
      rmSync(copy, { recursive: true });
      cpSync(dir, copy, { recursive: true });
      writeFileSync(join(copy, file), bytes);
      const found = contentOf(copy);
      expect([right, "store-damaged", "store-io"], `block ${index} of ${file}`).toContain(found);
      if (found !== right) noticed += 1;
    }
    return noticed;
  };
  expect(await blocks(closedStore(), "store.sqlite")).toBeGreaterThan(30);
  expect(await blocks(await killedStore(), "store.sqlite-wal")).toBeGreaterThan(10);
});

test("damage is told with the byte near which it is, and what to do", () => {
  const dir = closedStore();
  const file = join(dir, "store.sqlite");
  const bytes = readFileSync(file);
  const at = bytes.indexOf("task/30value 30") + 20;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
  const fault = faultOf(() => openStore(dir));
  expect(fault).toMatchObject({ code: "store-damaged", remedy: expect.stringContaining("start afresh") });
  const offset = Number(fault?.details?.["offset"]);
  expect(Math.abs(offset - at)).toBeLessThan(64);
  expect(fault?.message).toContain(`row "task/30" does not match (near byte ${offset} of store.sqlite)`);
});

test("a flipped byte in the mark is noticed", () => {
  expect(flipped(closedStore(), "store.mark", 26)).toBe(26);
});

test("a log that was cut or lost is noticed", async () => {
  const dir = await killedStore();
  const wal = join(dir, "store.sqlite-wal");
  const size = readFileSync(wal).length;
  for (const rest of [0, 31, 32, 4_000, Math.floor(size / 2), size - 1]) {
    const copy = join(dir, "..", `cut-${rest}`);
    cpSync(dir, copy, { recursive: true });
    truncateSync(join(copy, "store.sqlite-wal"), rest);
    expect(contentOf(copy), `cut to ${rest} of ${size}`).toBe("store-damaged");
    expect(contentOf(copy), "and still when one tries again").toBe("store-damaged");
  }
  rmSync(wal);
  expect(contentOf(dir)).toBe("store-damaged");
});

test("a database that was emptied, lost or put back from a backup is noticed", () => {
  const dir = closedStore();
  const file = join(dir, "store.sqlite");
  const backup = readFileSync(file);
  const store = openStore(dir);
  store.batch([{ key: "promise", value: "1" }]);
  store.close();
  const cases = [
    () => writeFileSync(file, backup),
    () => truncateSync(file, 0),
    () => truncateSync(file, 8192),
    () => rmSync(file),
  ];
  for (const harm of cases) {
    harm();
    expect(contentOf(dir)).toBe("store-damaged");
  }
});

test("the fault says what was found and what to do", () => {
  const dir = closedStore();
  const file = join(dir, "store.sqlite");
  const bytes = readFileSync(file);
  bytes[bytes.indexOf("value 12 xyz") + 3] = 0x21;
  writeFileSync(file, bytes);
  const fault = faultOf(() => openStore(dir));
  expect(fault.code).toBe("store-damaged");
  expect(fault.message).toContain('row "task/12"');
  expect(fault.remedy).toContain("new identity");
  expect(faultOf(() => openStore(dir)).code).toBe("store-damaged");
});

test("a damaged observation is noticed when it is read, and harms nothing else", () => {
  const dir = join(folder(), "facts");
  const store = openStore(dir);
  store.batch([{ key: "a", value: "1" }]);
  store.append("t", "something was seen");
  store.append("u", "something else");
  store.close();
  const file = join(dir, "facts.sqlite");
  const bytes = readFileSync(file);
  bytes[bytes.indexOf("thing was seen")] = 0x21;
  writeFileSync(file, bytes);
  const again = openStore(dir);
  expect(faultOf(() => again.facts("t")).code).toBe("store-damaged");
  expect(again.facts("u")).toEqual(["something else"]);
  expect([...again.entries()]).toEqual([["a", "1"]]);
  again.close();
  writeFileSync(file, "this is no database, and longer than its head would be".repeat(20));
  expect(faultOf(() => openStore(dir)).remedy).toContain("facts.sqlite");
  rmSync(file);
  expect(contentOf(dir)).toBe('[["a","1"]]');
});

/** Bytes of the store's files are flipped, files are cut, lost and taken from the past: noticed, or nothing was changed. */
import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { checkStore } from "../../node/cli/doctor/store.ts";
import { changedByte } from "../../node/store/changed-byte.ts";
import { openStore } from "../../node/store/mod.ts";
import { BLOCK, closedStore, flipped, killedStore } from "./flips.ts";
import { contentOf, faultOf, folder, foundIn } from "./helpers.ts";

test("a flipped byte in the database is noticed or harmless", () => {
  expect(flipped(closedStore(), "store.sqlite", 300)).toBeGreaterThan(100);
});

test("a flipped byte in the log of a killed owner is noticed or harmless", async () => {
  expect(flipped(await killedStore(), "store.sqlite-wal", 200)).toBeGreaterThan(100);
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
      const { content, fault } = foundIn(copy);
      if (content === right) continue;
      noticed += 1;
      expect(["store-damaged", "store-io"], `block ${index} of ${file}: ${content}`).toContain(fault?.code);
      if (fault?.code === "store-damaged")
        expect(fault.details, fault.message).toMatchObject({ offset: expect.any(Number), damaged: expect.any(String) });
    }
    return noticed;
  };
  expect(await blocks(closedStore(), "store.sqlite")).toBeGreaterThan(30);
  expect(await blocks(await killedStore(), "store.sqlite-wal")).toBeGreaterThan(10);
});

test("a checksum tells which byte was changed, wherever it is", () => {
  const bytes = Buffer.from("the quick brown fox jumps over the lazy dog".repeat(40));
  const sum = crc32(bytes);
  for (let at = 0; at < bytes.length; at += 7) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ (1 + (at % 255));
    expect(changedByte(crc32(changed) ^ sum, bytes.length)).toBe(bytes.length - 1 - at);
  }
  expect(changedByte(0, bytes.length)).toBeUndefined();
  bytes.fill(0, 100, 600);
  expect(changedByte(crc32(bytes) ^ sum, bytes.length)).toBeUndefined();
});

test("a sector of a long row that was lost is told with all the pages of the row", () => {
  const dir = join(folder(), "sector");
  const store = openStore(dir);
  store.batch([{ key: "task/long", value: "0123456789".repeat(2_000) }]);
  store.close();
  const file = join(dir, "store.sqlite");
  const bytes = readFileSync(file);
  const page = bytes.findIndex(
    (_, at) => at % BLOCK === 4 && bytes.subarray(at, at + 10).equals(Buffer.from("0123456789")),
  );
  const lost = BLOCK * Math.floor((page < 0 ? bytes.indexOf("6789", 3 * BLOCK) : page) / BLOCK) + 512;
  bytes.fill(0x41, lost, lost + 512);
  writeFileSync(file, bytes);
  const { message, details } = faultOf(() => openStore(dir));
  expect(details?.["or"]).toContain(lost - 512);
  expect(message).toMatch(/near byte \d+ of store\.sqlite, or in the pages at .*\d+\)$/);
});

test("a file that was cut is told with the byte where it ends, one that is no database with byte 0", () => {
  const dir = closedStore();
  const file = join(dir, "store.sqlite");
  truncateSync(file, 5 * BLOCK);
  expect(faultOf(() => openStore(dir)).details).toMatchObject({ damaged: file, offset: 5 * BLOCK });
  writeFileSync(file, "nothing like it ".repeat(1_000));
  const none = faultOf(() => openStore(dir));
  expect(none.details).toMatchObject({ damaged: file, offset: 0 });
  expect(none.message).toContain("file is not a database");
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

test("a damaged observation is noticed when it is read, and harms nothing else", async () => {
  const dir = join(folder(), "facts");
  const store = openStore(dir);
  store.batch([{ key: "a", value: "1" }]);
  store.append("t", "something was seen");
  store.append("u", "something else");
  store.close();
  const file = join(dir, "facts.sqlite");
  const bytes = readFileSync(file);
  const at = bytes.indexOf("thing was seen");
  bytes[at] = 0x21;
  writeFileSync(file, bytes);
  const found = await checkStore(dir, false);
  expect(found[1]).toMatchObject({
    name: "facts",
    level: "fail",
    detail: expect.stringContaining(`near byte ${at} of`),
  });
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

/** Blobs on a real disk: names, room, forgetting, damage, and what a crash leaves. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { nameOf, sha256 } from "../../node/blobs/naming.ts";
import { BlobStore, type StoreOptions } from "../../node/blobs/store.ts";
import { BLOB, type Digest, parseDigest } from "../../protocols/mod.ts";
import { all, bytesOf, MIB, once } from "./nodes.ts";

const HOUR = 3_600_000;

async function storeIn(options: Partial<StoreOptions> = {}): Promise<{ store: BlobStore; dir: string }> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), "moot-store-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const usual = {
    max_bytes: 64 * MIB,
    retention_ms: 24 * HOUR,
    wall: () => Date.now(),
    pinned: () => new Set<Digest>(),
  };
  return { store: await BlobStore.open({ ...usual, ...options, dir }), dir };
}

const read = (store: BlobStore, blob: Digest) => all(store.chunks(blob, 0, 1_000));

it.each([0, 1, BLOB.chunk_bytes - 1, BLOB.chunk_bytes, BLOB.chunk_bytes + 1, 3 * BLOB.chunk_bytes])(
  "keeps %i bytes under the name that the clause gives them",
  async (size) => {
    const { store, dir } = await storeIn();
    const data = bytesOf(size);
    const { blob, bytes } = await store.put(once(data));
    const list = Buffer.concat(
      Array.from({ length: Math.ceil(size / BLOB.chunk_bytes) }, (_, index) =>
        sha256(data.subarray(index * BLOB.chunk_bytes, (index + 1) * BLOB.chunk_bytes)),
      ),
    );
    expect([blob, bytes]).toEqual([nameOf(size, list), size]);
    expect((await read(store, blob)).equals(data)).toBe(true);
    expect(Buffer.from(await store.list(blob)).equals(list)).toBe(true);
    expect(readdirSync(dir).toSorted()).toEqual([`${blob}.blob`, `${blob}.list`]);
    expect(statSync(store.path(blob)).mode & 0o777).toBe(0o400);
    const { store: again } = await storeIn({ dir });
    expect((await read(again, blob)).equals(data)).toBe(true);
  },
);

it("names the empty blob as the specification does", () => {
  const expected = execFileSync("sh", ["-c", "printf 'moot blob 1\\n\\0\\0\\0\\0\\0\\0\\0\\0' | sha256sum"], {
    encoding: "utf8",
  });
  expect(nameOf(0, new Uint8Array())).toBe(expected.slice(0, 64));
});

it("lets no name lead out of its folder", async () => {
  const { store, dir } = await storeIn();
  const outside = join(dir, "..", `${"a".repeat(64)}.blob`);
  const parts = ["../", "..\\", "/", "%2e%2e%2f", "\0", ".", "a", "F", "0", "é", "etc/passwd", "\n"];
  let seed = 7;
  const draw = (most: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % most;
  };
  for (let attempt = 0; attempt < 2_000; attempt++) {
    let name = Array.from({ length: 1 + draw(8) }, () => parts[draw(parts.length)]).join("");
    if (attempt % 2 === 0) name = (name + "a".repeat(64)).slice(0, 64 + draw(2));
    if (parseDigest(name) !== undefined) continue;
    // As if it had come past every parser.
    const forced = name as Digest;
    expect(() => store.path(forced)).toThrow();
    await expect(store.drop(forced)).rejects.toThrow("named by a digest");
    await expect(store.part(forced, 10)).rejects.toThrow("named by a digest");
  }
  expect(readdirSync(dir)).toEqual([]);
  expect(() => statSync(outside)).toThrow();
});

it("forgets what was not used in the retention time and is not pinned, by a clock that it is given", async () => {
  let now_ms = 1_000 * HOUR;
  const pinned = new Set<Digest>();
  const { store, dir } = await storeIn({ wall: () => now_ms, pinned: () => pinned });
  const [old, kept, used] = [
    await store.put(once(bytesOf(10))),
    await store.put(once(bytesOf(20))),
    await store.put(once(bytesOf(30))),
  ];
  pinned.add(kept.blob);
  now_ms += 23 * HOUR;
  store.path(used.blob);
  expect(await store.collect(now_ms)).toEqual([]);
  now_ms += 2 * HOUR;
  expect(await store.collect(now_ms)).toEqual([old.blob]);
  expect(store.used_bytes).toBe(50);
  // The time of the last use outlives the node.
  const { store: again } = await storeIn({ dir, wall: () => now_ms, pinned: () => pinned });
  expect(again.rows().map(({ blob }) => blob)).toEqual([used.blob, kept.blob]);
  pinned.clear();
  expect(await again.collect(now_ms)).toEqual([kept.blob]);
  expect(await again.collect(now_ms + 24 * HOUR)).toEqual([used.blob]);
  expect(readdirSync(dir)).toEqual([]);
});

it("refuses more than its room, with a remedy, leaves nothing behind, and takes it when there is room again", async () => {
  const { store, dir } = await storeIn({ max_bytes: MIB });
  const first = await store.put(once(bytesOf(MIB / 2)));
  const data = bytesOf(MIB);
  const full = { code: "overloaded", remedy: expect.stringContaining("moot blob drop") };
  await expect(store.put(once(data))).rejects.toMatchObject(full);
  await expect(store.part(nameOf(MIB, new Uint8Array()), MIB)).rejects.toMatchObject(full);
  expect(readdirSync(dir)).toHaveLength(2);
  expect(store.used_bytes).toBe(MIB / 2);
  await store.drop(first.blob);
  expect((await store.put(once(data))).bytes).toBe(MIB);
});

it("says what to do when the disk refuses", async () => {
  const { store, dir } = await storeIn();
  rmSync(dir, { recursive: true });
  await expect(store.put(once(bytesOf(10)))).rejects.toMatchObject({ code: "store-io", remedy: expect.any(String) });
});

it("removes what a crash left half made, and finds what was changed on the disk", async () => {
  const { store, dir } = await storeIn();
  const { blob } = await store.put(once(bytesOf(100)));
  const { blob: other } = await store.put(once(bytesOf(200)));
  writeFileSync(join(dir, "put-0123456789abcdef.tmp"), "x");
  writeFileSync(join(dir, `${"0".repeat(64)}.list`), "x");
  writeFileSync(join(dir, `${"1".repeat(64)}.blob`), "x");
  chmodSync(join(dir, `${blob}.blob`), 0o600);
  writeFileSync(join(dir, `${blob}.blob`), bytesOf(101));
  const { store: again } = await storeIn({ dir });
  expect(readdirSync(dir)).toHaveLength(4);
  await expect(again.list(blob)).rejects.toMatchObject({ code: "store-damaged" });
  expect(again.rows().map((row) => row.blob)).toEqual([other]);
});

/** `/moot/blob/1` between real hosts: cut, slow, lying and vanishing holders; nothing is received twice, nothing wrong is kept. */
import { mkdtempSync, openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Stream } from "@libp2p/interface";
import { expect, it, onTestFinished } from "vitest";
import { Fetcher, type Wanted } from "../../node/blobs/fetch.ts";
import { BlobServer } from "../../node/blobs/serve.ts";
import { BlobStore } from "../../node/blobs/store.ts";
import { Talk } from "../../node/blobs/talk.ts";
import { BLOB, BLOB_PROTOCOL, type Digest, type PeerId } from "../../protocols/mod.ts";
import { type Station, station, stopAll } from "../host/helpers.ts";
import { all, bytesOf, flip, MIB, once } from "./nodes.ts";

const FOREVER = new AbortController().signal;
const PATIENCE = { open_ms: 1_000, chunk_ms: 400, pause_ms_first: 20 };

interface Peer {
  readonly id: PeerId;
  readonly station: Station;
  readonly store: BlobStore;
  readonly server: BlobServer;
  readonly fetcher: Fetcher;
  readonly refused: string[];
  readonly dir: string;
}

async function openStore(dir: string, max_bytes: number): Promise<BlobStore> {
  const usual = { retention_ms: 3_600_000, wall: () => Date.now(), pinned: () => new Set<Digest>() };
  return BlobStore.open({ dir, max_bytes, ...usual });
}

function fetcherOf(station: Station, store: BlobStore, refused: string[]): Fetcher {
  return new Fetcher({
    self: station.id,
    store,
    open: (peer, signal) => station.host.open(peer, BLOB_PROTOCOL, signal),
    neighbours: () => [],
    onRefused: (from, clause) => refused.push(`${from} ${clause}`),
    patience: PATIENCE,
  });
}

async function peer({
  join: others = [],
  max_bytes = 64 * MIB,
  serves = true,
  lies_at,
}: {
  join?: Peer[];
  max_bytes?: number;
  serves?: boolean;
  /** It says something else than this chunk. */
  lies_at?: number;
} = {}): Promise<Peer> {
  const dir = mkdtempSync(join(tmpdir(), "moot-transfer-"));
  const made = await station({ join: others.map((one) => one.station) });
  const refused: string[] = [];
  const store = await openStore(dir, max_bytes);
  const server = new BlobServer({
    store: lies_at === undefined ? store : lying(store, lies_at),
    mayRead: () => true,
    onRefused: (from, clause) => refused.push(`${from} ${clause}`),
  });
  if (serves) await made.host.serve(BLOB_PROTOCOL, (stream, from) => server.accept(stream, from));
  for (const other of others) made.host.learn(other.id, other.station.host.addrs());
  onTestFinished(async () => {
    await stopAll([made]);
    rmSync(dir, { recursive: true, force: true });
  });
  return { id: made.id, station: made, store, server, fetcher: fetcherOf(made, store, refused), refused, dir };
}

/** What an honest node never does: its own disk is checked before it answers. */
function lying(store: BlobStore, at: number): Pick<BlobStore, "get" | "list" | "chunks"> {
  async function* chunks(...[blob, from, count]: Parameters<BlobStore["chunks"]>): ReturnType<BlobStore["chunks"]> {
    let index = from;
    for await (const chunk of store.chunks(blob, from, count))
      yield index++ === at ? new Uint8Array(chunk.length) : chunk;
  }
  return { get: (blob) => store.get(blob), list: (blob) => store.list(blob), chunks };
}

/** A peer whose streams are served by the function. */
async function impostor(serve: (stream: Stream) => void): Promise<Peer> {
  const made = await peer({ serves: false });
  await made.station.host.serve(BLOB_PROTOCOL, serve);
  return made;
}

const wanted = (blob: Digest, bytes: number, from: readonly Peer[], more: Partial<Wanted> = {}): Wanted => ({
  blob,
  bytes,
  from: from.map(({ id }) => id),
  signal: FOREVER,
  ...more,
});

const CHUNKS = 40;
const data = bytesOf((CHUNKS - 1) * BLOB.chunk_bytes + 77);

it("goes on where it was cut, also in another process: every chunk is received once", async () => {
  const holder = await peer();
  const asker = await peer({ join: [holder] });
  const { blob, bytes } = await holder.store.put(once(data));
  const cut = new AbortController();
  const onProgress = (done: number) => done >= 13 * BLOB.chunk_bytes && cut.abort(new Error("cut"));
  await expect(asker.fetcher.fetch(wanted(blob, bytes, [holder], { signal: cut.signal, onProgress }))).rejects.toThrow(
    "cut",
  );
  await asker.fetcher.settled();
  const first = asker.fetcher.received_bytes;
  expect(first).toBeGreaterThanOrEqual(13 * BLOB.chunk_bytes);
  expect(first).toBeLessThan(data.length);
  expect(asker.store.has(blob)).toBe(false);

  // As after a restart: nothing but the folder is left.
  const store = await openStore(asker.dir, 64 * MIB);
  const fetcher = fetcherOf(asker.station, store, asker.refused);
  await fetcher.fetch(wanted(blob, bytes, [holder]));
  expect(first + fetcher.received_bytes).toBe(data.length);
  expect((await all(store.chunks(blob, 0, CHUNKS))).equals(data)).toBe(true);
  expect(readdirSync(asker.dir).toSorted()).toEqual([`${blob}.blob`, `${blob}.list`]);
});

it("does not believe what is on the disk after a crash: it goes on at the first chunk that is not right", async () => {
  const holder = await peer();
  const asker = await peer({ join: [holder] });
  const { blob, bytes } = await holder.store.put(once(data));
  const part = await asker.store.part(blob, bytes);
  expect(await part.setList(await holder.store.list(blob))).toBe(true);
  for (let index = 0; index < 10; index++)
    await part.append(data.subarray(index * BLOB.chunk_bytes, (index + 1) * BLOB.chunk_bytes));
  await part.close();
  const file = openSync(join(asker.dir, `${blob}.part`), "r+");
  writeSync(file, Buffer.from("torn"), 0, 4, 6 * BLOB.chunk_bytes + 5);
  await asker.fetcher.fetch(wanted(blob, bytes, [holder]));
  expect(asker.fetcher.received_bytes).toBe(data.length - 6 * BLOB.chunk_bytes);
  expect((await all(asker.store.chunks(blob, 0, CHUNKS))).equals(data)).toBe(true);
});

it("takes the rest from another holder when the first one dies in the middle", async () => {
  const [one, two] = [await peer(), await peer()];
  const asker = await peer({ join: [one, two] });
  const { blob, bytes } = await one.store.put(once(data));
  await two.store.put(once(data));
  let killed = false;
  const onProgress = (done: number) => {
    if (killed || done < 9 * BLOB.chunk_bytes) return;
    killed = true;
    one.server.close();
    void one.station.host.stop();
  };
  await asker.fetcher.fetch(wanted(blob, bytes, [one, two], { onProgress }));
  expect(killed).toBe(true);
  expect(asker.fetcher.received_bytes).toBe(data.length);
  expect((await all(asker.store.chunks(blob, 0, CHUNKS))).equals(data)).toBe(true);
});

it("notices the first wrong chunk, lowers the score of whoever sent it, and asks another", async () => {
  const [liar, honest] = [await peer({ lies_at: 5 }), await peer()];
  const asker = await peer({ join: [liar, honest] });
  const { blob, bytes } = await liar.store.put(once(data));
  await honest.store.put(once(data));
  await asker.fetcher.fetch(wanted(blob, bytes, [liar, honest]));
  expect(asker.refused).toEqual([`${liar.id} BLOB-4`]);
  // The wrong chunk, and no other twice.
  expect(asker.fetcher.received_bytes).toBe(data.length + BLOB.chunk_bytes);
  expect((await all(asker.store.chunks(blob, 0, CHUNKS))).equals(data)).toBe(true);
});

it("is not sent what a holder's disk has damaged: the holder drops it and keeps its score, and another is asked", async () => {
  const [worn, whole] = [await peer(), await peer()];
  const asker = await peer({ join: [worn, whole] });
  const { blob, bytes } = await worn.store.put(once(data));
  await whole.store.put(once(data));
  flip(worn.store.path(blob), 5 * BLOB.chunk_bytes + 7);
  await asker.fetcher.fetch(wanted(blob, bytes, [worn, whole]));
  expect(asker.refused).toEqual([]);
  expect(asker.fetcher.received_bytes).toBe(data.length);
  expect([worn.store.has(blob), whole.store.has(blob)]).toEqual([false, true]);
});

it("leaves a peer that is silent, and one that sends a little now and then, in a bounded time", async () => {
  const holder = await peer();
  const { blob, bytes } = await holder.store.put(once(data.subarray(0, 300_000)));
  const list = await holder.store.list(blob);
  const silent = await impostor(() => undefined);
  const trickle = await impostor((stream) => {
    const talk = new Talk(stream);
    const end = new AbortController();
    stream.addEventListener("close", () => end.abort());
    void (async () => {
      await talk.readHead();
      await talk.writeHead({ type: "have", blob, bytes });
      await talk.writeBytes(list);
      await talk.readHead();
      await talk.writeHead({ type: "have", blob, bytes });
      for (let sent = 0; sent < 500 && !end.signal.aborted; sent++) {
        await talk.writeBytes(new Uint8Array(1));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })().catch(() => undefined);
  });
  const asker = await peer({ join: [silent, trickle, holder] });
  const since = performance.now();
  await asker.fetcher.fetch(wanted(blob, bytes, [silent, trickle, holder]));
  const took_ms = performance.now() - since;
  expect(took_ms).toBeGreaterThan(PATIENCE.open_ms);
  expect(took_ms).toBeLessThan(PATIENCE.open_ms + PATIENCE.chunk_ms + 4_000);
  expect(asker.store.has(blob)).toBe(true);
});

it("keeps nothing of a blob whose holder names another size, another list, or more than was asked for", async () => {
  const holder = await peer();
  const { blob, bytes } = await holder.store.put(once(data.subarray(0, 300_000)));
  const answering = (list: Uint8Array) => (stream: Stream) => {
    const talk = new Talk(stream);
    void (async () => {
      await talk.readHead();
      await talk.writeHead({ type: "have", blob, bytes: bytes + 1 });
      await talk.writeBytes(list);
    })().catch(() => undefined);
  };
  const wrong = await impostor(answering(new Uint8Array(64)));
  const longer = await impostor(answering(new Uint8Array(65)));
  const asker = await peer({ join: [holder, wrong, longer] });
  await expect(asker.fetcher.fetch(wanted(blob, bytes + 1, [holder, wrong, longer]))).rejects.toMatchObject({
    code: "network",
  });
  expect(asker.store.rows()).toEqual([]);
  expect(asker.refused).toEqual([`${wrong.id} BLOB-4`, `${longer.id} BLOB-4`]);
  expect(readdirSync(asker.dir).filter((name) => name.endsWith(".list"))).toEqual([]);
});

it("stops with a clear error when there is no room for it", async () => {
  const holder = await peer();
  const asker = await peer({ join: [holder], max_bytes: MIB });
  const { blob, bytes } = await holder.store.put(once(data));
  await expect(asker.fetcher.fetch(wanted(blob, bytes, [holder]))).rejects.toMatchObject({
    code: "overloaded",
    remedy: expect.stringContaining("blobs.max_bytes"),
  });
  expect(asker.fetcher.received_bytes).toBe(0);
});

it("shares one transfer among all who want the same blob, and ends it when none of them does any longer", async () => {
  const holder = await peer();
  const asker = await peer({ join: [holder] });
  const { blob, bytes } = await holder.store.put(once(data));
  const gone = new AbortController();
  const onProgress = () => gone.abort(new Error("gone"));
  const results = await Promise.allSettled([
    asker.fetcher.fetch(wanted(blob, bytes, [holder], { signal: gone.signal, onProgress })),
    asker.fetcher.fetch(wanted(blob, bytes, [holder])),
    asker.fetcher.fetch(wanted(blob, bytes, [])),
  ]);
  expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
  expect(asker.fetcher.received_bytes).toBe(data.length);
});

it("refuses what is no request, answers what it does not have, and serves a bounded number of streams of one peer", async () => {
  const holder = await peer();
  const asker = await peer({ join: [holder] });
  const { blob } = await holder.store.put(once(data.subarray(0, 300_000)));
  const open = async () => new Talk(await asker.station.host.open(holder.id, BLOB_PROTOCOL, FOREVER));
  const talk = await open();
  const ask = async (request: object) => {
    await talk.writeHead(request);
    return talk.readHead();
  };
  expect(await ask({ type: "list", blob: "ab".repeat(32) })).toMatchObject({ type: "refuse", reason: "unknown" });
  expect(await ask({ type: "get", blob, from: 1, count: 2 })).toMatchObject({ type: "refuse", reason: "range" });
  expect(holder.refused).toEqual([]);
  for (const bad of [
    { type: "get", blob: "../../identity.key", from: 0, count: 1 },
    { type: "get", blob, from: 0, count: 17 },
    { type: "put", blob },
    [],
  ]) {
    const other = await open();
    await other.writeHead(bad);
    await expect(other.readHead()).rejects.toThrow();
  }
  expect(holder.refused).toEqual(Array.from({ length: 4 }, () => `${asker.id} BLOB-2`));
  const streams = await Promise.allSettled([open(), open(), open(), open(), open(), open()]);
  const served = await Promise.allSettled(
    streams.map(async (result) => {
      if (result.status === "rejected") throw new Error("refused");
      await result.value.writeHead({ type: "list", blob });
      return result.value.readHead();
    }),
  );
  expect(served.filter(({ status }) => status === "fulfilled").length).toBeLessThanOrEqual(4);
});

/** Streams of `/moot/blob/1` as a server and an asker use them: heads, frames, streams of one peer, answers under way. */
import type { Stream } from "@libp2p/interface";
import { lpStream, streamPair } from "@libp2p/utils";
import { onTestFinished } from "vitest";
import { BLOBS } from "../../node/blobs/limits.ts";
import { BlobServer } from "../../node/blobs/serve.ts";
import { Talk } from "../../node/blobs/talk.ts";
import { BLOB, type Digest, type PeerId, parseDigest, parsePeerId } from "../../protocols/mod.ts";
import { must } from "../permissions/cast.ts";
import { fill } from "./full.ts";

const blob: Digest = must(parseDigest("d".repeat(64)));
const peer = (letter: string): PeerId => must(parsePeerId(`12D3KooW${letter.repeat(44)}`));

/** A server of one blob, whose chunks come as this says. */
function server(chunks: () => AsyncGenerator<Uint8Array> = async function* () {}) {
  const held = { bytes: BLOB.chunk_bytes, used_ms: 0, written_ms: 0, pinned: false };
  const store = { get: () => held, list: () => Promise.resolve(Buffer.alloc(32)), chunks };
  const serving = new BlobServer({ store, mayRead: () => true, onRefused: () => undefined });
  onTestFinished(() => serving.close());
  return serving;
}

async function opened(serving: BlobServer, from: PeerId): Promise<Stream> {
  const [ours, theirs] = await streamPair();
  serving.accept(theirs, from);
  return ours;
}

/** The head of the answer; undefined when the stream is gone instead. */
async function asked(stream: Stream, text: string): Promise<string | undefined> {
  const framed = lpStream(stream);
  try {
    await framed.write(Buffer.from(text));
    return Buffer.from((await framed.read({ signal: AbortSignal.timeout(5_000) })).subarray()).toString("utf8");
  } catch {
    return undefined;
  }
}
const LIST = JSON.stringify({ type: "list", blob });
const GET = JSON.stringify({ type: "get", blob, from: 0, count: 1 });

async function* never(): AsyncGenerator<Uint8Array> {
  await new Promise(() => undefined);
  yield Buffer.alloc(0);
}

fill({
  head_bytes: [
    BLOB.head_bytes,
    async (bytes) => (await asked(await opened(server(), peer("A")), LIST.padEnd(bytes))) !== undefined,
  ],
  frame_bytes: [
    BLOB.frame_bytes,
    async (bytes) => {
      const [ours, theirs] = await streamPair();
      const talk = new Talk(theirs);
      const reading = talk.readBytes(bytes).then(
        () => true,
        () => false,
      );
      await lpStream(ours, { maxDataLength: 2 * BLOB.frame_bytes }).write(Buffer.alloc(bytes));
      return reading;
    },
  ],
  peer_streams: [
    BLOBS.peer_streams,
    async (count) => {
      const serving = server();
      for (let before = 1; before < count; before++) await opened(serving, peer("A"));
      const last = await asked(await opened(serving, peer("A")), LIST);
      // Another peer's are its own.
      if ((await asked(await opened(serving, peer("B")), LIST)) === undefined) throw new Error("it serves nobody");
      return last !== undefined;
    },
  ],
  serving_max: [
    BLOBS.serving_max,
    async (count) => {
      const serving = server(never);
      for (let before = 1; before < count; before++)
        await asked(await opened(serving, peer("ABCDEFGHJKLMNPQRSTUVWXYZ"[before] ?? "")), GET);
      const last = await asked(await opened(serving, peer("9")), GET);
      return last?.includes('"have"') === true;
    },
  ],
});

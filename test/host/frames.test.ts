/** The frame reader alone: any pieces, any bound, and what is half said. */
import type { Stream } from "@libp2p/interface";
import { lpStream, streamPair } from "@libp2p/utils";
import { describe, expect, it } from "vitest";
import { FrameReader } from "../../node/host/frames.ts";
import { until } from "./helpers.ts";

const MAX = 1_000;

async function scene(onFrame: (frame: Uint8Array) => boolean = () => true) {
  const [sender, receiver] = await streamPair();
  const frames: Uint8Array[] = [];
  const broken: string[] = [];
  const world = { now: 0 };
  const reader = new FrameReader(receiver, {
    max_bytes: MAX,
    clock: () => world.now,
    onBroken: (detail) => broken.push(detail),
    onFrame: (frame) => {
      frames.push(frame);
      return onFrame(frame);
    },
  });
  return { sender, receiver, reader, frames, broken, world };
}

async function sendIn(sender: Stream, bytes: Uint8Array, piece: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += piece) {
    sender.send(bytes.subarray(at, at + piece));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("the frame reader", () => {
  it("reads what lpStream writes, in any pieces", async () => {
    const sizes = [1, 127, 128, 300, 999, MAX];
    const bytes = Buffer.concat(
      sizes.flatMap((size) => [
        Buffer.from(size < 128 ? [size] : [(size & 0x7f) | 0x80, size >> 7]),
        Buffer.alloc(size, size & 0xff),
      ]),
    );
    for (const piece of [1, 2, 3, 7, 129, bytes.length]) {
      const { sender, frames, reader } = await scene();
      await sendIn(sender, bytes, piece);
      await until(() => frames.length === sizes.length, `all frames in pieces of ${piece}`);
      expect(frames.map(({ length }) => length)).toEqual(sizes);
      expect(frames.every((frame) => frame.every((byte) => byte === (frame.length & 0xff)))).toBe(true);
      expect([reader.over, reader.waitingSince]).toEqual([false, undefined]);
    }
    const { sender, frames } = await scene();
    await lpStream(sender).writeV(sizes.map((size) => Buffer.alloc(size)));
    await until(() => frames.length === sizes.length, "all frames of lpStream");
  });

  it.each([
    ["above the bound", [0xe9, 0x07]],
    ["empty", [0]],
    ["of no end", [0xff, 0xff, 0xff, 0xff]],
  ])("resets the stream at a length %s, before the frame is there", async (_, bytes) => {
    const { sender, reader, broken, frames } = await scene();
    sender.send(Buffer.from(bytes));
    await until(() => broken.length === 1, "the verdict");
    expect([reader.over, frames]).toEqual([true, []]);
    await until(() => sender.status === "reset", "the sender is told");
  });

  it("hears no more after a frame that was refused", async () => {
    const { sender, frames, receiver } = await scene(() => false);
    sender.send(Buffer.from([1, 65, 1, 66, 1, 67]));
    await until(() => receiver.status === "aborted", "the end");
    expect(frames).toHaveLength(1);
  });

  it("knows since when it waits for the rest", async () => {
    const { sender, reader, world, frames } = await scene();
    world.now = 5;
    sender.send(Buffer.from([3, 65]));
    await until(() => reader.waitingSince !== undefined, "half a frame");
    world.now = 9;
    sender.send(Buffer.from([66]));
    expect(reader.waitingSince).toBe(5);
    sender.send(Buffer.from([67]));
    await until(() => frames.length === 1, "the frame");
    expect(reader.waitingSince).toBeUndefined();
  });

  it("closes when the sender has", async () => {
    const { sender, receiver, reader } = await scene();
    await sender.close();
    await until(() => reader.over && receiver.status !== "open", "both closed");
  });
});

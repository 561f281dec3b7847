/** The parts of the host that need no network: the frame guard, guilt, addresses, the degree keeper. */

import { multiaddr } from "@multiformats/multiaddr";
import { describe, expect, it } from "vitest";
import { isDialable, usable } from "../../node/host/addresses.ts";
import { Degree } from "../../node/host/degree.ts";
import { FrameGuard } from "../../node/host/frame-guard.ts";
import { Guilt } from "../../node/host/guilt.ts";
import { HOST } from "../../node/host/limits.ts";
import { type PeerId, parsePeerId } from "../../protocols/mod.ts";
import { must } from "./helpers.ts";

const peerNamed = (index: number): PeerId => must(parsePeerId(`12D3KooWPeer${"1".repeat(30)}${"abcdefghijk"[index]}`));

describe("the frame guard", () => {
  const header = (type: number, length: number) => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt8(type, 1);
    bytes.writeUInt32BE(length, 8);
    return bytes;
  };

  it("follows frames in any pieces, and stops at the first that declares too much", () => {
    const good = Buffer.concat([
      header(0, 5),
      Buffer.alloc(5, 0xff),
      header(1, 0xffff_ffff),
      header(2, 7),
      header(0, 0),
      header(0, 1_000),
      Buffer.alloc(1_000, 0xff),
    ]);
    for (let piece = 1; piece < 40; piece++) {
      const guard = new FrameGuard(0, 1_000);
      for (let at = 0; at < good.length; at += piece) guard.inspect(good.subarray(at, at + piece));
      expect(() => guard.inspect(header(0, 1_001))).toThrow("1001 bytes");
    }
    expect(() => new FrameGuard(0).inspect(header(0, HOST.window_bytes + 1))).toThrow();
    expect(() => new FrameGuard(0).inspect(header(0, HOST.window_bytes))).not.toThrow();
    expect(() => new FrameGuard(0).inspect(header(9, 0))).toThrow("not a yamux frame");
    expect(() => new FrameGuard(0).inspect(Buffer.alloc(12, 1))).toThrow("not a yamux frame");
  });
});

describe("guilt", () => {
  it("adds up, is forgotten by half a minute's halves, and passes all measure in the end", () => {
    let now = 0;
    const guilt = new Guilt(() => now);
    const peer = peerNamed(0);
    expect(guilt.score(peer)).toBe(-0);
    expect([guilt.blame(peer), guilt.of(peer)]).toEqual([false, HOST.guilt_refusal]);
    now += HOST.guilt_half_ms;
    expect(guilt.of(peer)).toBe(HOST.guilt_refusal / 2);
    for (let count = 0; count < 99; count++) guilt.blame(peer);
    expect([guilt.banned(peer), guilt.blame(peer), guilt.banned(peer)]).toEqual([false, true, true]);
    expect(guilt.banned(peerNamed(1))).toBe(false);
    now += 2 * HOST.guilt_half_ms;
    expect(guilt.banned(peer)).toBe(false);
  });
});

describe("an address", () => {
  it.each([
    "/ip4/192.0.2.7/tcp/4001",
    "/ip6/2001:db8::1/tcp/4001",
    "/dns4/example.org/tcp/4001",
    "/ip4/127.0.0.1/tcp/1",
  ])("%s can be dialled", (text) => {
    expect(isDialable(multiaddr(text))).toBe(true);
  });
  it.each([
    "/ip4/0.0.0.0/tcp/4001",
    "/ip4/224.0.0.1/tcp/4001",
    "/ip4/192.0.2.7/tcp/0",
    "/ip6/::/tcp/1",
    "/ip6/ff02::1/tcp/1",
    "/ip6/fe80::1/tcp/1",
    "/ip4/192.0.2.7/udp/4001",
    "/ip4/192.0.2.7/tcp/4001/ws",
  ])("%s cannot", (text) => {
    expect(isDialable(multiaddr(text))).toBe(false);
  });

  it("on loopback counts when it is all there is", () => {
    const peer = peerNamed(0);
    const text = (addrs: readonly string[]) => usable(peer, addrs).map(String);
    expect(text(["/ip4/127.0.0.1/tcp/1", "/ip4/192.0.2.7/tcp/1"])).toEqual(["/ip4/192.0.2.7/tcp/1"]);
    expect(text(["/ip4/127.0.0.1/tcp/1"])).toEqual(["/ip4/127.0.0.1/tcp/1"]);
    expect(text(["rubbish", "/ip4/192.0.2.7/tcp/99999", "/unix/tmp/x"])).toEqual([]);
    expect(
      usable(
        peer,
        Array.from({ length: 100 }, (_, index) => `/ip4/192.0.2.7/tcp/${index + 1}`),
      ),
    ).toHaveLength(HOST.peer_addresses);
  });
});

describe("the degree keeper", () => {
  function keeper(fails: (peer: PeerId) => boolean = () => false) {
    const connected = new Set<PeerId>();
    const dials: PeerId[] = [];
    const world = { now: 0 };
    const degree = new Degree({
      clock: () => world.now,
      connected: (peer) => connected.has(peer),
      connections: () => connected.size,
      dial: (peer) => {
        dials.push(peer);
        if (fails(peer)) return Promise.reject(new Error("nobody there"));
        connected.add(peer);
        return Promise.resolve();
      },
      join: [],
      dialJoin: () => Promise.reject(new Error("no doors")),
    });
    const settle = async () => {
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    };
    return { degree, connected, dials, world, settle };
  }

  it("dials until there are enough, each once", async () => {
    const { degree, connected, dials, settle } = keeper();
    for (let index = 0; index < 11; index++) degree.learn(peerNamed(index));
    for (let tick = 0; tick < 5; tick++) {
      degree.tick();
      await settle();
    }
    expect(connected.size).toBe(HOST.degree);
    expect(new Set(dials).size).toBe(dials.length);
  });

  it("waits longer after each failure", async () => {
    const { degree, dials, world, settle } = keeper(() => true);
    degree.learn(peerNamed(0));
    for (; world.now < 120_000; world.now += 1_000) {
      degree.tick();
      await settle();
    }
    expect(dials.length).toBeGreaterThan(4);
    expect(dials.length).toBeLessThan(10);
  });
});

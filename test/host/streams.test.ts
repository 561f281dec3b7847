/** Messages between hosts: both ways, in order, large, hostile, to the living and the dead. */
import { peerIdFromString } from "@libp2p/peer-id";
import { multiaddr } from "@multiformats/multiaddr";
import { afterEach, describe, expect, it } from "vitest";
import { HOST } from "../../node/host/limits.ts";
import { LIMITS, type Message, PROTOCOLS, parsePeerId } from "../../protocols/mod.ts";
import { home, must, query, type Station, station, stopAll, taskId, until } from "./helpers.ts";
import { rawPeer } from "./raw.ts";

let stations: Station[] = [];
afterEach(async () => {
  await stopAll(stations);
  stations = [];
});
async function pair(): Promise<[Station, Station]> {
  const first = await station();
  const second = await station({ join: [first] });
  stations.push(first, second);
  await until(() => second.connected.includes(first.id) && first.connected.includes(second.id), "both connected");
  return [first, second];
}
const numbers = (of: Station) =>
  of.messages.map(({ message }) => ("task" in message ? Number(`0x${message.task}`) : -1));

describe("two hosts", () => {
  it("exchange messages both ways, in order", async () => {
    const [one, two] = await pair();
    for (let number = 0; number < 500; number++) {
      one.host.send(two.id, query(number));
      two.host.send(one.id, query(number + 1_000));
    }
    await until(() => one.messages.length === 500 && two.messages.length === 500, "all messages");
    expect(numbers(two)).toEqual(Array.from({ length: 500 }, (_, index) => index));
    expect(numbers(one)).toEqual(Array.from({ length: 500 }, (_, index) => index + 1_000));
    expect(two.messages.every(({ from }) => from === one.id)).toBe(true);
  });

  it("use the stream of each protocol", async () => {
    const [one, two] = await pair();
    const sent: Message[] = [
      { type: "digest", network: home, news: false, cards: [[one.id, 7]] },
      { type: "reject-proposal", task: taskId(1), round: 1 },
      query(2),
    ];
    for (const message of sent) one.host.send(two.id, message);
    await until(() => two.messages.length === 3, "three messages");
    expect(two.messages.map(({ message }) => message)).toEqual(expect.arrayContaining(sent));
  });

  it("dial when they must, through what was learned", async () => {
    const [one, two] = [await station(), await station()];
    stations.push(one, two);
    one.host.learn(two.id, two.host.addrs());
    await until(() => one.connected.includes(two.id), "the degree keeper dialled");
    one.host.send(two.id, query(1));
    await until(() => two.messages.length === 1, "the message");
  });

  it("say who is unreachable: the stranger, the dead, the one that is no peer", async () => {
    const [one, two] = await pair();
    const stranger = must(parsePeerId("12D3KooWQYV9dGMFoRzNStwpXztXaBUjtPqi6aU76ZgUriHhKust"));
    const nonsense = must(parsePeerId("1".repeat(40)));
    for (const peer of [stranger, nonsense]) one.host.send(peer, query(1));
    await until(() => one.unreachable.includes(stranger) && one.unreachable.includes(nonsense), "both unreachable");
    await two.host.stop();
    await until(() => one.disconnected.includes(two.id), "the disconnection");
    one.host.send(two.id, query(1));
    await until(() => one.unreachable.includes(two.id), "the dead one unreachable");
  });

  it("find each other again after one hung up", async () => {
    const [one, two] = await pair();
    one.host.hangUp(two.id);
    await until(() => two.disconnected.includes(one.id), "the hang-up");
    await until(() => two.host.connections().includes(one.id), "the join address dialled again");
    two.host.send(one.id, query(5));
    await until(() => one.messages.length === 1, "the message");
  });
});

describe("a frame", () => {
  /** A claim frame of exactly this many bytes: an input of spaces. */
  const frame = (bytes: number) => {
    const [head, tail] = [`{"type":"query","task":"${taskId(9)}"`, "}"];
    return Buffer.from(head + " ".repeat(bytes - head.length - tail.length) + tail);
  };

  it("is taken at the bound and refused one byte above it", async () => {
    const { id, frame_bytes } = PROTOCOLS.claim;
    expect(frame_bytes).toBe(LIMITS.claim_bytes);
    const [victim] = await pair();
    for (const [over, taken] of [
      [-1, true],
      [0, true],
      [1, false],
    ] as const) {
      const peer = await rawPeer(victim);
      const before = victim.messages.length;
      await peer.send(id, frame(frame_bytes + over)).catch(() => undefined); // the refusal resets the stream
      const name = must(parsePeerId(peer.id));
      const came = () => victim.messages.length > before;
      const refused = () => victim.refused.some(({ from, clause }) => from === name && clause === "WIRE-1");
      await until(() => came() || refused(), `a verdict on ${over}`);
      expect([came(), refused()]).toEqual([taken, !taken]);
      await peer.stop();
    }
  });

  it.each([
    ["of garbage", Buffer.from([0xff, 0xfe, 0x00, 0x01]), "WIRE-1"],
    ["of broken JSON", Buffer.from('{"type":"query",'), "WIRE-1"],
    ["too deep", Buffer.from("[".repeat(17) + "]".repeat(17)), "WIRE-1"],
    ["with a key twice", Buffer.from(`{"type":"query","type":"query","task":"${taskId(1)}"}`), "WIRE-1"],
    ["of no type", Buffer.from("{}"), "WIRE-2"],
    ["of another protocol", Buffer.from('{"type":"want","peers":[]}'), "WIRE-2"],
    [
      "with a seal that is none",
      Buffer.from(`{"type":"store","task":"${taskId(1)}","document":"AAAA","input":"1","left_ms":1}`),
      "WIRE-2",
    ],
    ["without content", Buffer.alloc(0), "WIRE-1"],
  ])("%s is refused, and everybody is served after it, the sender too", async (_, bytes, clause) => {
    const [victim, friend] = await pair();
    const peer = await rawPeer(victim);
    await peer.send(PROTOCOLS.claim.id, bytes).catch(() => undefined);
    await until(() => victim.refused.some((refusal) => refusal.clause === clause), "the refusal");
    await peer.send(PROTOCOLS.claim.id, Buffer.from(JSON.stringify(query(3))));
    friend.host.send(victim.id, query(4));
    await until(() => victim.messages.length === 2, "both served");
    expect(numbers(victim).toSorted()).toEqual([3, 4]);
    await peer.stop();
  });

  it("with an endless length is refused", async () => {
    const [victim] = await pair();
    const peer = await rawPeer(victim);
    await peer.sendRaw(PROTOCOLS.claim.id, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff])).catch(() => undefined);
    await until(() => victim.refused.length === 1, "the refusal");
    await peer.stop();
  });
});

describe("a peer", () => {
  it("keeps two connections, the newest", async () => {
    const victim = await station();
    stations.push(victim);
    const address = multiaddr(must(victim.host.addrs()[0]));
    const peer = await rawPeer(victim);
    for (let count = 0; count < 4; count++) await peer.node.dial(address, { force: true });
    const own = peerIdFromString(victim.id);
    await until(() => peer.node.getConnections(own).length === 2, "two connections");
    await peer.send(PROTOCOLS.claim.id, Buffer.from(JSON.stringify(query(1))));
    await until(() => victim.messages.length === 1, "the message");
    await peer.stop();
  });

  it("that sends rubbish without end is hung up on", async () => {
    const [victim, friend] = await pair();
    const peer = await rawPeer(victim);
    const rubbish = async () => peer.send(PROTOCOLS.claim.id, Buffer.from("{}"));
    for (let count = 0; count < 200 && peer.node.getConnections().length > 0; count++)
      await rubbish().catch(() => undefined);
    await until(() => peer.node.getConnections().length === 0, "no connection left");
    await peer.node.dial(multiaddr(must(victim.host.addrs()[0]))).catch(() => undefined);
    await until(() => peer.node.getConnections().length === 0, "it does not come back in");
    friend.host.send(victim.id, query(4));
    await until(() => victim.messages.length === 1, "the friend is served");
    await peer.stop();
  });

  it.each([
    ["declares 4 GiB in one muxer frame", Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff])],
    ["declares a byte more than a window", Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 0x00, 0x10, 0x00, 0x01])],
    ["speaks another muxer", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
  ])("that %s is cut off, and nobody else", async (_, bytes) => {
    const [victim, friend] = await pair();
    const peer = await rawPeer(victim);
    const name = must(parsePeerId(peer.id));
    await until(() => victim.connected.includes(name), "the connection");
    peer.sendWire(bytes);
    await until(() => victim.disconnected.includes(name), "the end of it");
    friend.host.send(victim.id, query(4));
    await until(() => victim.messages.length === 1, "the friend is served");
    expect(victim.disconnected).toEqual([name]);
    await peer.stop();
  });

  it("that opens more streams than it may is held to the bound, and served within it", async () => {
    const [victim] = await pair();
    const peer = await rawPeer(victim);
    const say = (number: number) => peer.send(PROTOCOLS.claim.id, Buffer.from(JSON.stringify(query(number))));
    await Promise.allSettled(Array.from({ length: 100 }, () => say(1)));
    const outbound = () =>
      peer.node.getConnections().flatMap(({ streams }) => streams.filter((stream) => stream.direction === "outbound"));
    await until(() => outbound().length <= HOST.connection_streams_in, "the surplus is reset");
    for (const stream of outbound()) stream.abort(new Error("enough"));
    await until(() => outbound().length === 0, "all given up");
    await say(2);
    await until(() => numbers(victim).includes(2), "it is served");
    await peer.stop();
  });
});

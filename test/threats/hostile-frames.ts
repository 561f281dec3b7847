/**
 * F5: hostile bytes at every layer of a live node, from the socket up to gossip: what a peer of good will says, changed. The node lives,
 * keeps its memory within bounds, and an honest peer is served meanwhile.
 */
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { PROTOCOLS, type ProtocolName, parseNetwork, type TaskId } from "../../protocols/mod.ts";
import { must, type Station, skill, station, stopAll, taskId, until } from "../host/helpers.ts";
import { mutated } from "./fuzz/mutate.ts";
import { dhtRecords, envelopes, frames } from "./fuzz/samples.ts";
import { portOf, relayTo } from "./relay.ts";
import { type Row, Tally } from "./row.ts";
import { type Chance, seeded } from "./seeded.ts";
import { type Stranger, stranger } from "./stranger.ts";
import { against, type Target } from "./target.ts";

const network = must(parseNetwork("alone"));
const MIB = 2 ** 20;
/** What a node knows of thousands of peers that came by is bounded, and not small: it levels off (measured: after 6,000 frames). */
const GROWTH_BYTES = 256 * MIB;
const AT_ONCE = 8;
const SOCKET_MS = 200;
const ANSWER_MS = 5_000;
const ASK_EVERY_MS = 50;

type Layer = (by: Stranger, chance: Chance) => Promise<void>;

const varint = (value: number) => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, value >> 7]);
const prefixed = (bytes: Uint8Array) => Buffer.concat([Buffer.from(varint(bytes.length)), bytes]);
const words = (text: string) => prefixed(Buffer.from(`${text}\n`));

/** A yamux frame: data opens the stream and carries a body. */
function muxerFrame(type: number, stream: number, body: Uint8Array): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt8(type, 1);
  header.writeUInt16BE(type === 0 ? 1 : 0, 2);
  header.writeUInt32BE(stream, 4);
  header.writeUInt32BE(body.length, 8);
  return Buffer.concat([header, body]);
}

/** A field of a protobuf, with bytes in it. */
const field = (tag: number, bytes: Uint8Array) => Buffer.concat([Buffer.from([(tag << 3) | 2]), prefixed(bytes)]);

const TOPIC = Buffer.from(`moot/1/${network}/4`);
const SAID = {
  door: [Buffer.concat([words("/multistream/1.0.0"), words("/noise")]), Buffer.alloc(300, 0x41)],
  muxer: [
    Buffer.concat([muxerFrame(0, 901, words("/multistream/1.0.0")), muxerFrame(1, 901, Buffer.alloc(0))]),
    Buffer.concat([muxerFrame(2, 0, Buffer.alloc(0)), muxerFrame(3, 0, Buffer.alloc(0))]),
  ],
  negotiation: [
    muxerFrame(0, 905, Buffer.concat([words("/multistream/1.0.0"), words("/moot/claim/1")])),
    muxerFrame(0, 907, Buffer.concat([words("/multistream/1.0.0"), words("ls"), words("na")])),
  ],
  gossip: [
    prefixed(field(1, Buffer.concat([Buffer.from([0x08, 0x01]), field(2, TOPIC)]))),
    ...envelopes("cfp").map((data) => prefixed(field(2, Buffer.concat([field(2, data), field(4, TOPIC)])))),
    prefixed(field(3, field(1, Buffer.concat([field(1, TOPIC), field(2, Buffer.alloc(32, 1))])))),
    prefixed(
      field(
        3,
        Buffer.concat([field(2, field(1, Buffer.alloc(32, 2))), field(3, field(1, TOPIC)), field(4, field(1, TOPIC))]),
      ),
    ),
  ],
  dht: dhtRecords().map(({ key, value }) =>
    prefixed(
      Buffer.concat([
        Buffer.from([0x08, 0x00]),
        field(2, key),
        field(3, Buffer.concat([field(1, key), field(2, value)])),
      ]),
    ),
  ),
  identify: [
    prefixed(
      Buffer.concat([
        field(2, Buffer.alloc(8, 4)),
        field(3, Buffer.from("/moot/claim/1")),
        field(5, Buffer.from("ipfs/0.1.0")),
      ]),
    ),
  ],
} as const;

const onStream =
  (protocol: string, samples: readonly Uint8Array[]): Layer =>
  async (by, chance) => {
    const stream = await by.open(protocol);
    stream.send(mutated(chance, chance.pick(samples), samples));
    // Half of the streams are left open: the node has to end them by itself.
    if (chance.below(2) === 0) await stream.close({ signal: AbortSignal.timeout(SOCKET_MS) });
  };

const onWire =
  (samples: readonly Uint8Array[]): Layer =>
  async (by, chance) => {
    by.sendWire(mutated(chance, chance.pick(samples), samples));
    await pause(1);
  };

const LAYERS: Readonly<Record<string, Layer>> = {
  muxer: onWire(SAID.muxer),
  negotiation: onWire(SAID.negotiation),
  ...Object.fromEntries(
    (["directory", "auction", "claim"] as const satisfies readonly ProtocolName[]).map((name) => [
      name,
      onStream(PROTOCOLS[name].id, frames(name).map(prefixed)),
    ]),
  ),
  blob: onStream("/moot/blob/1", [prefixed(Buffer.from(JSON.stringify({ type: "list", blob: "d".repeat(64) })))]),
  gossip: onStream("/meshsub/1.2.0", SAID.gossip),
  dht: onStream(`/moot/${network}/kad/1.0.0`, SAID.dht),
  identify: onStream("/ipfs/id/push/1.0.0", SAID.identify),
  ping: onStream("/ipfs/ping/1.0.0", [Buffer.alloc(32, 7)]),
};

export function tryHostileFrames({ count }: { readonly count: number }): Promise<Row> {
  return against(async (target) => {
    const tally = new Tally("wire", "hostile frames against a live node");
    const relay = await relayTo(target.address, { first: 20, count: 200 });
    const honest = await station({ network, networkKey: null });
    try {
      honest.host.learn(target.peer, [target.address]);
      await until(() => honest.host.connections().includes(target.peer), "the honest peer is connected");
      const before = await target.vitals();
      const asks = new Asks(honest, target);
      asks.start();
      const sent = await storm(relay.address, count, portOf(relay.address));
      const { asked, answered } = await asks.stop();
      const enough = answered >= 0.999 * asked;
      for (let one = 0; one < asked; one++)
        tally.add(enough || one < answered ? undefined : "an honest call was not answered");
      const { pid, rssBytes, loopLagMs } = await target.vitals();
      for (let one = 0; one < sent.frames; one++)
        tally.add(pid === before.pid ? undefined : "it is another process now");
      const growth = Math.round((rssBytes - before.rssBytes) / MIB);
      tally.add(growth * MIB < GROWTH_BYTES ? undefined : `memory grew by ${growth} MiB`);
      tally.add((await target.work(4)) === 4 ? undefined : "a task did not end well afterwards");
      return tally.row(
        `${sent.frames} frames over ${Object.keys(LAYERS).length + 1} layers, ${sent.peers} peers; ${answered} of ${asked} honest calls answered; loop late ${loopLagMs.p99} ms (p99), ${growth} MiB more`,
      );
    } finally {
      await stopAll([honest]);
      await relay.close();
    }
  });
}

/** So many hostile frames, by strangers that are replaced when they are hung up on. */
async function storm(address: string, count: number, port: number): Promise<{ frames: number; peers: number }> {
  const layers = Object.values(LAYERS);
  const chance = seeded(count);
  let [sent, peers, left] = [0, 0, count];
  const one = async () => {
    let by: Stranger | undefined;
    while (left-- > 0) {
      if (chance.below(layers.length + 1) === 0) await atTheDoor(port, chance);
      else {
        if (by === undefined) peers += 1;
        by ??= await met(address);
        try {
          await chance.pick(layers)(by, chance);
        } catch {
          // Hung up on, or refused: somebody else comes.
          await by.stop();
          by = undefined;
        }
      }
      sent += 1;
    }
    await by?.stop();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return { frames: sent, peers };
}

async function met(address: string): Promise<Stranger> {
  for (let tries = 0; ; tries++) {
    try {
      return await stranger(address);
    } catch (error) {
      if (tries > 20) throw error;
      await pause(50);
    }
  }
}

/** Bytes where the network's handshake is expected. */
function atTheDoor(port: number, chance: Chance): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.setTimeout(SOCKET_MS, () => socket.destroy());
    socket.on("error", () => undefined).on("close", () => resolve());
    socket.on("connect", () => socket.end(mutated(chance, chance.pick(SAID.door), SAID.door)));
    socket.resume();
  });
}

/** Calls of an honest peer, one after the other; each is answered with a bid or a word why not. */
class Asks {
  readonly #honest: Station;
  readonly #target: Target;
  readonly #asked = new Map<TaskId, number>();
  #timer: NodeJS.Timeout | undefined;
  #number = 0;

  constructor(honest: Station, target: Target) {
    this.#honest = honest;
    this.#target = target;
  }

  start(): void {
    this.#timer = setInterval(() => this.#ask(), ASK_EVERY_MS);
  }

  #ask(): void {
    const { host } = this.#honest;
    const last = taskId(this.#number);
    this.#number += 1;
    const task = taskId(this.#number);
    this.#asked.set(task, performance.now());
    const call = {
      type: "cfp",
      task,
      skill,
      round: 1,
      window_ms: 600,
      left_ms: 10_000,
      input_bytes: 10,
      eligible: 1,
    } as const;
    host.send(this.#target.peer, { type: "reject-proposal", task: last, round: 1 });
    host.send(this.#target.peer, call);
  }

  async stop(): Promise<{ asked: number; answered: number }> {
    clearInterval(this.#timer);
    await pause(0);
    const answered = () => {
      const answers = this.#honest.messages.flatMap(({ message, at }) =>
        message.type === "propose" || message.type === "refuse" ? [[message.task, at] as const] : [],
      );
      const soon = answers.filter(([task, at]) => at - (this.#asked.get(task) ?? 0) < ANSWER_MS);
      return new Set(soon.map(([task]) => task)).size;
    };
    await until(() => answered() === this.#asked.size, "all are answered", ANSWER_MS).catch(() => undefined);
    return { asked: this.#asked.size, answered: answered() };
  }
}

/**
 * Resources: peers that flood, stall and say nothing, against a node that is a process of its own, with honest work going on. What is
 * measured is the node's: tasks that ended well, how late its event loop was, what its memory grew by, how soon streams were free.
 */
import { setTimeout as pause } from "node:timers/promises";
import { generateKeyPair } from "@libp2p/crypto/keys";
import type { Stream } from "@libp2p/interface";
import { makeOpen, makeSeal } from "../../node/envelope/mod.ts";
import { HOST } from "../../node/host/limits.ts";
import { topicOf } from "../../node/host/topics.ts";
import { Validator } from "../../node/host/validator.ts";
import {
  LIMITS,
  type PeerId,
  PROTOCOLS,
  parseNetwork,
  parsePeerId,
  shardOf,
  type TopicDocument,
} from "../../protocols/mod.ts";
import { must, type Station, skill, station, stopAll, taskId, until } from "../host/helpers.ts";
import { heldBytes } from "./held.ts";
import { type Row, Tally } from "./row.ts";
import { type Stranger, stranger } from "./stranger.ts";
import { against, type Target } from "./target.ts";

const network = must(parseNetwork("alone"));
const shard = shardOf(skill);
const MIB = 2 ** 20;
const LAG_MS = 100;
const GROWTH_BYTES = 32 * MIB;
const FREED_MS = 15_000;
/** What an honest signer announces while others flood: ten a second. */
const HONEST_EACH = 100;

const call = (number: number): TopicDocument => ({
  kind: "cfp",
  network,
  issued_ms: Date.now(),
  task: taskId(number),
  skill,
  round: 1,
  window_ms: 600,
  left_ms: 10_000,
  input_bytes: 10,
  eligible: 1,
  sealed: false,
});

/** How many announcements of each signer a node's validator lets through, with every signature and schema in it checked. */
export async function trySpam({ spammers, each }: { readonly spammers: number; readonly each: number }): Promise<Row> {
  const tally = new Tally("resources", "announcement spam");
  const over_ms = 10_000;
  const start_ms = Date.now();
  let now = start_ms;
  const heard = new Map<PeerId, number>();
  const onDocument = (signer: PeerId) => heard.set(signer, (heard.get(signer) ?? 0) + 1);
  const validator = new Validator({ network, open: makeOpen(network), wall: () => now, onDocument });
  const seals = await Promise.all(
    Array.from({ length: 2 * spammers }, async () => makeSeal(await generateKeyPair("Ed25519"))),
  );
  const [honest, loud] = [seals.slice(spammers), seals.slice(0, spammers)];
  const say = (seal: (typeof seals)[number], number: number) =>
    validator.judge(topicOf(network, shard), Buffer.from(seal({ ...call(number), issued_ms: now }).seal, "base64"));
  for (let turn = 0; turn < each; turn++) {
    now = start_ms + Math.floor((turn * over_ms) / each);
    for (const [index, seal] of loud.entries()) say(seal, turn * 1_000 + index);
    if (turn % Math.ceil(each / HONEST_EACH) === 0)
      for (const [index, seal] of honest.entries())
        tally.add(
          say(seal, turn * 1_000 + 500 + index) === "accept" ? undefined : "an honest announcement was ignored",
        );
  }
  const most = HOST.gossip_burst + (HOST.gossip_per_s * over_ms) / 1_000;
  const loudest = Math.max(...heard.values());
  tally.add(loudest <= most ? undefined : `${loudest} announcements of one signer were processed in ${over_ms} ms`);
  return tally.row(`${spammers} signers with ${each} in 10 s: at most ${loudest} processed of each`);
}

/** Members that announce as fast as they can, and tasks of an honest one meanwhile. */
export async function tryFlood({
  spammers,
  tasks,
}: {
  readonly spammers: number;
  readonly tasks: number;
}): Promise<Row> {
  return await against(async (target) => {
    const tally = new Tally("resources", "honest work under announcement spam");
    const stations = await Promise.all(Array.from({ length: spammers }, () => station({ network, networkKey: null })));
    try {
      await join(target, stations);
      let said = 0;
      const flood = setInterval(() => {
        for (const { host } of stations) for (let count = 0; count < 10; count++) host.publish(shard, call(said++));
      }, 50);
      const done = await target.work(tasks).finally(() => clearInterval(flood));
      for (let task = 0; task < tasks; task++) tally.add(task < done ? undefined : "a task did not end well");
      const { loopLagMs, rssBytes } = await target.vitals();
      return tally.row(
        `${said} announcements of ${spammers}; loop late ${loopLagMs.p99} ms (p99), ${Math.round(rssBytes / MIB)} MiB`,
      );
    } finally {
      await stopAll(stations);
    }
  });
}

async function join(target: Target, stations: readonly Station[]): Promise<void> {
  for (const { host } of stations) host.learn(target.peer, [target.address]);
  await until(() => stations.every(({ host }) => host.connections().includes(target.peer)), "all are connected");
}

/** Rubbish on topics, known and unknown. */
export async function tryRubbish({
  peers,
  messages,
  tasks,
}: {
  readonly peers: number;
  readonly messages: number;
  readonly tasks: number;
}): Promise<Row> {
  return await against(async (target, meet) => {
    const tally = new Tally("resources", "unknown topics and invalid messages");
    const before = await target.vitals();
    const strangers = await Promise.all(Array.from({ length: peers }, meet));
    for (const { node } of strangers)
      for (let topic = 0; topic < 200; topic++) node.services.pubsub.subscribe(`unknown/${topic}`);
    const speak = async ({ node }: Stranger) => {
      for (let count = 0; count < messages; count++) {
        const topic = count % 2 === 0 ? topicOf(network, count % LIMITS.shards) : `unknown/${count}`;
        await node.services.pubsub
          .publish(topic, Buffer.from(`rubbish ${node.peerId} ${count}`))
          .catch(() => undefined);
        if (count % 50 === 0) await pause(1);
      }
    };
    const [done] = await Promise.all([target.work(tasks), ...strangers.map(speak)]);
    for (let task = 0; task < tasks; task++) tally.add(task < done ? undefined : "a task did not end well");
    const { loopLagMs, rssBytes } = await target.vitals();
    const bound_ms = LAG_MS + before.loopLagMs.p99;
    tally.add(loopLagMs.p99 < bound_ms ? undefined : `the loop was ${loopLagMs.p99} ms late (p99)`);
    const growth = Math.round((rssBytes - before.rssBytes) / MIB);
    return tally.row(
      `${peers} peers with ${messages} messages: loop late ${loopLagMs.p99} ms (p99), ${growth} MiB more`,
    );
  });
}

/** Peers that are connected and never answer, and the first announcement of an honest one. */
export async function trySilence({ peers }: { readonly peers: number }): Promise<Row> {
  return await against(async (target, meet) => {
    const tally = new Tally("resources", "peers that never answer a negotiation");
    await Promise.all(Array.from({ length: peers }, async () => (await meet()).mute()));
    const honest = await station({ network, networkKey: null });
    try {
      const start = performance.now();
      await join(target, [honest]);
      const answered = () => honest.messages.some(({ message }) => message.type === "propose");
      for (let number = 1; !answered() && performance.now() - start < 20_000; number++) {
        honest.host.publish(shard, call(number));
        await pause(100);
      }
      const first_ms = Math.round(performance.now() - start);
      tally.add(
        answered() && first_ms < 5_000 ? undefined : `the first announcement was answered after ${first_ms} ms`,
      );
      tally.add((await target.work(4)) === 4 ? undefined : "an honest task did not end well");
      return tally.row(`among ${peers} of them an honest peer's first announcement was answered after ${first_ms} ms`);
    } finally {
      await stopAll([honest]);
    }
  });
}

/** A peer that opens all the streams it may, on both its connections, says half a frame on each and waits. */
export async function trySlowSender(): Promise<Row> {
  return await against(async (target, meet) => {
    const tally = new Tally("resources", "slow sender, many streams, many connections");
    const slow = await meet();
    for (let count = 0; count < 3; count++) await slow.dial(true);
    await until(() => slow.node.getConnections(slow.peer).length <= HOST.peer_connections_max, "two connections");
    const before = await target.vitals();
    const half = Buffer.concat([Buffer.from([0x80, 0x80, 0x08]), Buffer.alloc(LIMITS.claim_bytes / 4, 0x20)]);
    const connections = slow.node.getConnections(slow.peer);
    const start = performance.now();
    const opened = await Promise.allSettled(
      connections.flatMap((connection) =>
        Array.from({ length: HOST.connection_streams_in }, async () => {
          const stream = await connection.newStream(PROTOCOLS.claim.id, { signal: AbortSignal.timeout(3_000) });
          stream.send(half);
        }),
      ),
    );
    const taken = opened.filter(({ status }) => status === "fulfilled").length;
    const streams = () =>
      slow.node
        .getConnections(slow.peer)
        .flatMap((one) =>
          one.streams.filter(({ protocol, status }) => protocol === PROTOCOLS.claim.id && status === "open"),
        );
    const kept = streams().length;
    tally.add(kept > 0 && kept <= 64 ? undefined : `it keeps ${kept} streams open`);
    const worked = target.work(4);
    await until(() => streams().length === 0, "all streams are free", 30_000);
    const freed_ms = Math.round(performance.now() - start);
    tally.add(freed_ms <= FREED_MS ? undefined : `its streams were free after ${freed_ms} ms`);
    tally.add((await worked) === 4 ? undefined : "an honest task did not end well");
    const growth = (await target.vitals()).rssBytes - before.rssBytes;
    tally.add(growth < GROWTH_BYTES ? undefined : `memory grew by ${Math.round(growth / MIB)} MiB`);
    return tally.row(
      `${taken} streams said half a frame, ${kept} were kept, free after ${freed_ms} ms, ${Math.round(growth / MIB)} MiB more`,
    );
  });
}

/** A peer that reads nothing of what it is sent. Both are in this process, and so is the memory of both. */
export async function trySlowReader(): Promise<Row> {
  const tally = new Tally("resources", "slow reader");
  const sender = await station({ network, networkKey: null });
  const reader = await stranger(must(sender.host.addrs()[0]));
  try {
    const to = must(parsePeerId(reader.id));
    await until(() => sender.connected.includes(to), "the connection");
    let first: Stream | undefined;
    await reader.node.handle(PROTOCOLS.claim.id, (stream) => {
      first ??= stream;
      stream.pause();
    });
    const before = heldBytes();
    const words = "x".repeat(60_000);
    const start = performance.now();
    for (let count = 0; count < 2_000; count++) {
      sender.host.send(to, { type: "query", task: taskId(count), ...{ words } });
      if (count % 100 === 0) await pause(1);
    }
    await pause(500); // what was dropped is gone
    const growth = heldBytes() - before;
    tally.add(growth < GROWTH_BYTES ? undefined : `memory grew by ${Math.round(growth / MIB)} MiB`);
    tally.add(sender.unreachable.includes(to) ? undefined : "it never counted as unreachable");
    // What waits for it goes out on the next one, and stalls there.
    await until(() => first !== undefined && first.status !== "open", "its stream is free", 30_000);
    const freed_ms = Math.round(performance.now() - start);
    tally.add(freed_ms <= FREED_MS ? undefined : `its stream was free after ${freed_ms} ms`);
    return tally.row(
      `120 MB were sent to it: ${Math.round(growth / MIB)} MiB more, its stream free after ${freed_ms} ms`,
    );
  } finally {
    await reader.stop();
    await stopAll([sender]);
  }
}

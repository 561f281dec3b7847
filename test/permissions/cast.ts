/** A network with a root, on loopback: members as real hosts, grants as a root would sign them, and intruders of another make. */
import { generateKeyPair } from "@libp2p/crypto/keys";
import type { Connection, Ed25519PrivateKey } from "@libp2p/interface";
import { lpStream } from "@libp2p/utils";
import { multiaddr } from "@multiformats/multiaddr";
import type { Host, HostEvents } from "../../node/driver/mod.ts";
import { makeOpen, makeSeal } from "../../node/envelope/mod.ts";
import { Guards } from "../../node/host/frame-guard.ts";
import { Guilt } from "../../node/host/guilt.ts";
import { startHost } from "../../node/host/mod.ts";
import { makeNode } from "../../node/host/profile.ts";
import { topicOf, topicsOf } from "../../node/host/topics.ts";
import { ADMIT } from "../../node/permissions/admission.ts";
import {
  type CardDocument,
  type Grant,
  type GrantDocument,
  type Message,
  type Network,
  type PeerId,
  PROTOCOLS,
  parseNetwork,
  parseTaskId,
  type Signed,
  type TopicDocument,
  Warden,
} from "../../protocols/mod.ts";

export const HOME = must(parseNetwork("home"));
export const AWAY = must(parseNetwork("away"));
const HOUR_MS = 3_600_000;
const clock = () => performance.now();

export interface Person {
  readonly key: Ed25519PrivateKey;
  readonly id: PeerId;
  readonly seal: ReturnType<typeof makeSeal>;
}

export async function person(): Promise<Person> {
  const key = await generateKeyPair("Ed25519");
  const seal = makeSeal(key);
  return { key, seal, id: seal({ kind: "name" }).signer };
}

export interface Terms {
  readonly to: PeerId;
  readonly can?: readonly string[];
  readonly under?: Grant;
  readonly network?: Network;
  readonly for_ms?: number;
  readonly from_ms?: number;
  readonly limits?: GrantDocument["limits"];
}

let nonces = 0;

export function grant(by: Person, terms: Terms): Grant {
  const {
    to,
    can = ["member"],
    under,
    network = HOME,
    for_ms = HOUR_MS,
    from_ms = Date.now() - 1_000,
    limits = {},
  } = terms;
  nonces += 1;
  return by.seal({
    kind: "grant" as const,
    network,
    audience: to,
    can: [...can],
    limits,
    nonce: `nonce-${nonces}`.padEnd(16, "x"),
    not_before_ms: under === undefined ? from_ms : Math.max(from_ms, under.value.not_before_ms),
    expires_ms: from_ms + for_ms,
    parent: under?.digest ?? null,
  });
}

export function seals(...chain: readonly Grant[]): string[] {
  return chain.map(({ seal }) => seal);
}

export interface Member {
  readonly host: Host;
  readonly person: Person;
  readonly warden: Warden;
  /** What it shows; may be replaced. */
  chain: readonly string[];
  readonly messages: { readonly from: PeerId; readonly message: Message }[];
  readonly documents: { readonly signer: PeerId; readonly document: TopicDocument }[];
  readonly connected: PeerId[];
  readonly disconnected: PeerId[];
  readonly denied: { readonly peer: PeerId; readonly why: string; readonly theirs: boolean }[];
  readonly cards: Signed<CardDocument>[];
}

export interface MemberOptions {
  readonly root: Person;
  readonly roots?: readonly PeerId[];
  readonly who?: Person;
  readonly chain?: readonly string[];
  readonly join?: readonly Member[];
}

export async function member({ root, roots = [root.id], join = [], ...rest }: MemberOptions): Promise<Member> {
  const who = rest.who ?? (await person());
  const open = makeOpen(HOME);
  const own = rest.chain ?? seals(grant(root, { to: who.id }));
  const heard = {
    messages: [] as Member["messages"],
    documents: [] as Member["documents"],
    connected: [] as PeerId[],
    disconnected: [] as PeerId[],
    denied: [] as Member["denied"],
    cards: [] as Member["cards"],
  };
  const warden = new Warden(HOME, { roots, open, chain: own }, () => undefined);
  const events: HostEvents = {
    onMessage: (from, message) => heard.messages.push({ from, message }),
    onDocument: (signer, document) => heard.documents.push({ signer, document }),
    onConnected: (peer) => heard.connected.push(peer),
    onDisconnected: (peer) => heard.disconnected.push(peer),
    onUnreachable: () => undefined,
    onRefused: () => undefined,
    onFound: () => undefined,
    onCard: (card) => heard.cards.push(card),
    onChanged: () => undefined,
  };
  const shown = { chain: own };
  const host = await startHost({
    key: who.key,
    seal: who.seal,
    open,
    network: HOME,
    networkKey: null,
    listen: ["/ip4/127.0.0.1/tcp/0"],
    join: join.flatMap((other) => other.host.addrs()),
    shards: [0],
    events,
    admission: {
      chain: () => shown.chain,
      judge: (peer, chain) => warden.judge(peer, chain, Date.now()),
      begun: Promise.resolve(),
      onPresented: () => undefined,
      onConnected: events.onConnected,
      onDenied: (peer, why, theirs) => heard.denied.push({ peer, why, theirs }),
    },
  });
  return Object.assign(shown, { host, person: who, warden, ...heard });
}

/** The whole of libp2p with gossip and the DHT, and nobody at its gate: it says what it likes to whoever it can dial. */
export async function intruder(who: Person) {
  const heard = { gossip: 0, frames: 0 };
  const records = { open: makeOpen(HOME), wall: Date.now };
  const node = await makeNode({
    key: who.key,
    network: HOME,
    networkKey: null,
    listen: [],
    records,
    guilt: new Guilt(clock),
    guards: new Guards(clock),
  });
  node.services.pubsub.addEventListener("gossipsub:message", () => {
    heard.gossip += 1;
  });
  for (const { id } of Object.values(PROTOCOLS))
    await node.handle(id, () => {
      heard.frames += 1;
    });
  // Whoever comes is let in here: what it wants is to be let in there.
  await node.handle(ADMIT, async (stream) => {
    const framed = lpStream(stream);
    await framed.read();
    await framed.write(Buffer.from(JSON.stringify({ admitted: true })));
  });
  await node.start();
  for (const topic of topicsOf(HOME)) node.services.pubsub.subscribe(topic);
  return {
    id: who.id,
    node,
    heard,
    dial: (victim: Member) => node.dial(multiaddr(must(victim.host.addrs()[0]))),
    hangUp: (connection: Connection) => connection.close().catch(() => undefined),
    /** What the other end says to this chain. */
    async show(connection: Connection, chain: readonly string[]): Promise<unknown> {
      const stream = await connection.newStream(ADMIT);
      const framed = lpStream(stream);
      await framed.write(Buffer.from(JSON.stringify({ grants: chain })));
      const reply = await framed.read({ signal: AbortSignal.timeout(4_000) });
      stream.close().catch(() => undefined);
      return JSON.parse(Buffer.from(reply.subarray()).toString());
    },
    /** One frame on each protocol of the network. True: one of the streams was not reset. */
    async speak(connection: Connection): Promise<boolean> {
      const told = await Promise.all(Object.values(PROTOCOLS).map(({ id }) => frame(connection, id)));
      return told.includes(true);
    },
    publish(document: TopicDocument, shard: number | "all" = "all"): void {
      const bytes = Buffer.from(who.seal(document).seal, "base64");
      node.services.pubsub.publish(topicOf(HOME, shard), bytes).catch(() => undefined);
    },
    /** Whether the other end's DHT gives anything away, or takes a record. */
    async ask(connection: Connection): Promise<boolean> {
      return frame(connection, `/moot/${HOME}/kad/1.0.0`);
    },
    stop: async () => node.stop(),
  };
}

/** False: the stream was reset, or never opened. */
async function frame(connection: Connection, protocol: string): Promise<boolean> {
  try {
    const stream = await connection.newStream(protocol, { signal: AbortSignal.timeout(2_000) });
    const over = new Promise<boolean>((resolve) => {
      stream.addEventListener("close", ({ error }) => resolve(error === undefined), { once: true });
      setTimeout(() => resolve(true), 1_500).unref();
    });
    const digest = JSON.stringify({ type: "digest", network: HOME, news: false, cards: [] });
    await lpStream(stream).write(Buffer.from(digest), { signal: AbortSignal.timeout(2_000) });
    return await over;
  } catch {
    return false;
  }
}

/** Waits until it is true, looking often; fails with the words. */
export async function until(truth: () => boolean, what: string, max_ms = 10_000): Promise<void> {
  const since = performance.now();
  while (!truth()) {
    if (performance.now() - since > max_ms) throw new Error(`not within ${max_ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function must<T>(value: T | undefined | null): T {
  if (value === undefined || value === null) throw new Error("something is missing");
  return value;
}

/** A bid on the topic, one of many. */
export function propose(number: number): TopicDocument {
  const task = must(parseTaskId(number.toString(16).padStart(64, "0")));
  const bid = { task, round: 1, agent: "actor", cost: 1, expected_ms: 1, load_permille: 0 };
  return { kind: "propose", network: HOME, issued_ms: Date.now(), ...bid };
}

/** Real hosts over TCP on loopback, with everything that they report at hand. */
import { generateKeyPair } from "@libp2p/crypto/keys";
import type { Ed25519PrivateKey } from "@libp2p/interface";
import { generateKey } from "@libp2p/pnet";
import { Secret } from "../../node/config/mod.ts";
import type { HostEvents } from "../../node/driver/mod.ts";
import { makeOpen, makeSeal } from "../../node/envelope/mod.ts";
import { type StreamingHost, startHost } from "../../node/host/mod.ts";
import {
  type CardDocument,
  type Message,
  type Network,
  type PeerId,
  parseNetwork,
  parseSkill,
  parseTaskId,
  type Seal,
  type Signed,
  type Skill,
  type TaskId,
  type TopicDocument,
} from "../../protocols/mod.ts";

export interface Station {
  readonly host: StreamingHost;
  readonly id: PeerId;
  readonly key: Ed25519PrivateKey;
  readonly seal: Seal;
  readonly messages: { readonly from: PeerId; readonly message: Message; readonly at: number }[];
  readonly documents: { readonly signer: PeerId; readonly document: TopicDocument; readonly at: number }[];
  readonly connected: PeerId[];
  readonly disconnected: PeerId[];
  readonly unreachable: PeerId[];
  readonly refused: { readonly from: PeerId; readonly clause: string; readonly detail: string }[];
  readonly found: { readonly skill: Skill; readonly peers: readonly PeerId[] }[];
  readonly cards: Signed<CardDocument>[];
}

export interface StationOptions {
  readonly networkKey?: Uint8Array | null;
  readonly network?: Network;
  readonly join?: readonly Station[];
  readonly shards?: readonly number[];
  readonly listen?: readonly string[];
}

export const home = must(parseNetwork("home"));
export const key = makeNetworkKey();
const LOOPBACK = ["/ip4/127.0.0.1/tcp/0"];

export function makeNetworkKey(): Uint8Array {
  const bytes = new Uint8Array(95);
  generateKey(bytes);
  return bytes;
}

export async function station(options: StationOptions = {}): Promise<Station> {
  const { network = home, networkKey = key, join = [], shards = [], listen = LOOPBACK } = options;
  const heard = {
    messages: [] as Station["messages"],
    documents: [] as Station["documents"],
    connected: [] as PeerId[],
    disconnected: [] as PeerId[],
    unreachable: [] as PeerId[],
    refused: [] as Station["refused"],
    found: [] as Station["found"],
    cards: [] as Signed<CardDocument>[],
  };
  const events: HostEvents = {
    onMessage: (from, message) => heard.messages.push({ from, message, at: performance.now() }),
    onDocument: (signer, document) => heard.documents.push({ signer, document, at: performance.now() }),
    onConnected: (peer) => heard.connected.push(peer),
    onDisconnected: (peer) => heard.disconnected.push(peer),
    onUnreachable: (peer) => heard.unreachable.push(peer),
    onRefused: (from, clause, detail) => heard.refused.push({ from, clause, detail }),
    onFound: (skill, peers) => heard.found.push({ skill, peers }),
    onCard: (card) => heard.cards.push(card),
    onChanged: () => undefined,
  };
  const own = await generateKeyPair("Ed25519");
  const seal = makeSeal(own);
  const host = await startHost({
    key: own,
    seal,
    open: makeOpen(network),
    network,
    networkKey: networkKey === null ? null : new Secret(networkKey),
    listen,
    join: join.flatMap((other) => other.host.addrs()),
    shards,
    events,
  });
  return { host, id: host.self, key: own, seal, ...heard };
}

export async function stopAll(stations: readonly Station[]): Promise<void> {
  await Promise.all(stations.map(({ host }) => host.stop()));
}

/** Waits until it is true, looking often; fails with the words after ten seconds. */
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

export const skill = must(parseSkill("text.count@1"));

export function taskId(number: number): TaskId {
  return must(parseTaskId(number.toString(16).padStart(64, "0")));
}

export function query(number: number): Message {
  return { type: "query", task: taskId(number) };
}

export function card(of: Station, seq = 1): Signed<CardDocument> {
  return of.seal({
    kind: "card" as const,
    network: home,
    version: "0.0.0",
    seq,
    issued_ms: Date.now(),
    valid_ms: 60_000,
    uptime_ms: 0,
    addrs: of.host.addrs(),
    agents: [],
    durable: true,
  });
}

/**
 * A worker's bare host: the network side of a node without the machines, for what the network alone costs. One host asks, the
 * other answers each message with a message and each publication with a publication of its own.
 */
import { setTimeout as pause } from "node:timers/promises";
import { generateKeyPair } from "@libp2p/crypto/keys";
import {
  type Network,
  parseNetwork,
  parseSkill,
  parseTaskId,
  type Skill,
  shardOf,
  type TaskId,
  type TopicDocument,
} from "../../protocols/mod.ts";
import { Secret } from "../config/mod.ts";
import type { Host } from "../driver/mod.ts";
import { makeOpen, makeSeal } from "../envelope/mod.ts";
import { startHost } from "../host/mod.ts";
import { PAUSE_MS, SKILL } from "./bench-node.ts";

export interface BenchHostOptions {
  /** The network's key file, as text. */
  readonly key: string;
  readonly join: readonly string[];
  readonly answers: boolean;
}

const LATE_MS = 5_000;
const POLL_MS = 20;

export class BenchHost {
  readonly #host: Host;
  readonly #network: Network;
  readonly #skill: Skill;
  readonly #heard: { by: (() => void) | undefined };
  #count = 0;

  private constructor(parts: { host: Host; network: Network; skill: Skill; heard: { by: (() => void) | undefined } }) {
    this.#host = parts.host;
    this.#network = parts.network;
    this.#skill = parts.skill;
    this.#heard = parts.heard;
  }

  static async start({ key, join, answers }: BenchHostOptions): Promise<BenchHost> {
    const network = must(parseNetwork("bench"));
    const skill = must(parseSkill(SKILL));
    const identity = await generateKeyPair("Ed25519");
    const heard: { by: (() => void) | undefined } = { by: undefined };
    const nothing = () => undefined;
    const host: Host = await startHost({
      key: identity,
      seal: makeSeal(identity),
      open: makeOpen(network),
      network,
      networkKey: new Secret(Buffer.from(key)),
      listen: ["/ip4/127.0.0.1/tcp/0"],
      join,
      shards: [shardOf(skill)],
      events: {
        onMessage: (from, message) => (answers ? host.send(from, message) : heard.by?.()),
        onDocument: (_signer, document) => (answers ? host.publish(shardOf(skill), document) : heard.by?.()),
        onConnected: nothing,
        onDisconnected: nothing,
        onUnreachable: nothing,
        onFound: nothing,
        onCard: nothing,
        onRefused: nothing,
        onChanged: nothing,
      },
    });
    while (join.length > 0 && !host.meshReady()) await pause(POLL_MS);
    return new BenchHost({ host, network, skill, heard });
  }

  get addrs(): readonly string[] {
    return this.#host.addrs();
  }

  /** Milliseconds from sending to hearing, each. Both ways are taken: of a publication too, so a hop is half of it. */
  async trips(over: "stream" | "gossip", count: number): Promise<number[]> {
    const [peer] = this.#host.connections();
    if (peer === undefined) throw new Error("nobody is connected");
    const took: number[] = [];
    for (let index = 0; index < count; index++) {
      const heard = new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`no answer over ${over} in ${LATE_MS} ms`)), LATE_MS);
        this.#heard.by = () => {
          clearTimeout(late);
          resolve();
        };
      });
      const since = performance.now();
      if (over === "stream") this.#host.send(peer, { type: "query", task: this.#task() });
      else this.#host.publish(shardOf(this.#skill), this.#call());
      await heard;
      took.push(performance.now() - since);
      await pause(PAUSE_MS);
    }
    return took;
  }

  /** An announcement as tasks make them. */
  #call(): TopicDocument {
    const task = this.#task();
    const rest = { round: 0, window_ms: 600, left_ms: 30_000, input_bytes: 64, eligible: 4, sealed: false };
    return { kind: "cfp", network: this.#network, issued_ms: Date.now(), task, skill: this.#skill, ...rest };
  }

  #task(): TaskId {
    this.#count += 1;
    return must(parseTaskId(this.#count.toString(16).padStart(64, "0")));
  }

  stop(): Promise<void> {
    return this.#host.stop();
  }
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a constant of the bench is not valid");
  return value;
}

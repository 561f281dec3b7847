/**
 * What this node says to everybody and hears from anybody: the topics of its network over gossipsub. Woken by documents to publish and
 * by messages of topics, which are judged before they are passed on. Any of them may be lost; the directory and the auction live
 * with that.
 */
import { type GossipSub, TopicValidatorResult } from "@libp2p/gossipsub";
import type { Network, Open, PeerId, Seal, TopicDocument } from "../../protocols/mod.ts";
import type { HostEvents, Neighbour } from "../driver/mod.ts";
import { isGrafted } from "./mesh.ts";
import { ourPeer } from "./peers.ts";
import { topicOf, topicsOf } from "./topics.ts";
import { Validator } from "./validator.ts";

export interface BroadcastOptions {
  readonly pubsub: GossipSub;
  readonly network: Network;
  readonly seal: Seal;
  readonly open: Open;
  readonly wall: () => number;
  readonly onDocument: HostEvents["onDocument"];
  readonly onRefused: (from: PeerId | undefined, clause: string, detail: string) => void;
}

export class Broadcast {
  readonly #options: BroadcastOptions;
  /** The topic that everybody reads. */
  readonly #all: string;

  constructor(options: BroadcastOptions) {
    const { network, pubsub, onRefused } = options;
    this.#options = options;
    this.#all = topicOf(network, "all");
    const validator = new Validator(options);
    for (const topic of topicsOf(network)) {
      pubsub.topicValidators.set(topic, (from, message) => {
        const verdict = validator.judge(topic, message.data);
        if (verdict === TopicValidatorResult.Reject)
          onRefused(ourPeer(from), "WIRE-3", "an invalid message on a topic");
        return verdict;
      });
    }
  }

  /** Hears what everybody does, and the announcements of these shards. */
  begin(shards: readonly number[]): void {
    this.#options.pubsub.subscribe(this.#all);
    this.hear(shards);
  }

  hear(shards: readonly number[]): void {
    const { pubsub, network } = this.#options;
    const wanted = new Set(shards.map((shard) => topicOf(network, shard)));
    for (const topic of pubsub.getTopics()) if (topic !== this.#all && !wanted.has(topic)) pubsub.unsubscribe(topic);
    for (const topic of wanted) pubsub.subscribe(topic);
  }

  publish(shard: number | "all", document: TopicDocument): void {
    const { pubsub, network, seal } = this.#options;
    const bytes = Buffer.from(seal(document).seal, "base64");
    // Fails when nobody is there to hear, or the node stops: a message of a topic may always be lost.
    pubsub.publish(topicOf(network, shard), bytes).catch(() => undefined);
  }

  isGrafted(neighbours: readonly Neighbour[]): boolean {
    return isGrafted(this.#options.pubsub, this.#all, neighbours);
  }
}

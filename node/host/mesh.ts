/** What gossipsub knows and does not say in its types: who is in the mesh of each topic. */
import type { GossipSub } from "@libp2p/gossipsub";
import type { Neighbour } from "../driver/mod.ts";
import { HOST } from "./limits.ts";

/** Undefined when this version of the library keeps it elsewhere; the self-test refuses to start then. */
export function meshOf(pubsub: GossipSub): ReadonlyMap<unknown, ReadonlySet<unknown>> | undefined {
  return "mesh" in pubsub && pubsub.mesh instanceof Map ? pubsub.mesh : undefined;
}

/**
 * Has every subscribed topic that others read too a peer in its mesh? What others read is known when they have said that
 * they read `everybody`, the topic of all; whoever has not said so for a while is not waited for.
 */
export function isGrafted(pubsub: GossipSub, everybody: string, neighbours: readonly Neighbour[]): boolean {
  const mesh = meshOf(pubsub);
  const members = new Set(pubsub.getSubscribers(everybody).map(String));
  const known = neighbours.every(({ peer, age_ms }) => members.has(peer) || age_ms > HOST.subscribe_ms);
  if (members.size === 0 || !known) return false;
  return pubsub.getTopics().every((topic) => {
    return pubsub.getSubscribers(topic).length === 0 || (mesh?.get(topic)?.size ?? 0) > 0;
  });
}

/** What gossipsub knows and does not say in its types: who is in the mesh of each topic. */
import type { GossipSub } from "@libp2p/gossipsub";

/** Undefined when this version of the library keeps it elsewhere; the self-test refuses to start then. */
export function meshOf(pubsub: GossipSub): ReadonlyMap<unknown, ReadonlySet<unknown>> | undefined {
  return "mesh" in pubsub && pubsub.mesh instanceof Map ? pubsub.mesh : undefined;
}

/** Has every subscribed topic that others read too a peer in its mesh? */
export function isGrafted(pubsub: GossipSub): boolean {
  const mesh = meshOf(pubsub);
  return pubsub.getTopics().every((topic) => {
    return pubsub.getSubscribers(topic).length === 0 || (mesh?.get(topic)?.size ?? 0) > 0;
  });
}

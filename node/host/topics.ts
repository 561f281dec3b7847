/** The fixed set of topics of a network: one for each announcement shard, and one that everybody reads. */
import { LIMITS, type Network } from "../../protocols/mod.ts";

export function topicOf(network: Network, shard: number | "all"): string {
  return `moot/1/${network}/${shard}`;
}

export function topicsOf(network: Network): string[] {
  const shards = Array.from({ length: LIMITS.shards }, (_, shard) => topicOf(network, shard));
  return [...shards, topicOf(network, "all")];
}

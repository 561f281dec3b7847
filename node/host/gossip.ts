/**
 * Gossipsub's settings. Its own signatures are off: documents carry theirs inside, checked once by our validator. Message
 * ids are hashes, so that a duplicate costs a hash and no more. The numbers and their reasons stand in `limits.ts`.
 */
import { hash } from "node:crypto";
import { type GossipsubOpts, gossipsub } from "@libp2p/gossipsub";
import type { Network } from "../../protocols/mod.ts";
import type { Guilt } from "./guilt.ts";
import { HOST } from "./limits.ts";
import { topicsOf } from "./topics.ts";

type TopicScore = NonNullable<NonNullable<GossipsubOpts["scoreParams"]>["topics"]>[string];

/** Told what gossipsub counts. */
export type GossipMetrics = NonNullable<GossipsubOpts["metricsRegister"]>;

export function gossip(network: Network, guilt: Guilt, metrics?: GossipMetrics): ReturnType<typeof gossipsub> {
  const topics = topicsOf(network);
  return gossipsub({
    metricsRegister: metrics ?? null,
    metricsTopicStrToLabel: new Map(topics.map((topic) => [topic, topic])),
    globalSignaturePolicy: "StrictNoSign",
    msgIdFn: ({ topic, data }) => Buffer.from(messageId(topic, data), "base64"),
    fastMsgIdFn: ({ topic, data }) => messageId(topic, data ?? new Uint8Array()),
    msgIdToStrFn: (id) => Buffer.from(id).toString("base64"),
    allowedTopics: topics,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    fallbackToFloodsub: false,
    floodPublish: true,
    doPX: false,
    emitSelf: false,
    awaitRpcHandler: true,
    awaitRpcMessageHandler: true,
    maxInboundDataLength: HOST.gossip_rpc_bytes,
    maxOutboundBufferSize: HOST.gossip_buffer_bytes,
    maxTopicBytesPerPeer: HOST.gossip_topic_bytes,
    decodeRpcLimits: {
      maxSubscriptions: 32,
      maxMessages: 32,
      maxControlMessages: 32,
      maxIhaveMessageIDs: 500,
      maxIwantMessageIDs: 500,
      maxIdontwantMessageIDs: 64,
      maxPeerInfos: 0,
    },
    scoreParams: {
      // Many nodes of one network share a host; counting addresses would empty their meshes.
      IPColocationFactorWeight: 0,
      appSpecificScore: (peer) => guilt.score(peer),
      appSpecificWeight: 1,
      topics: Object.fromEntries(topics.map((topic) => [topic, TOPIC_SCORE])),
    },
  });
}

/** The topic belongs to it: whoever sends a message early on a wrong topic must not make it a duplicate on the right one. */
export function messageId(topic: string, data: Uint8Array): string {
  return hash("sha256", Buffer.concat([Buffer.from(`${topic}\n`), data]), "base64");
}

/** Only invalid messages count. Task traffic comes in bursts, so a mesh that is silent for a while is no fault. */
const TOPIC_SCORE: TopicScore = {
  topicWeight: 1,
  timeInMeshWeight: 0,
  timeInMeshQuantum: 1_000,
  timeInMeshCap: 1,
  firstMessageDeliveriesWeight: 0,
  firstMessageDeliveriesDecay: 0.9,
  firstMessageDeliveriesCap: 1,
  meshMessageDeliveriesWeight: 0,
  meshMessageDeliveriesDecay: 0.9,
  meshMessageDeliveriesCap: 1,
  meshMessageDeliveriesThreshold: 1,
  meshMessageDeliveriesWindow: 10,
  meshMessageDeliveriesActivation: 1_000,
  meshFailurePenaltyWeight: 0,
  meshFailurePenaltyDecay: 0.9,
  invalidMessageDeliveriesWeight: -100,
  invalidMessageDeliveriesDecay: 0.9,
};

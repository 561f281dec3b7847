/**
 * The numbers of the network side: unit last in the name, reason beside it. Measured ones say so. What the protocol itself
 * promises to others stands in `protocols/kernel/limits.ts`.
 */
import { assert, LIMITS } from "../../protocols/kernel/mod.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const KIB = 1024;
const MIB = 1024 * KIB;

export const HOST = {
  /** Connections at once; above it libp2p closes the least valued. */
  connections_max: 128,
  /** Newest wins: a peer that came back must not wait until its dead connections are noticed. */
  peer_connections_max: 2,
  /** Of each connection, either way. Times the connections of a peer: at most 64 streams that it opened. */
  connection_streams_in: 32,
  connection_streams_out: 128,
  /** Streams of one of our protocols that a connection may open. One is enough; a second may come before the first is gone. */
  protocol_streams: 4,

  /** A stream's window. No honest peer sends a larger muxer frame, and none is buffered. */
  window_bytes: MIB,
  write_buffer_bytes: 8 * MIB,

  /** Accepted, and not through noise and yamux yet; and of these, of one address. Whoever comes on top is turned away. */
  pending_connections_max: 512,
  address_pending_max: 64,
  /** New connections of one address in a second. Many nodes may share one address. */
  address_connections_s: 50,
  upgrade_ms: 3 * SECOND,
  /** With longer ones a few silent peers delay the first gossip by many seconds (measured). */
  negotiate_out_ms: SECOND,
  /** Our own streams are worth some patience with a busy peer: they are opened once. */
  negotiate_own_ms: 3 * SECOND,
  negotiate_in_ms: 2 * SECOND,
  dial_ms: 5 * SECOND,
  parallel_dials: 16,
  dial_queue: 64,
  peer_addresses: 6,
  address_age_ms: 30 * MINUTE,
  /** A socket with nothing on it; peers ping each other every 10 s. */
  socket_idle_ms: MINUTE,
  /** A connection on which not even pings arrive is dead: its machine lost power, or its cable. */
  silence_ms: 45 * SECOND,
  /** The same when something speaks for it, such as a second connection of its peer: one ping is waited for. */
  doubt_ms: 12 * SECOND,

  /** Waiting for one peer on one protocol. What comes on top is dropped, and the peer reported unreachable. */
  queue_frames: 4_096,
  queue_bytes: 8 * MIB,
  /** Frames are gathered to writes of about this size. */
  write_bytes: 64 * KIB,
  /** A peer that takes nothing, or stops in the middle of a frame, for this long loses the stream: with the tick that notices, within 15 s. */
  stuck_ms: 13 * SECOND,
  /** After a dial failed, the peer counts as unreachable without another dial. */
  redial_ms: 500,

  /** Connections to members that a node looks after by itself (all, when fewer are known). */
  degree: 8,
  degree_parallel: 4,
  degree_retry_ms_first: SECOND,
  degree_retry_ms_last: MINUTE,
  candidates_max: LIMITS.cards_max,
  /** Join addresses are tried for ever. */
  join_retry_ms_first: 500,
  join_retry_ms_last: 30 * SECOND,

  /** The watch over streams, connections and the degree. */
  tick_ms: SECOND,

  gossip_rpc_bytes: 128 * KIB,
  gossip_buffer_bytes: 4 * MIB,
  /** 17 topics cost about 1 KiB of budget each. */
  gossip_topic_bytes: 64 * KIB,
  /** A neighbour that has not subscribed to the topic of all by then is no member, or not well. */
  subscribe_ms: 3 * SECOND,
  gossip_seen_max: 16_384,
  /** Announcements of one signer that are passed on: a burst, then so many a second. More are ignored. */
  gossip_burst: 200,
  gossip_per_s: 25,
  gossip_signers_max: 4_096,

  /** Half of a peer's guilt is forgotten in this time. */
  guilt_half_ms: MINUTE,
  guilt_refusal: 10,
  /** From here on a peer is hung up on. Far beyond what gossipsub needs to stop listening to it. */
  guilt_max: 1_000,
  guilty_max: 1_024,

  dht_records_max: 2_048,
  dht_providers_max: 16_384,
  dht_provided_by_one_max: 256,
  dht_query_ms: 8 * SECOND,
  /** Records of providers live two lives of a card, and are renewed well before. */
  provider_ms: 2 * LIMITS.card_ms,
  reprovide_ms: LIMITS.card_ms / 2,
  peers_max: 4_096,
  look_ups_max: 4,
  fetches_max: 8,
  fetch_queue: 256,
  found_max: 64,
  /** Advertising again when the neighbourhood grew: no sooner than this after the last time. */
  advertise_ms: 2 * SECOND,

  stop_ms: 3 * SECOND,
  /** For what was sent before to be written. */
  last_words_ms: SECOND,
} as const;

assert(HOST.peer_connections_max * HOST.connection_streams_in <= 64, "a peer has at most 64 streams open here");
assert(8 * HOST.address_pending_max <= HOST.pending_connections_max, "few addresses do not fill the door");
assert(HOST.queue_bytes > 4 * LIMITS.claim_bytes, "a queue holds several of the largest frames");
assert(HOST.reprovide_ms < HOST.provider_ms / 2, "provider records are renewed before they lapse");

/**
 * libp2p as this node runs it: TCP, noise, guarded yamux, a pre-shared key when there is one, every limit set. What the
 * settings are for stands beside their numbers in `limits.ts`.
 */

import { identify } from "@libp2p/identify";
import type { ComponentLogger, Ed25519PrivateKey, Logger } from "@libp2p/interface";
import { defaultLogger } from "@libp2p/logger";
import { noise } from "@libp2p/noise";
import { ping } from "@libp2p/ping";
import { preSharedKey } from "@libp2p/pnet";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p, type Libp2pOptions } from "libp2p";
import type { Network } from "../../protocols/mod.ts";
import type { Secret } from "../config/mod.ts";
import { Fault } from "../fault.ts";
import type { Gate } from "../permissions/admission.ts";
import { gated } from "../permissions/gated.ts";
import { hostOf, isDialable, isLoopback } from "./addresses.ts";
import { dht } from "./dht.ts";
import { Door } from "./door.ts";
import type { Guards } from "./frame-guard.ts";
import { type GossipMetrics, gossip } from "./gossip.ts";
import type { Guilt } from "./guilt.ts";
import { HOST } from "./limits.ts";
import { QuotaDatastore } from "./quotas.ts";
import type { RecordsOptions } from "./records.ts";

/** What a host stands on in place of sockets, where it is looked at from below. All else stays as it is. */
export interface Underlay {
  readonly transport: NonNullable<Libp2pOptions["transports"]>[number];
  readonly metrics: GossipMetrics;
}

export interface ProfileOptions {
  readonly key: Ed25519PrivateKey;
  readonly network: Network;
  /** The bytes of a pre-shared key file; without one only this machine is served. */
  readonly networkKey: Secret<Uint8Array> | null;
  readonly listen: readonly string[];
  readonly records: RecordsOptions;
  readonly guilt: Guilt;
  readonly guards: Guards;
  readonly underlay?: Underlay;
  /** Who is let in; absent: everybody who gets through the layers below. */
  readonly gate?: Gate | undefined;
}

export type Node = Awaited<ReturnType<typeof makeNode>>;

/** Not started yet. Throws Fault "config" when it would listen to the world without a key. */
export async function makeNode(options: ProfileOptions) {
  const { key, network, networkKey, listen, guilt, records, underlay, gate } = options;
  const door = new Door();
  if (networkKey === null) refuseOpenDoors(listen);
  return createLibp2p({
    start: false,
    privateKey: key,
    nodeInfo: { name: "folkmoot", userAgent: "folkmoot" },
    addresses: { listen: [...listen] },
    datastore: new QuotaDatastore(),
    transports: [underlay?.transport ?? tcp(TCP)],
    connectionEncrypters: [noise()],
    streamMuxers: [() => options.guards.yamux()],
    ...(networkKey === null ? {} : { connectionProtector: preSharedKey({ psk: networkKey.reveal() }) }),
    connectionGater: {
      denyDialPeer: (peer) => guilt.banned(peer.toString()),
      denyDialMultiaddr: (address) => !isDialable(address),
      denyInboundConnection: (connection) => !door.comes(connection),
      denyInboundUpgradedConnection: (_, connection) => {
        door.through(connection);
        return false;
      },
      denyInboundEncryptedConnection: (peer) => guilt.banned(peer.toString()),
    },
    connectionManager: {
      maxConnections: HOST.connections_max,
      maxIncomingPendingConnections: HOST.pending_connections_max,
      inboundConnectionThreshold: HOST.address_connections_s,
      inboundUpgradeTimeout: HOST.upgrade_ms,
      outboundStreamProtocolNegotiationTimeout: HOST.negotiate_out_ms,
      inboundStreamProtocolNegotiationTimeout: HOST.negotiate_in_ms,
      maxParallelDials: HOST.parallel_dials,
      maxDialQueueLength: HOST.dial_queue,
      maxPeerAddrsToDial: HOST.peer_addresses,
      dialTimeout: HOST.dial_ms,
    },
    // Its pings keep connections from falling silent; who is dead is decided by silence (see `connections.ts`), not by one ping.
    connectionMonitor: { abortConnectionOnPingFailure: false },
    peerStore: { maxAddressAge: HOST.address_age_ms, addressFilter: (_, address) => isDialable(address) },
    logger: process.env["DEBUG"] === undefined ? SILENT : defaultLogger(),
    services: {
      identify: identify({ runOnConnectionOpen: true }),
      ping: ping({ maxInboundStreams: 16, maxOutboundStreams: 16 }),
      dht: gated(dht(network, records), gate),
      pubsub: gated(gossip(network, guilt, underlay?.metrics), gate),
    },
  });
}

const TCP = {
  maxConnections: 2 * HOST.connections_max + HOST.pending_connections_max,
  backlog: HOST.pending_connections_max,
  inboundSocketInactivityTimeout: HOST.socket_idle_ms,
  outboundSocketInactivityTimeout: HOST.socket_idle_ms,
} as const;

function refuseOpenDoors(listen: readonly string[]): void {
  const open = listen.find((text) => !isLoopback(hostOf(multiaddr(text))));
  if (open === undefined) return;
  throw new Fault("config", `without a network key ${open} would be open to everybody who can reach it`, {
    remedy: "give the network a key (moot init makes one), or listen on /ip4/127.0.0.1/tcp/0",
  });
}

/** Formatting log lines that nobody reads costs more than all else libp2p does for a message. */
const nothing = (): void => undefined;
const log: Logger = Object.assign(nothing, { error: nothing, trace: nothing, enabled: false, newScope: () => log });
const SILENT: ComponentLogger = { forComponent: () => log };

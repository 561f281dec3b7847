/** The network: the driver's port, with libp2p behind it. */
export { type StreamingHost, startHost } from "./host.ts";
export { meshOf } from "./mesh.ts";
export type { Node, Underlay } from "./profile.ts";

/** From our peer ids to libp2p's and back. A text that looks like a peer id need not be one. */
import type { PeerId as Libp2pPeerId } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import { type PeerId, parsePeerId } from "../../protocols/mod.ts";
import { Recent } from "../envelope/mod.ts";
import { HOST } from "./limits.ts";

const known = new Recent<PeerId, Libp2pPeerId>({ entries: HOST.peers_max });

export function libp2pPeer(peer: PeerId): Libp2pPeerId | undefined {
  const found = known.get(peer);
  if (found !== undefined) return found;
  try {
    const made = peerIdFromString(peer);
    known.set(peer, made);
    return made;
  } catch {
    return undefined;
  }
}

export function ourPeer(peer: Libp2pPeerId): PeerId | undefined {
  return parsePeerId(peer.toString());
}

/** A root of a network as people write it: its peer id, or its public key (libp2p's protobuf, in base64). Pure. */
import { publicKeyFromProtobuf } from "@libp2p/crypto/keys";
import { peerIdFromPublicKey, peerIdFromString } from "@libp2p/peer-id";
import { type PeerId, parsePeerId } from "../../protocols/kernel/mod.ts";

export function parseRoot(text: string): PeerId | undefined {
  try {
    const found = parsePeerId(text) === undefined ? keyOf(text) : peerIdFromString(text);
    return found.type === "Ed25519" ? parsePeerId(found.toString()) : undefined;
  } catch {
    return undefined;
  }
}

function keyOf(text: string) {
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64") !== text) throw new Error("no base64");
  return peerIdFromPublicKey(publicKeyFromProtobuf(bytes));
}

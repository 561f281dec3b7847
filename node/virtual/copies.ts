/**
 * Loses single copies of publications at the door of a node, as the modelled network does it: gossipsub never sees them, and whoever
 * has no other copy must ask for one. Connections lose nothing, and a full queue is rare in a small network, so without this a mesh
 * would never be tried. The library has no place for it: the function that handles one message is replaced on the instance.
 */
import type { Node } from "../host/mod.ts";

export function loseCopies(pubsub: Node["services"]["pubsub"], isLost: (from: string) => boolean): void {
  const name = "handleReceivedMessage";
  const handle: unknown = Reflect.get(pubsub, name);
  if (typeof handle !== "function") throw new Error(`gossipsub has no ${name}`);
  const value = (from: unknown, message: unknown): unknown =>
    isLost(String(from)) ? Promise.resolve() : Reflect.apply(handle, pubsub, [from, message]);
  Object.defineProperty(pubsub, name, { value });
}

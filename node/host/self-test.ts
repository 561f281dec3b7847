/**
 * Before a node serves anybody: are the guards where they should be? An upgrade of a library can move the place where a
 * guard takes hold without any other sign. Fails closed, with a Fault that says which one.
 */
import { multiaddrConnectionPair } from "@libp2p/utils";
import type { Network } from "../../protocols/mod.ts";
import { Fault, messageOf } from "../fault.ts";
import type { Guards } from "./frame-guard.ts";
import { meshOf } from "./mesh.ts";
import type { Node } from "./profile.ts";
import { topicsOf } from "./topics.ts";

const PATIENCE_MS = 2_000;
/** A yamux header: data for stream 1, which is new, of 4 GiB. */
const HUGE = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff]);

export interface SelfTestOptions {
  readonly node: Node;
  readonly guards: Guards;
  readonly network: Network;
}

export async function selfTest({ node, guards, network }: SelfTestOptions): Promise<void> {
  const { dht, pubsub } = node.services;
  for (const table of [dht.validators, dht.selectors]) {
    const bare = Object.getPrototypeOf(table) === null && Object.keys(table).join() === "moot";
    if (!bare) throw unguarded("the DHT takes records of other kinds than ours");
  }
  if (pubsub.globalSignaturePolicy !== "StrictNoSign") throw unguarded("gossip has another signature policy");
  const open = topicsOf(network).find((topic) => !pubsub.topicValidators.has(topic));
  if (open !== undefined) throw unguarded(`nothing validates the topic ${open}`);
  if (meshOf(pubsub) === undefined) throw unguarded("the mesh of gossip cannot be seen");
  await frameIsRefused(guards);
}

async function frameIsRefused(guards: Guards): Promise<void> {
  const [liar, honest] = multiaddrConnectionPair();
  const muxer = guards.yamux().createStreamMuxer(honest);
  const ended = new Promise<boolean>((resolve) => {
    honest.addEventListener("close", () => resolve(true), { once: true });
    const late = setTimeout(() => resolve(false), PATIENCE_MS);
    honest.addEventListener("close", () => clearTimeout(late), { once: true });
  });
  liar.send(HUGE);
  if (!(await ended) || guards.of(muxer) === undefined) throw unguarded("the frame guard did not take hold");
}

function unguarded(what: string): Fault {
  return new Fault("internal", `the node does not start: ${messageOf(what)}`, {
    remedy: "use the versions of libp2p that package-lock.json names",
  });
}

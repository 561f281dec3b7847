/**
 * From a configuration to a running node: identity, store, what the machines gave to keep, who is let in; then the node itself
 * (`node.ts`). All of it, or nothing stays open.
 */
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { type Kept, parseNetwork, parsePeerId, recordSchema } from "../protocols/mod.ts";
import { type Config, loadIdentity } from "./config/mod.ts";
import { makeOpen, makeSeal } from "./envelope/mod.ts";
import { Fault, must } from "./fault.ts";
import type { MootNode, StartOptions } from "./moot-node.ts";
import { RunningNode } from "./node.ts";
import { Membership } from "./permissions/mod.ts";
import { openStore, type Store } from "./store/mod.ts";

export async function startNode(config: Config, options: StartOptions = {}): Promise<MootNode> {
  const network = must(parseNetwork(config.network.name), "a network name that the configuration checked");
  const key = await loadIdentity(config.data);
  const self = must(parsePeerId(peerIdFromPrivateKey(key).toString()), "an identity is a peer id");
  const open = makeOpen(network);
  const store = openStore(config.data);
  let node: RunningNode | undefined;
  try {
    const kept = keptIn(store, recordSchema(open));
    const membership = Membership.open({ config, network, self, open });
    node = new RunningNode({ config, network, self, store, options, membership });
    await node.start({ key, open, seal: makeSeal(key), kept });
    return node;
  } catch (error) {
    // Its agents began to start when it was made: their threads and processes must not outlive it, nor keep this process.
    if (node === undefined) store.close();
    else await node.stop({ grace_ms: 0 });
    throw error;
  }
}

/** What the machines gave to keep: all of it can be read, or the node does not start. Throws Fault "store-damaged". */
function keptIn(store: Store, schema: ReturnType<typeof recordSchema>): { key: string; record: Kept }[] {
  const kept: { key: string; record: Kept }[] = [];
  for (const [key, value] of store.entries()) {
    const record = schema.safeParse(JSON.parse(value));
    if (!record.success) {
      const remedy =
        "it was written by another version, or with another identity or network name; restore those, or start with a new data folder";
      throw new Fault(
        "store-damaged",
        `the record ${key} cannot be read: ${record.error.issues[0]?.message ?? "unknown"}`,
        { remedy },
      );
    }
    kept.push({ key, record: record.data });
  }
  return kept;
}

/**
 * Parts of a node, each made as the configuration wants it: the machines and their journal, the records of runs, the blobs. What a part
 * must be told of the others comes as a function, because they are made one after another. The node puts them together.
 */
import { randomBytes } from "node:crypto";
import { Peer, type PeerId, type PeerOptions, type TaskId } from "../protocols/mod.ts";
import { BLOBS, Blobs } from "./blobs/mod.ts";
import type { Config } from "./config/mod.ts";
import { digestOf } from "./envelope/mod.ts";
import type { Fault } from "./fault.ts";
import { Journal, RECORDS, Records } from "./records/mod.ts";
import { packageVersion } from "./version.ts";

export const VERSION = packageVersion();

type Onto = Omit<PeerOptions, "version" | "seed" | "digestOf" | "durable">;

/** With a journal, the machines are driven through its eyes. */
export function machinesOf({ data, journal: wanted }: Config, onto: Onto, onEnd: (fault: Fault) => void) {
  const made = { ...onto, version: VERSION, seed: randomBytes(4).readUInt32LE(), digestOf, durable: true };
  if (!wanted) {
    const peer = new Peer(made);
    return { peer, driven: peer, journal: undefined };
  }
  const journal = new Journal({ ...wanted, data, onEnd });
  const peer = new Peer(journal.options(made));
  return { peer, driven: journal.watch(peer), journal };
}

/** Every run of a node's agents leaves a record, unless the configuration says otherwise. */
export function recordsFor(config: Config, onError: (fault: Fault) => void): Records | undefined {
  const { file, data, records = RECORDS } = config;
  if ("off" in records && records.off) return undefined;
  const { max_bytes, retention_ms } = records;
  return new Records({ data, config: file, max_bytes, retention_ms, onError });
}

interface BlobPorts {
  readonly self: PeerId;
  /** Undefined until there are machines: who asks before waits for them. */
  readonly peer: () => Peer | undefined;
  readonly onRefused: (from: PeerId, clause: string, detail: string) => void;
}

export function openBlobs({ data, blobs: config = BLOBS }: Config, ports: BlobPorts): Promise<Blobs> {
  const { self, peer, onRefused } = ports;
  const openInput = (task: TaskId) => {
    const view = peer()?.task(task);
    return view === undefined || view.outcome !== undefined ? undefined : view.input;
  };
  const mayRead = (from: PeerId, tasks: readonly TaskId[]) => peer()?.mayRead(from, tasks, Date.now()) ?? false;
  return Blobs.open({ self, data, config, openInput, mayRead, onRefused });
}

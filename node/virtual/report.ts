/** What a run on real libp2p nodes gives back: the report that every tier gives, and what only this one can tell. Plain data. */
import type { TaskId } from "../../protocols/mod.ts";
import type { SimReport } from "../../sim/mod.ts";

export interface RealTask {
  /** Of the scenario: its group and its number in it. */
  readonly label: string;
  /** Absent: `submit` was refused, or its node crashed before it was answered. */
  readonly task?: TaskId;
  readonly asker: number;
  /** Virtual, from the start of the trouble. */
  readonly asked_ms: number;
  readonly status: "done" | "failed" | "cancelled" | "expired" | "undecided" | "refused";
  /** From asking to the first node that knew the outcome. */
  readonly latency_ms?: number;
  /** Stream messages to others and publications, of all nodes. */
  readonly messages: number;
  readonly bytes: number;
}

/** All from the end of the warm-up on. Nodes are named by their index. */
export interface GossipSeen {
  readonly publications: readonly { readonly topic: string; readonly publisher: number; readonly at_us: number }[];
  /** The first copy at each node: from whom it came, and how long after that one had it. */
  readonly deliveries: readonly {
    /** Index of the publication. */
    readonly publication: number;
    readonly from: number;
    readonly to: number;
    readonly at_us: number;
    readonly hop_us: number;
  }[];
  /** More than a report holds. */
  readonly deliveriesDropped: number;
  readonly firsts: number;
  readonly duplicates: number;
  readonly duplicatesPerFirst: number;
  /** Topics in IHAVEs sent; message ids in those that arrived, and those of them that were news. */
  readonly ihaveRpcs: number;
  readonly ihaveIds: number;
  readonly ihaveIdsUnseen: number;
  readonly iwantIds: number;
  readonly idontwantRpcs: number;
  readonly grafts: number;
  readonly prunes: number;
}

export interface MeshSeen {
  readonly topic: string;
  /** Its subscribers. */
  readonly members: readonly number[];
  /** Whom each has in its mesh: from, to. An edge that both hold stands twice. */
  readonly edges: readonly (readonly [number, number])[];
  /** The mean number of mesh peers. */
  readonly degree: number;
}

/** What gossip did in one act of a calibration. */
export interface ActSeen {
  readonly began_us: number;
  /** At that time. */
  readonly mesh: readonly MeshSeen[];
  readonly links: readonly (readonly [number, number])[];
  /** When each node's heartbeat comes, in every second from then on. */
  readonly beats_us: readonly number[];
  /** After a cut, of each connection on which something waited: from, to, and how long until the first of it is sent again, in µs. */
  readonly waits: readonly (readonly [number, number, number])[];
  /** From then to its end. */
  readonly gossip: GossipSeen;
}

export interface RealReport {
  readonly report: SimReport;
  readonly tasks: readonly RealTask[];
  /** Virtual time until all had met and meshes had come to rest: the start of the trouble. */
  readonly met_ms: number;
  /** The meshes, and connections, at that time. */
  readonly mesh: readonly MeshSeen[];
  readonly links: readonly (readonly [number, number])[];
  readonly gossip: GossipSeen;
  readonly acts: readonly ActSeen[];
  /** Versions of Node order promises differently, so a hash is good for one of them. */
  readonly node: string;
  /** When asked for: a line for each event and effect, in order. */
  readonly trace?: readonly string[];
}

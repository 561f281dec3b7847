/** A configuration as the rest of the node sees it: whole, checked, every path absolute. */

import type { PeerId } from "../../protocols/mod.ts";
import type { Secret } from "../fields/secret.ts";
import type { AgentSpec } from "../handlers/mod.ts";
import type { JournalConfig, RecordsConfig } from "../records/mod.ts";

export type ApiAddress =
  /** Always a loopback host. Port 0 means any free one. */
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

export interface Config {
  readonly file: string;
  /** The folder that relative paths start from. */
  readonly dir: string;
  readonly network: {
    readonly name: string;
    /** The bytes of a libp2p pre-shared key file. Without one, `listen` holds loopback addresses only. */
    readonly key: Secret<Uint8Array> | null;
    /** Whose grants make a member; absent or empty: whoever gets through the layers below is one. */
    readonly roots?: readonly PeerId[];
    /** Path of this node's own grants, where there are roots. */
    readonly certificate?: string;
  };
  readonly listen: readonly string[];
  readonly join: readonly string[];
  readonly data: string;
  /** Large data; absent: the defaults. */
  readonly blobs?: { readonly max_bytes: number; readonly retention_ms: number } | undefined;
  readonly api: ApiAddress;
  /** What stays of the runs of its agents; absent: the default. */
  readonly records?: RecordsConfig | undefined;
  /** What stays of all that its machines hear and answer; absent or null: nothing. */
  readonly journal?: JournalConfig | null | undefined;
  readonly agents: readonly AgentSpec[];
}

export interface Problem {
  readonly file: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  /** Of the field: `agents[0].skills[1].cost`; empty for the file as a whole. */
  readonly path: string;
  readonly problem: string;
  readonly remedy: string;
}

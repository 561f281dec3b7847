/** A configuration as the rest of the node sees it: whole, checked, every path absolute. */

import type { Secret } from "../fields/secret.ts";
import type { AgentSpec } from "../handlers/mod.ts";

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
  };
  readonly listen: readonly string[];
  readonly join: readonly string[];
  readonly data: string;
  readonly api: ApiAddress;
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

/**
 * The one error class of `node/`: the world failed (a disk, a socket, a file somebody wrote), and whoever called may do
 * something about it, by code. Bugs are `assert`s and a peer's misdeeds are refusals; neither is a Fault.
 */

export type FaultCode =
  /** A file that somebody wrote is wrong: moot.yaml, a key, an identity. */
  | "config"
  /** A command was called wrongly. */
  | "usage"
  /** What is on disk is not what was written. */
  | "store-damaged"
  /** Another live process owns the store. */
  | "store-locked"
  /** The disk refused: full, read-only, gone. */
  | "store-io"
  /** A JSON Schema cannot be used. */
  | "schema"
  | "handler"
  | "timeout"
  | "too-large"
  /** No node answers. */
  | "no-node"
  | "denied"
  | "network"
  | "unknown-task"
  | "unknown-blob"
  /** The machines' own refusals of a wish. */
  | "not-stored"
  | "overloaded"
  | "draining"
  | "too-few-peers"
  | "already-decided"
  | "used-up"
  | "internal";

export interface FaultOptions {
  /** What the reader can do about it, as one sentence. */
  readonly remedy?: string;
  /** Facts for programs: small, JSON, no secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

export class Fault extends Error {
  override readonly name = "Fault";
  readonly code: FaultCode;
  readonly remedy?: string;
  readonly details?: Readonly<Record<string, unknown>>;

  constructor(code: FaultCode, message: string, options: FaultOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    if (options.remedy !== undefined) this.remedy = options.remedy;
    if (options.details !== undefined) this.details = options.details;
  }
}

/** The code that the operating system gave an error (`ENOENT`, `EACCES`), or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** The words of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What cannot be missing unless this program is wrong. Throws Fault "internal" with the claim. */
export function must<T>(value: T | undefined, claim: string): T {
  if (value === undefined) throw new Fault("internal", claim);
  return value;
}

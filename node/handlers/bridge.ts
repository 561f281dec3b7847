/**
 * The words between a node and a room of an agent's own, a worker thread or a process. The context of a call lives at the node; the room
 * has a likeness of it whose methods cross over. A new method of `Context` is one line in `BRIDGE`: the compiler asks for it.
 */
import type { MessagePort } from "node:worker_threads";
import { messageOf, systemCode } from "../fault.ts";
import { HANDLER } from "./limits.ts";
import { bounded } from "./text.ts";
import { type Call, type Context, HandlerError, type Reason, type Stray } from "./types.ts";

/**
 * `tell`: goes one way, in order. `sync`: the room stands still until the answer is there. `ask`: a promise. Arguments that
 * are functions stay in the room, and are called there when the node calls their likeness.
 */
export type Manner = "tell" | "sync" | "ask";

type Method = {
  [K in keyof Context]-?: NonNullable<Context[K]> extends (...args: never[]) => unknown ? K : never;
}[keyof Context];

export const BRIDGE = {
  progress: "tell",
  emit: "tell",
  spend: "tell",
  now: "sync",
  random: "sync",
  tool: "ask",
  submit: "ask",
  // Bytes cross as pieces that are handed over, not copied, each when the other side asks for it.
  "blobs.path": "ask",
  "blobs.put": "ask",
  "blobs.open": "ask",
  "blobs.next": "ask",
  "blobs.close": "ask",
} as const satisfies Record<Method | BlobMethod, Manner>;

/** `open` answers with a number, which `next` gives for a piece (or null at the end) and `close` gives back. `put` is given what it pulls with. */
type BlobMethod = `blobs.${"path" | "put" | "open" | "next" | "close"}`;

/** A piece for the other side, in memory of its own, which can be handed over. */
export function ownPiece(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** Of an error's name and code. */
export const CROSSED_CHARS = 256;

/** An error that crossed over: what code may ask of it. */
export interface Crossed {
  readonly message: string;
  readonly name?: string | undefined;
  readonly code?: string | undefined;
  /** Of a HandlerError. */
  readonly reason?: Reason | undefined;
  readonly retry?: boolean | undefined;
}

export function crossed(error: unknown): Crossed {
  const message = bounded(messageOf(error));
  if (error instanceof HandlerError) return { message, reason: error.reason, name: error.name };
  const retry = error instanceof Error && "retry" in error && error.retry === true;
  const code = systemCode(error)?.slice(0, CROSSED_CHARS);
  return { message, code, retry, ...(error instanceof Error && { name: String(error.name).slice(0, CROSSED_CHARS) }) };
}

export function rebuilt({ message, reason, name, code, retry }: Crossed): Error {
  const error = reason === undefined ? new Error(bounded(message)) : new HandlerError(reason, bounded(message));
  if (name !== undefined && name !== error.name) Object.defineProperty(error, "name", { value: name });
  return Object.assign(error, code !== undefined && { code }, retry === true && { retry });
}

export type Answer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: Crossed };

/** What the node says to the room: the thread, or the process. */
export type Order =
  | { readonly type: "run"; readonly call: Call; readonly budget_ms: number }
  | { readonly type: "abort"; readonly message: string }
  | { readonly type: "answer"; readonly id: number; readonly answer: Answer }
  | {
      readonly type: "call";
      readonly id: number;
      readonly ask: number;
      readonly place: number;
      readonly args: readonly unknown[];
      /** The tool whose function this is, by its place in the record. */
      readonly inside?: number | undefined;
    };

/** Whether code of a tool says it: of the one that was called with this `inside`. */
interface From {
  readonly inside?: number | undefined;
}

/** What the room says to the node. */
export type Said =
  | { readonly type: "ready" }
  | ({ readonly type: "tell"; readonly method: keyof typeof BRIDGE; readonly args: readonly unknown[] } & From)
  | ({
      readonly type: "ask";
      readonly id: number;
      readonly method: keyof typeof BRIDGE;
      /** Of functions, null. */
      readonly args: readonly unknown[];
      /** Which of the arguments are functions. */
      readonly functions: readonly number[];
    } & From)
  | ({ readonly type: "sync"; readonly method: keyof typeof BRIDGE; readonly args: readonly unknown[] } & From)
  | { readonly type: "called"; readonly id: number; readonly answer: Answer }
  | { readonly type: "ended"; readonly answer: Answer }
  | ({ readonly type: "stray" } & Stray);

/** Two counters that both sides see: answers to `sync`, and messages of the thread that the node has taken. */
export const FLAG = { synced: 0, taken: 1 } as const;

export const BRIDGED = {
  /** Messages on their way to the node: then the room stands still. */
  window: 256,
  /** Between two reports of what was taken: so a flood comes as a brook. */
  taken_ms: 4,
  /** Questions of one call that wait for their answer. */
  asks_max: 1_024,
  /** Of a blob's contents. */
  piece_bytes: 256 * 1024,
  /** Blobs that one call reads at once. */
  open_max: 64,
  /** Of a process: one message. */
  frame_bytes: HANDLER.tool_bytes + 1024 * 1024,
} as const;

/** What a thread is started with. */
export interface Start {
  readonly path: string;
  readonly flags: SharedArrayBuffer;
  /** Answers to `sync`. */
  readonly answers: MessagePort;
}

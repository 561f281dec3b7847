/**
 * Hash-linked lines: `{"n":0,"prev":"…","entry":…}`, where `prev` is the SHA-256 of the line before (of nothing: 64 zeros). A
 * finished chain ends with a seal, a line whose every byte follows from the line before, so a change of any byte, a cut and an
 * addition are found without asking anybody. A chain whose writer was killed has no seal: it is read up to its last whole line, for
 * which nothing vouches. Whoever writes the whole chain anew is found by its digest only, which others have. Pure.
 */
import { createHash } from "node:crypto";
import { type Digest, parseDigest } from "../../protocols/kernel/mod.ts";
import { Fault } from "../fault.ts";

const FIRST = "0".repeat(64);
const SEAL = '{"type":"sealed"}';
const NEWLINE = 0x0a;
const CLOSE = 0x7d;

/** Makes lines, one after the other. */
export class Chain {
  #n = 0;
  #prev: string = FIRST;

  /** With its line break. `entry` is JSON text. */
  link(entry: string): string {
    const line = `{"n":${this.#n},"prev":"${this.#prev}","entry":${entry}}`;
    this.#n += 1;
    this.#prev = sha256(line);
    return `${line}\n`;
  }

  /** The last line. */
  seal(): string {
    return this.link(SEAL);
  }

  /** SHA-256 of the last line. */
  get digest(): Digest {
    return asDigest(this.#prev);
  }
}

/** Reads a chain that may go on over several pieces, in their order. Hands out a line when the one after it has vouched for it. */
export class ChainReader {
  readonly #onEntry: (entry: unknown, line: number) => void;
  #prev = FIRST;
  #lines = 0;
  #sealed = false;
  #last: unknown;

  /** `line`: from 0, over all pieces. */
  constructor(onEntry: (entry: unknown, line: number) => void) {
    this.#onEntry = onEntry;
  }

  /** Throws Fault "store-damaged" with line and offset. Returns how many bytes are behind the last line break. */
  add(bytes: Buffer, name: string): number {
    let offset = 0;
    let line = 1;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, offset)) {
      this.#line(bytes.subarray(offset, end), { name, line, offset });
      offset = end + 1;
      line += 1;
    }
    return bytes.length - offset;
  }

  /** Hands out the last line, which only a seal vouches for. */
  end(): void {
    if (!this.#sealed && this.#lines > 0) this.#onEntry(this.#last, this.#lines - 1);
  }

  get sealed(): boolean {
    return this.#sealed;
  }
  get lines(): number {
    return this.#lines;
  }
  get digest(): Digest {
    return asDigest(this.#prev);
  }

  /** Whether a writer that was cut off may have left this behind the last line break. */
  begins(rest: Buffer): boolean {
    const head = this.#head();
    if (!head.startsWith(rest.toString("latin1", 0, head.length))) return isBlank(rest);
    // A whole line and one byte more: that byte was its line break.
    return rest.length <= head.length || !isJson(rest.subarray(head.length, -2));
  }

  /** What the next line begins with. */
  #head(): string {
    return `{"n":${this.#lines},"prev":"${this.#prev}","entry":`;
  }

  #line(bytes: Buffer, at: Place): void {
    if (this.#sealed) throw damaged(at, "something follows its end");
    const head = this.#head();
    const body = bytes.subarray(head.length, -1);
    const framed = bytes.length > head.length && bytes.at(-1) === CLOSE;
    if (!framed || bytes.toString("latin1", 0, head.length) !== head)
      throw damaged(at, this.#lines === 0 ? "it does not begin as it must" : "it does not follow from the line before");
    this.#prev = sha256(bytes);
    if (this.#lines > 0) this.#onEntry(this.#last, this.#lines - 1);
    this.#lines += 1;
    this.#sealed = body.toString("latin1") === SEAL;
    this.#last = this.#sealed ? undefined : parse(body, at);
  }
}

export interface ReadChain {
  readonly entries: readonly unknown[];
  /** Absent when it has no seal: whoever wrote it was cut off, or writes still. */
  readonly digest?: Digest;
}

/**
 * A chain in one piece, up to its last whole line. Throws Fault "store-damaged" when a line is not what was written, or something
 * follows that no writer leaves behind.
 */
export function readChain(bytes: Buffer, name: string): ReadChain {
  const entries: unknown[] = [];
  const reader = new ChainReader((entry) => entries.push(entry));
  const rest = reader.add(bytes, name);
  reader.end();
  const offset = bytes.length - rest;
  const place = { name, line: reader.lines + 1, offset };
  if (reader.sealed && rest > 0) throw damaged(place, "something follows its end");
  if (reader.sealed) return { entries, digest: reader.digest };
  if (!reader.begins(bytes.subarray(offset))) throw damaged(place, "what follows its last line is no beginning of one");
  return { entries };
}

interface Place {
  readonly name: string;
  /** From 1. */
  readonly line: number;
  /** Of the line's first byte. */
  readonly offset: number;
}

export function damaged({ name, line, offset }: Place, why: string): Fault {
  return new Fault("store-damaged", `${name} is not what was written: line ${line}, at byte ${offset}: ${why}`, {
    remedy: "restore the file from a copy; what it says cannot be trusted",
    details: { file: name, line, offset },
  });
}

function parse(bytes: Buffer, at: Place): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    throw damaged(at, "it is not JSON");
  }
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString("utf8"));
    return true;
  } catch {
    return false;
  }
}

/** A power cut may leave a file longer than what was written to it. */
function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

function sha256(bytes: string | Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function asDigest(hex: string): Digest {
  const digest = parseDigest(hex);
  if (digest === undefined) throw new Fault("internal", "SHA-256 in hex is a digest");
  return digest;
}

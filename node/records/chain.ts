/**
 * Hash-linked lines: `{"n":0,"prev":"…","entry":…}`, where `prev` is the SHA-256 of the line before (of nothing: 64 zeros). A
 * finished chain ends with a seal, a line whose every byte follows from the line before, so a change of any byte, a cut and an
 * addition are found without asking anybody. Whoever writes the whole chain anew is found by its digest only, which others have.
 * Pure.
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

  #line(bytes: Buffer, at: Place): void {
    if (this.#sealed) throw damaged(at, "something follows its end");
    const head = `{"n":${this.#lines},"prev":"${this.#prev}","entry":`;
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

/** A whole chain in one piece. Throws Fault "store-damaged" when it is not what was written, or not whole. */
export function readChain(
  bytes: Buffer,
  name: string,
): { readonly entries: readonly unknown[]; readonly digest: Digest } {
  const entries: unknown[] = [];
  const reader = new ChainReader((entry) => entries.push(entry));
  const rest = reader.add(bytes, name);
  if (rest > 0 || !reader.sealed) {
    const place = { name, line: reader.lines + 1, offset: bytes.length - rest };
    throw damaged(
      place,
      reader.sealed ? "something follows its end" : "its end is missing: the run, or the file, was cut off",
    );
  }
  return { entries, digest: reader.digest };
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

function sha256(bytes: string | Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function asDigest(hex: string): Digest {
  const digest = parseDigest(hex);
  if (digest === undefined) throw new Fault("internal", "SHA-256 in hex is a digest");
  return digest;
}

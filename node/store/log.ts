/**
 * SQLite's log in front of a database (`-wal`, https://www.sqlite.org/fileformat.html#the_write_ahead_log): up to which byte it is what
 * was written. Its frames carry running checksums, so the first one that is damaged is known, and nothing behind it counts. Reads only;
 * nobody locks this file.
 */
import { readFileSync } from "node:fs";

const HEAD_BYTES = 32;
const FRAME_HEAD_BYTES = 24;
const MAGIC = 0x377f0682;

export interface LogEnd {
  readonly file: string;
  /** Where what was written ends. */
  readonly offset: number;
  /** Whether what follows is damaged for certain. If not: it may be from before the log was begun anew, as in any healthy log. */
  readonly certain: boolean;
}

/** Undefined when there is none. */
export function logEnd(database: string): LogEnd | undefined {
  const file = `${database}-wal`;
  let log: Buffer;
  try {
    log = readFileSync(file);
  } catch {
    return undefined;
  }
  if (log.length < HEAD_BYTES) return { file, offset: 0, certain: log.length > 0 };
  const sums = new Sums(log.readUInt32BE(0) === MAGIC + 1);
  sums.add(log.subarray(0, HEAD_BYTES - 8));
  const known = (log.readUInt32BE(0) & ~1) >>> 0 === MAGIC;
  if (!known || !sums.are(log.subarray(HEAD_BYTES - 8, HEAD_BYTES))) return { file, offset: 0, certain: true };
  const salt = log.subarray(16, 24);
  const frame_bytes = FRAME_HEAD_BYTES + log.readUInt32BE(8);
  for (let offset = HEAD_BYTES; offset < log.length; offset += frame_bytes) {
    const frame = log.subarray(offset, offset + frame_bytes);
    if (frame.length < frame_bytes) return { file, offset, certain: false };
    sums.add(frame.subarray(0, 8));
    sums.add(frame.subarray(FRAME_HEAD_BYTES));
    const [isOfNow, isWhole] = [frame.subarray(8, 16).equals(salt), sums.are(frame.subarray(16, FRAME_HEAD_BYTES))];
    // An older frame is neither.
    if (!isOfNow || !isWhole) return { file, offset, certain: isOfNow || isWhole };
  }
  return { file, offset: log.length, certain: false };
}

/** Two sums over pairs of words, which go on from frame to frame. */
class Sums {
  readonly #big: boolean;
  #one = 0;
  #two = 0;

  constructor(big: boolean) {
    this.#big = big;
  }

  add(bytes: Buffer): void {
    const word = (at: number) => (this.#big ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));
    for (let at = 0; at + 8 <= bytes.length; at += 8) {
      this.#one = (this.#one + word(at) + this.#two) >>> 0;
      this.#two = (this.#two + word(at + 4) + this.#one) >>> 0;
    }
  }

  are(bytes: Buffer): boolean {
    return bytes.readUInt32BE(0) === this.#one && bytes.readUInt32BE(4) === this.#two;
  }
}

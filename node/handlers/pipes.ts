/**
 * What comes out of an exec program, in bounded memory however much it prints: stdout up to the size of an output, and
 * of stderr the progress lines and the tail. Woken by the pipes' data; solves nothing about the program's life.
 */
import { StringDecoder } from "node:string_decoder";
import { HANDLER } from "./limits.ts";
import { bounded } from "./text.ts";

const PROGRESS = /^progress[ \t]+(0|1|0?\.\d{1,9}|0\.|1\.0{0,9})(?:[ \t]+(.*))?$/;

export class Output {
  readonly #chunks: Buffer[] = [];
  #size_bytes = 0;

  /** False once there is too much: what is kept is dropped, and what comes is too. */
  add(chunk: Buffer): boolean {
    this.#size_bytes += chunk.length;
    if (!this.tooLarge) this.#chunks.push(chunk);
    else this.#chunks.length = 0;
    return !this.tooLarge;
  }

  get tooLarge(): boolean {
    return this.#size_bytes > HANDLER.output_bytes;
  }

  /** Undefined when it is not UTF-8. */
  text(): string | undefined {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(this.#chunks));
    } catch {
      return undefined;
    }
  }

  /** For a message: whatever it is, as text. */
  raw(): string {
    return Buffer.concat(this.#chunks).toString("utf8");
  }
}

export class Complaints {
  readonly #decoder = new StringDecoder("utf8");
  readonly #progress: (done: number, note?: string) => void;
  #line = "";
  #tail = "";

  /** Lines `progress <0..1> [note]` go to `progress`, the others to the tail. */
  constructor(progress: (done: number, note?: string) => void) {
    this.#progress = progress;
  }

  add(chunk: Buffer): void {
    const lines = (this.#line + this.#decoder.write(chunk)).split("\n");
    this.#line = lines.pop() ?? "";
    for (const line of lines) this.#take(line);
    if (this.#line.length > HANDLER.line_chars) {
      this.#keep(this.#line);
      this.#line = "";
    }
  }

  /** The last words, at most `tail_bytes` of them. */
  tail(): string {
    const bytes = Buffer.from((this.#tail + this.#line).trimEnd());
    if (bytes.length <= HANDLER.tail_bytes) return bytes.toString("utf8");
    let start = bytes.length - HANDLER.tail_bytes;
    while (((bytes[start] ?? 0) & 0xc0) === 0x80) start++; // not in the middle of a character
    return bytes.subarray(start).toString("utf8");
  }

  #take(line: string): void {
    const found = PROGRESS.exec(line.endsWith("\r") ? line.slice(0, -1) : line);
    if (found === null) return this.#keep(`${line}\n`);
    const note = found[2]?.trim();
    if (note === undefined || note === "") this.#progress(Number(found[1]));
    else this.#progress(Number(found[1]), bounded(note, HANDLER.note_chars));
  }

  #keep(text: string): void {
    const joined = this.#tail + text;
    this.#tail = joined.length > 2 * HANDLER.tail_bytes ? joined.slice(-HANDLER.tail_bytes) : joined;
  }
}

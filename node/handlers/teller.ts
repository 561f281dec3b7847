/**
 * Tells a run's words as they come: a few at a time as a partial result, and how far it is. The words of a pause are told with the
 * next ones, or at the end. An endpoint says no total, so progress is a guess that never reaches 1.
 */
import { LIMITS } from "../../protocols/kernel/mod.ts";
import type { Context } from "./types.ts";

/** A JSON text of so many characters, each escaped, fits into a partial result. */
const PIECE_CHARS = Math.floor((LIMITS.partial_bytes - 64) / 6);
/** A token of English is about so many characters. */
const TOKEN_CHARS = 4;
/** Without a limit on the tokens: half way after so many. */
const TYPICAL_CHARS = 2_000;

export class Teller {
  readonly #context: Context;
  readonly #most_chars: number | undefined;
  #waiting = "";
  #chars = 0;
  #told_ms = Number.NEGATIVE_INFINITY;

  constructor(context: Context, max_tokens: number | undefined) {
    this.#context = context;
    this.#most_chars = max_tokens === undefined ? undefined : max_tokens * TOKEN_CHARS;
  }

  add(words: string): void {
    if (words === "") return;
    this.#waiting += words;
    this.#chars += words.length;
    const now = performance.now();
    if (now - this.#told_ms < LIMITS.partial_ms) return;
    this.#told_ms = now;
    this.#tell();
  }

  end(): void {
    this.#tell();
  }

  #tell(): void {
    for (let start = 0; start < this.#waiting.length; start += PIECE_CHARS)
      this.#context.emit({ text: this.#waiting.slice(start, start + PIECE_CHARS) });
    if (this.#waiting !== "") this.#context.progress(this.#share(), `${this.#chars} characters`);
    this.#waiting = "";
  }

  #share(): number {
    const most = this.#most_chars;
    return most === undefined ? this.#chars / (this.#chars + TYPICAL_CHARS) : Math.min(0.99, this.#chars / most);
  }
}

/**
 * One answer as JSON Lines that stays open: facts as they happen, then a last line that says why it ends. The reader's pace
 * is bounded from our side: what it has not read waits in memory up to `stream_bytes`, then it is dropped and told so, because
 * neither the node nor the other readers may wait for it.
 */
import type { ServerResponse } from "node:http";
import { API } from "./limits.ts";

export class Lines {
  readonly #response: ServerResponse;
  readonly #gone = new AbortController();
  readonly #bound_bytes: number;
  #ended = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(response: ServerResponse, bound_bytes: number = API.stream_bytes) {
    this.#response = response;
    this.#bound_bytes = bound_bytes;
    response.once("close", () => {
      this.#ended = true;
      clearTimeout(this.#timer);
      this.#gone.abort();
    });
    response.on("error", () => response.destroy());
    response.writeHead(200, {
      "content-type": "application/jsonl; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    response.flushHeaders(); // the client knows that it is listening before anything happens
  }

  /** Aborts when nobody reads any more: the client left, or the last line was said. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  send(line: object): void {
    if (this.#ended) return;
    const text = `${JSON.stringify(line)}\n`;
    if (this.#response.writableLength + text.length <= this.#bound_bytes) this.#response.write(text);
    else
      this.end({
        event: "dropped",
        reason: "slow-reader",
        message: `more than ${this.#bound_bytes} bytes were waiting to be read`,
      });
  }

  /** Says the last line; a reader who does not come for it in time is cut off. */
  end(last: object): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#response.end(`${JSON.stringify(last)}\n`);
    this.#timer = setTimeout(() => this.#response.destroy(), API.flush_ms);
    this.#timer.unref();
    this.#gone.abort();
  }
}

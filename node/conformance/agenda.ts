/** What is to happen, in the order of time: the clock of the virtual stage jumps from one thing to the next. */

/** What happens at one instant; more is a peer that goes round in a circle. */
const AT_ONCE_MAX = 100_000;
/** Some day. */
const EPOCH_MS = 1_800_000_000_000;

export class Agenda {
  #entries: { readonly at: number; readonly what: () => void }[] = [];
  now = 0;

  get wall(): number {
    return EPOCH_MS + this.now;
  }

  /** After all that is to happen at the same time already. */
  after(ms: number, what: () => void): void {
    const at = this.now + Math.max(0, ms);
    const index = this.#entries.findLastIndex((entry) => entry.at <= at);
    this.#entries.splice(index + 1, 0, { at, what });
  }

  /** Does things until that time, or until it is enough. Throws when there is no end of them at one instant. */
  run(until_ms: number, enough: () => boolean): void {
    for (let [at, times] = [this.now, 0]; !enough(); times++) {
      if (this.now > at) [at, times] = [this.now, 0];
      if (times > AT_ONCE_MAX) throw new Error(`${times} things at one instant: the peer goes round in a circle`);
      const [next] = this.#entries;
      if (next === undefined || next.at > until_ms) {
        this.now = Math.max(this.now, until_ms);
        return;
      }
      this.#entries.shift();
      this.now = next.at;
      next.what();
    }
  }
}

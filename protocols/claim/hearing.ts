/**
 * What a custodian has heard of a running handler, so that copies and stragglers are no news: progress goes by ballot, then by
 * renewal, then by number; partial results by ballot and number. It decides nothing about the task.
 */

export class Hearing {
  #fence = 0;
  /** Of the last renewal that was heard, or that a partial result followed. */
  #beat = -1;
  /** The number that progress was heard beside; a renewal comes before all that follow it. */
  #at = -1;
  /** The number of the next partial result. */
  #next = 0;

  /** Whether a renewal says something new. */
  renewal(fence: number, beat: number): boolean {
    if (!this.#current(fence) || beat <= this.#beat) return false;
    this.#beat = beat;
    return true;
  }

  /** Whether the progress beside partial results is new; `end`: the number after the last of them. */
  progress(fence: number, beat: number, end: number): boolean {
    if (!this.#current(fence) || beat < this.#beat || end < this.#at) return false;
    this.#beat = beat;
    this.#at = end;
    return true;
  }

  /** The number of the first result that is new; undefined if none is. */
  items(fence: number, seq: number, count: number): number | undefined {
    if (!this.#current(fence) || seq + count <= this.#next) return undefined;
    const first = Math.max(seq, this.#next);
    this.#next = seq + count;
    return first;
  }

  /** A higher ballot begins anew; a lower one is over. */
  #current(fence: number): boolean {
    if (fence > this.#fence) {
      this.#fence = fence;
      this.#beat = -1;
      this.#at = -1;
      this.#next = 0;
    }
    return fence === this.#fence;
  }
}

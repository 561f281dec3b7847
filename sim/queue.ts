/**
 * What happens next in a simulated world: a binary heap ordered by (time, order of scheduling), so that a run is exactly the
 * same each time. Times are whole virtual milliseconds. Nothing is ever removed: an event that no longer matters finds out
 * when it fires.
 */
interface Entry {
  readonly at: number;
  readonly order: number;
  readonly fire: () => void;
}

export class Queue {
  readonly #heap: Entry[] = [];
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }
  /** The time of the next event, or `Infinity`. */
  get next(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  push(at: number, fire: () => void): void {
    const heap = this.#heap;
    const entry = { at, order: this.#order++, fire };
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const up = (index - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || before(parent, entry)) break;
      heap[index] = parent;
      index = up;
    }
    heap[index] = entry;
  }

  pop(): (() => void) | undefined {
    const heap = this.#heap;
    const head = heap[0];
    const last = heap.pop();
    if (head === undefined || last === undefined || heap.length === 0) return head?.fire;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      let lower = heap[child];
      const right = heap[child + 1];
      if (lower === undefined) break;
      if (right !== undefined && before(right, lower)) {
        lower = right;
        child += 1;
      }
      if (before(last, lower)) break;
      heap[index] = lower;
      index = child;
    }
    heap[index] = last;
    return head.fire;
  }
}

function before(left: Entry, right: Entry): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order);
}

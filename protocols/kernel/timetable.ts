/**
 * Deadlines of many machines, one alarm. A key has at most one deadline; a later `set` replaces it. Alarms are reminders,
 * deadlines are facts: `due` is asked at every event, not only when an alarm rings, because real alarms ring late.
 *
 * A binary heap with lazy deletion: entries that no longer match the map are dropped when they come up.
 */
interface Entry {
  readonly at: number;
  readonly key: string;
}

const SLACK = 64;

export class Timetable {
  readonly #heap: Entry[] = [];
  readonly #deadlines = new Map<string, number>();
  /** The earliest deadline, or `Infinity`: asked for at every event, so it is known, and not found out. */
  #next = Number.POSITIVE_INFINITY;

  /** Sets the deadline of `key`; `Infinity` removes it. */
  set(key: string, at: number): void {
    const before = this.#deadlines.get(key) ?? Number.POSITIVE_INFINITY;
    if (before === at) return;
    if (at === Number.POSITIVE_INFINITY) this.#deadlines.delete(key);
    else {
      this.#deadlines.set(key, at);
      this.#push({ at, key });
      if (this.#heap.length > 2 * this.#deadlines.size + SLACK) this.#compact();
    }
    if (at < this.#next) this.#next = at;
    else if (before === this.#next) this.#settle();
  }

  /** The earliest deadline, or `Infinity`. */
  next(): number {
    return this.#next;
  }

  /** Removes and returns one key whose deadline is not after `now`, earliest first. */
  due(now: number): string | undefined {
    if (this.#next > now) return undefined;
    // Settled: the head is the earliest that still holds.
    const key = this.#pop()?.key;
    if (key !== undefined) this.#deadlines.delete(key);
    this.#settle();
    return key;
  }

  /** Drops from the head what was moved or removed. */
  #settle(): void {
    let head = this.#heap[0];
    while (head !== undefined && this.#deadlines.get(head.key) !== head.at) {
      this.#pop();
      head = this.#heap[0];
    }
    this.#next = head?.at ?? Number.POSITIVE_INFINITY;
  }

  get size(): number {
    return this.#deadlines.size;
  }
  /** With those that were moved or removed and are not dropped yet. */
  get entries(): number {
    return this.#heap.length;
  }

  /** Deadlines that were moved leave entries behind: rebuilt when they are the most. */
  #compact(): void {
    this.#heap.length = 0;
    for (const [key, at] of this.#deadlines) this.#push({ at, key });
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const up = (index - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || !before(entry, parent)) break;
      heap[index] = parent;
      index = up;
    }
    heap[index] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const head = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return head;
    let index = 0;
    for (;;) {
      const left = heap[2 * index + 1];
      const right = heap[2 * index + 2];
      if (left === undefined) break;
      const onRight = right !== undefined && before(right, left);
      const child = onRight ? right : left;
      if (!before(child, last)) break;
      heap[index] = child;
      index = 2 * index + (onRight ? 2 : 1);
    }
    heap[index] = last;
    return head;
  }
}

function before(left: Entry, right: Entry): boolean {
  return left.at !== right.at ? left.at < right.at : left.key < right.key;
}

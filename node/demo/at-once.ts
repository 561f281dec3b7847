/** Work on many things, a few at a time. Knows nothing of what the work is. */

export interface Pace {
  readonly at_once: number;
  /** On the clock of `performance.now()`: after it nothing more is begun. What is begun is finished. */
  readonly until?: number;
}

/** In the order of the items. Rejects when a piece of work does; the rest is then on its own. */
export async function workThrough<T>(items: Iterable<T>, pace: Pace, work: (item: T) => Promise<void>): Promise<void> {
  const { at_once, until = Number.POSITIVE_INFINITY } = pace;
  const waiting = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = waiting.next(); next.done !== true; next = waiting.next()) {
      await work(next.value);
      if (performance.now() > until) return;
    }
  };
  await Promise.all(Array.from({ length: at_once }, worker));
}

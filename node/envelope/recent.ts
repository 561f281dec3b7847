/** A map that keeps what was used last: bounded in entries and, when asked, in weight. */
export interface Bounds {
  readonly entries: number;
  readonly weight?: number;
}

export class Recent<K, V> {
  readonly #bounds: Bounds;
  readonly #entries = new Map<K, { readonly value: V; readonly weight: number }>();
  #weight = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Makes the entry the youngest. */
  get(key: K): V | undefined {
    const found = this.#entries.get(key);
    if (found === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, found);
    return found.value;
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  set(key: K, value: V, weight = 1): void {
    this.delete(key);
    this.#entries.set(key, { value, weight });
    this.#weight += weight;
    const { entries, weight: max = Number.POSITIVE_INFINITY } = this.#bounds;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= entries && this.#weight <= max) return;
      this.delete(oldest);
    }
  }

  delete(key: K): void {
    this.#weight -= this.#entries.get(key)?.weight ?? 0;
    this.#entries.delete(key);
  }

  /** Oldest first. */
  keys(): IterableIterator<K> {
    return this.#entries.keys();
  }
}

/** A peer's disk as a value: writing makes another. */
import type { Kept } from "../../protocols/mod.ts";

interface Entry {
  readonly key: string;
  readonly record: Kept;
}

export class Disk {
  static readonly EMPTY = new Disk([]);
  /** In order of their keys. */
  readonly kept: readonly Entry[];
  #text: string | undefined;

  constructor(kept: readonly Entry[]) {
    this.kept = kept;
  }

  with(key: string, record: Kept | null): Disk {
    const others = this.kept.filter((entry) => entry.key !== key);
    if (record === null) return new Disk(others);
    return new Disk([...others, { key, record }].sort((left, right) => (left.key < right.key ? -1 : 1)));
  }
  /** Equal for equal disks. */
  get text(): string {
    this.#text ??= JSON.stringify(this.kept);
    return this.#text;
  }
}

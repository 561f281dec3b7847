/**
 * States that were reached, each once, numbered in the order of their discovery, with the one they were reached from. They are
 * kept and compared whole: a digest that is equal by chance hides nothing. Lists of small numbers in typed arrays: some 60 bytes
 * a state.
 */
const CHUNK = 1 << 20;

export class StateStore {
  readonly #chunks: Int32Array[] = [];
  /** Where each state begins, over all chunks. */
  #starts = new Float64Array(1 << 12);
  #parents = new Int32Array(1 << 12);
  #table = new Int32Array(1 << 14);
  #end = 0;
  size = 0;

  /** True when it is new. */
  add(state: readonly number[], parent: number): boolean {
    if (2 * this.size > this.#table.length) this.#widen();
    const mask = this.#table.length - 1;
    let slot = hash(state) & mask;
    for (; this.#table[slot] !== 0; slot = (slot + 1) & mask)
      if (this.#equals((this.#table[slot] ?? 0) - 1, state)) return false;
    this.#table[slot] = this.size + 1;
    this.#write(state, parent);
    return true;
  }

  get(index: number): number[] {
    const { chunk, at } = this.#place(index);
    return Array.from(chunk.subarray(at + 1, at + 1 + (chunk[at] ?? 0)));
  }
  parent(index: number): number {
    return this.#parents[index] ?? -1;
  }
  /** Those from the first one to this one. */
  path(index: number): number[] {
    const path: number[] = [];
    for (let at = index; at >= 0; at = this.parent(at)) path.push(at);
    return path.reverse();
  }

  #place(index: number): { readonly chunk: Int32Array; readonly at: number } {
    const start = this.#starts[index] ?? 0;
    const number = Math.floor(start / CHUNK);
    const chunk = this.#chunks[number];
    if (chunk === undefined) throw new Error(`there is no state ${index}`);
    return { chunk, at: start - number * CHUNK };
  }

  #equals(index: number, state: readonly number[]): boolean {
    const { chunk, at } = this.#place(index);
    if (chunk[at] !== state.length) return false;
    for (let offset = 0; offset < state.length; offset++) if (chunk[at + 1 + offset] !== state[offset]) return false;
    return true;
  }

  #write(state: readonly number[], parent: number): void {
    if (this.size === this.#starts.length) {
      this.#starts = grown(this.#starts, new Float64Array(2 * this.size));
      this.#parents = grown(this.#parents, new Int32Array(2 * this.size));
    }
    // A state lies in one chunk: what is left of the last one stays empty.
    if (Math.floor((this.#end + state.length) / CHUNK) !== Math.floor(this.#end / CHUNK))
      this.#end = Math.ceil(this.#end / CHUNK) * CHUNK;
    const number = Math.floor(this.#end / CHUNK);
    const chunk = this.#chunks[number] ?? new Int32Array(CHUNK);
    this.#chunks[number] = chunk;
    const at = this.#end - number * CHUNK;
    chunk[at] = state.length;
    chunk.set(state, at + 1);
    this.#starts[this.size] = this.#end;
    this.#parents[this.size] = parent;
    this.#end += state.length + 1;
    this.size += 1;
  }

  #widen(): void {
    const old = this.#table;
    this.#table = new Int32Array(2 * old.length);
    const mask = this.#table.length - 1;
    for (const entry of old) {
      if (entry === 0) continue;
      let slot = hash(this.get(entry - 1)) & mask;
      while (this.#table[slot] !== 0) slot = (slot + 1) & mask;
      this.#table[slot] = entry;
    }
  }
}

function grown<T extends Float64Array | Int32Array>(old: T, wider: T): T {
  wider.set(old);
  return wider;
}

function hash(state: readonly number[]): number {
  let word = state.length;
  for (const number of state) {
    word = Math.imul(word ^ number, 0x9e3779b1);
    word ^= word >>> 15;
  }
  word = Math.imul(word ^ (word >>> 13), 0x85ebca6b);
  return (word ^ (word >>> 16)) >>> 0;
}

/**
 * Seeded randomness: xoshiro128** (Blackman and Vigna 2018), seeded through splitmix32. Every machine that needs chance is
 * given one of these at construction, so a run is a function of its seed. Never used for keys, nonces or secrets.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number) {
    let state = seed >>> 0;
    const next = (): number => {
      state = (state + 0x9e3779b9) >>> 0;
      let word = state;
      word = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
      word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
      // Signed, as all that follows is: so the state is small integers from the first word on.
      return word ^ (word >>> 15);
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1;
  }

  /** A uniform 32-bit unsigned integer. */
  word(): number {
    const rotated = Math.imul(this.#b, 5);
    const result = Math.imul((rotated << 7) | (rotated >>> 25), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** A uniform integer in [0, bound); 0 when bound is below 1. */
  below(bound: number): number {
    return bound < 1 ? 0 : Math.floor((this.word() / 0x100000000) * bound);
  }

  /** True once in `outOf` times, on average. */
  chance(outOf: number): boolean {
    return this.below(outOf) === 0;
  }

  /** Up to `count` items, each at most once, in random order (Fisher and Yates, partial). */
  pick<T>(items: readonly T[], count: number): T[] {
    const pool = [...items];
    const picked: T[] = [];
    while (picked.length < count && pool.length > 0) {
      const index = this.below(pool.length);
      const [item] = pool.splice(index, 1);
      if (item !== undefined) picked.push(item);
    }
    return picked;
  }
}

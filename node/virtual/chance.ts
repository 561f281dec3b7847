/**
 * Chance out of a seed and a name, never from a common sequence: what is drawn for one message does not depend on what else was
 * sent, so that two runs which differ in one fault are alike in all the rest. splitmix32 over a multiply-and-xor hash.
 */
export class Chance {
  #state: number;

  constructor(seed: number, ...name: readonly number[]) {
    let hash = seed ^ 0x811c9dc5;
    for (const word of name) {
      hash = Math.imul(hash ^ word, 0x01000193);
      hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    }
    this.#state = hash >>> 0;
  }

  static named(seed: number, name: string): Chance {
    return new Chance(seed, ...Array.from(name, (character) => character.charCodeAt(0)));
  }

  word(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let word = this.#state;
    word = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
    return (word ^ (word >>> 15)) >>> 0;
  }
  /** A whole number from 0 to below the bound. */
  below(bound: number): number {
    return bound < 1 ? 0 : Math.floor((this.word() / 0x1_0000_0000) * bound);
  }
  hits(permille: number): boolean {
    return this.below(1000) < permille;
  }
}

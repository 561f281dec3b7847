/**
 * The always-on record of a run: 24 bytes an event {time, kind, node, peer, task, parent event}, in chunks of typed arrays. The
 * parent gives causality. Two runs of one seed have the same bytes; `hash` is over all of them, kept or not.
 */
const CHUNK = 1 << 16;
const WORDS = 6;
/** High bits of the time share a word with the kind: 2^48 µs are nine years. */
const TIME_HIGH = 0x1_0000_0000;

export interface TraceRecord {
  readonly id: number;
  readonly at_us: number;
  readonly kind: number;
  readonly node: number;
  readonly peer: number;
  readonly task: number;
  readonly parent: number;
}

export class Trace {
  readonly #keep: boolean;
  readonly #chunks: Uint32Array[] = [];
  #words = new Uint32Array(CHUNK * WORDS);
  #place = 0;
  #hashed = 0;
  #one = 0x811c9dc5;
  #two = 0x9e3779b9;
  length = 0;

  /** Without `keep` only the hash and the last chunk stay. */
  constructor(keep: boolean) {
    this.#keep = keep;
  }

  /** Absent nodes, peers and tasks are -1. Returns the id of the record, a parent of later ones. */
  push(at_us: number, kind: number, node: number, peer: number, task: number, parent: number): number {
    if (this.#place === this.#words.length) this.#next();
    const words = this.#words;
    const place = this.#place;
    // Storing takes the low 32 bits by itself.
    words[place] = at_us;
    words[place + 1] = (Math.floor(at_us / TIME_HIGH) << 16) | kind;
    words[place + 2] = node;
    words[place + 3] = peer;
    words[place + 4] = task;
    words[place + 5] = parent;
    this.#place = place + WORDS;
    return this.length++;
  }

  #next(): void {
    this.#digest();
    if (this.#keep) {
      this.#chunks.push(this.#words);
      this.#words = new Uint32Array(CHUNK * WORDS);
    }
    this.#place = 0;
    this.#hashed = 0;
  }

  #digest(): void {
    let [one, two] = [this.#one, this.#two];
    for (let index = this.#hashed; index < this.#place; index++) {
      const word = this.#words[index] ?? 0;
      one = Math.imul(one ^ word, 0x01000193);
      one ^= one >>> 15;
      two = Math.imul(two ^ word, 0x85ebca6b);
      two = (two << 13) | (two >>> 19);
    }
    [this.#one, this.#two, this.#hashed] = [one, two, this.#place];
  }

  /** 16 hex digits over every record so far. */
  get hash(): string {
    this.#digest();
    return [this.#one, this.#two].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  /** A record by its id; undefined when it was not kept. */
  at(id: number): TraceRecord | undefined {
    const chunk = Math.floor(id / CHUNK);
    const last = Math.floor((this.length - 1) / CHUNK);
    const words = chunk === last ? this.#words : this.#chunks[chunk];
    if (words === undefined || id < 0 || id >= this.length) return undefined;
    const place = (id % CHUNK) * WORDS;
    const word = (offset: number): number => words[place + offset] ?? 0;
    const high = word(1) >>> 16;
    return {
      id,
      at_us: high * TIME_HIGH + word(0),
      kind: word(1) & 0xffff,
      node: word(2) | 0,
      peer: word(3) | 0,
      task: word(4) | 0,
      parent: word(5) | 0,
    };
  }
}

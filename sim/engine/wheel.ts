/**
 * What happens next: a hierarchical timing wheel (Varghese and Lauck 1987) of 1 µs slots, with first-in-first-out lists over
 * typed arrays, so that the order (time, order of scheduling) is exact by construction and no comparison is ever made. Five
 * levels of 1,024 slots reach 35 years ahead. Nothing is ever removed: an event that no
 * longer matters finds out when it fires.
 */
const SLOTS = 1024;
const SHARE = 1 / SLOTS;
const MASK = SLOTS - 1;
const LEVELS = 5;
const WORDS = SLOTS / 32;
const NONE = -1;
const REACH = SLOTS ** LEVELS;
/** A first room for so many events; it doubles when it is full. */
const ROOM = 1024;

/** An event as it was scheduled: what it is, whom it concerns, from whom, caused by which event, carrying what. */
export interface Scheduled<P> {
  readonly kind: number;
  readonly node: number;
  readonly peer: number;
  readonly parent: number;
  readonly payload: P;
}

export class Wheel<P> {
  /** The time of the event that `step` took last, or until which it found none, in µs. */
  now = 0;
  size = 0;
  kind = 0;
  node = 0;
  peer = 0;
  parent = 0;
  payload: P;

  readonly #nothing: P;
  readonly #head = new Int32Array(LEVELS * SLOTS).fill(NONE);
  readonly #tail = new Int32Array(LEVELS * SLOTS).fill(NONE);
  readonly #filled = new Uint32Array(LEVELS * WORDS);
  /** Where the wheel stands: never after the next event, nor after now. */
  #hand = 0;
  #room = ROOM;
  #at = new Float64Array(ROOM);
  #link = new Int32Array(ROOM);
  #kinds = new Uint8Array(ROOM);
  #nodes = new Int32Array(ROOM);
  #peers = new Int32Array(ROOM);
  #parents = new Int32Array(ROOM);
  readonly #payloads: P[] = [];
  #free = NONE;
  #used = 0;

  /** `nothing`: the payload of an empty place, so that what was carried can be forgotten. */
  constructor(nothing: P) {
    this.#nothing = nothing;
    this.payload = nothing;
  }

  /** At a whole µs. What should have happened before now happens now. Throws RangeError beyond 35 years. */
  push(at: number, { kind, node, peer, parent, payload }: Scheduled<P>): void {
    if (at >= REACH) throw new RangeError(`an event at ${at} µs is beyond the wheel`);
    const index = this.#take();
    this.#at[index] = at < this.now ? this.now : at;
    this.#kinds[index] = kind;
    this.#nodes[index] = node;
    this.#peers[index] = peer;
    this.#parents[index] = parent;
    this.#payloads[index] = payload;
    this.size += 1;
    this.#place(index);
  }

  /** Takes the next event that is due by `until` and shows it in the fields above; without one, time passes until then. */
  step(until: number): boolean {
    const index = this.#earliest(until);
    if (index === NONE) {
      if (until > this.now) this.now = until;
      return false;
    }
    this.now = this.#at[index] ?? 0;
    this.kind = this.#kinds[index] ?? 0;
    this.node = this.#nodes[index] ?? 0;
    this.peer = this.#peers[index] ?? 0;
    this.parent = this.#parents[index] ?? 0;
    this.payload = this.#payloads[index] ?? this.#nothing;
    this.#payloads[index] = this.#nothing;
    this.#link[index] = this.#free;
    this.#free = index;
    this.size -= 1;
    return true;
  }

  #take(): number {
    const index = this.#free;
    if (index !== NONE) {
      this.#free = this.#link[index] ?? NONE;
      return index;
    }
    if (this.#used === this.#room) this.#grow();
    return this.#used++;
  }

  #grow(): void {
    const room = 2 * this.#room;
    this.#at = copied(this.#at, new Float64Array(room));
    this.#link = copied(this.#link, new Int32Array(room));
    this.#kinds = copied(this.#kinds, new Uint8Array(room));
    this.#nodes = copied(this.#nodes, new Int32Array(room));
    this.#peers = copied(this.#peers, new Int32Array(room));
    this.#parents = copied(this.#parents, new Int32Array(room));
    this.#room = room;
  }

  /**
   * Its level is the highest group of bits in which its time differs from the hand. So a slot of an upper level is emptied
   * into the lower ones before anything can be put there directly, and lists stay in order.
   */
  #place(index: number): void {
    const at = this.#at[index] ?? 0;
    let level = 0;
    let time = at;
    let hand = this.#hand;
    // Multiplied, not divided, and no remainder: of whole numbers both are exact, and this is the hottest line of a run.
    let above = Math.floor(time * SHARE);
    for (let standing = Math.floor(hand * SHARE); above !== standing; standing = Math.floor(hand * SHARE)) {
      level += 1;
      time = above;
      hand = standing;
      above = Math.floor(time * SHARE);
    }
    const slot = level * SLOTS + (time - above * SLOTS);
    this.#link[index] = NONE;
    const tail = this.#tail[slot] ?? NONE;
    if (tail === NONE) {
      this.#head[slot] = index;
      this.#filled[slot >>> 5] = (this.#filled[slot >>> 5] ?? 0) | (1 << (slot & 31));
    } else this.#link[tail] = index;
    this.#tail[slot] = index;
  }

  #earliest(until: number): number {
    for (;;) {
      const slot = this.#nextFilled(0, this.#hand & MASK);
      if (slot !== NONE) return this.#takeFrom(slot, until);
      if (!this.#cascade(until)) return NONE;
    }
  }

  #takeFrom(slot: number, until: number): number {
    const index = this.#head[slot] ?? NONE;
    const at = this.#at[index] ?? 0;
    if (at > until) return NONE;
    this.#hand = at;
    const next = this.#link[index] ?? NONE;
    this.#head[slot] = next;
    if (next === NONE) this.#empty(slot);
    return index;
  }

  /** Spreads the next filled slot of the lowest level that has one over the levels below it. */
  #cascade(until: number): boolean {
    let span = 1;
    for (let level = 1; level < LEVELS; level++) {
      span *= SLOTS;
      const standing = Math.floor(this.#hand / span);
      const slot = this.#nextFilled(level, (standing % SLOTS) + 1);
      if (slot === NONE) continue;
      const start = (standing - (standing % SLOTS) + (slot % SLOTS)) * span;
      if (start > until) return false;
      this.#hand = start;
      let index = this.#head[slot] ?? NONE;
      this.#empty(slot);
      while (index !== NONE) {
        const next = this.#link[index] ?? NONE;
        this.#place(index);
        index = next;
      }
      return true;
    }
    return false;
  }

  #empty(slot: number): void {
    this.#head[slot] = NONE;
    this.#tail[slot] = NONE;
    this.#filled[slot >>> 5] = (this.#filled[slot >>> 5] ?? 0) & ~(1 << (slot & 31));
  }

  /** The first filled slot of a level from its `from`th on. */
  #nextFilled(level: number, from: number): number {
    if (from >= SLOTS) return NONE;
    const base = level * WORDS;
    let word = from >>> 5;
    let bits = (this.#filled[base + word] ?? 0) & (~0 << (from & 31));
    for (;;) {
      // The lowest set bit.
      if (bits !== 0) return level * SLOTS + word * 32 + (31 - Math.clz32(bits & -bits));
      word += 1;
      if (word === WORDS) return NONE;
      bits = this.#filled[base + word] ?? 0;
    }
  }
}

function copied<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}

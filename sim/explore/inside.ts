/**
 * A digest of everything inside a machine: equal for machines that will do the same for ever after. It sees open fields only, so
 * it is of use where machines were loaded with their `#fields` turned into plain ones; it refuses others.
 *
 * Maps, sets and lists count in their order, which machines can observe. Instances of classes are told apart by identity, plain
 * objects by what is in them (the ones that machines change are held in one place each). Signed documents are their seals.
 * Functions are left out: what they close over is visited anyway. Left out too is what can have no consequence: the heap of a
 * timetable (its deadlines count, in any order); effects of the last event, which the next begins anew; and all that a conductor
 * or voter remembers once the outcome is known, when it answers nothing to anything. `locals.ts` tries these claims out.
 */
import { type Peer, Signed } from "../../protocols/mod.ts";

const LANES = [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f] as const;
const MARKS = { map: -1, set: -2, list: -3, object: -4, end: -5, again: -6, nothing: -7, asleep: -8 } as const;

export class Inside {
  readonly #words = new Map<unknown, number>();
  readonly #seen = new Map<object, number>();
  #one = 0;
  #two = 0;
  #three = 0;
  #four = 0;

  /** 128 bits, good within one process. */
  readonly print = (peer: Peer): string => {
    if (!Object.hasOwn(peer, "_post")) throw new Error("the machine is closed: load it with its fields opened");
    this.#seen.clear();
    [this.#one, this.#two, this.#three, this.#four] = LANES;
    this.#visit(peer);
    return [this.#one, this.#two, this.#three, this.#four].map((word) => (word >>> 0).toString(36)).join();
  };

  #mix(number: number): void {
    this.#one = Math.imul(this.#one ^ number, LANES[0]);
    this.#one ^= this.#one >>> 15;
    this.#two = Math.imul(this.#two ^ number, LANES[1]);
    this.#two ^= this.#two >>> 13;
    this.#three = Math.imul((this.#three << 5) ^ (this.#three >>> 27) ^ number, LANES[2]);
    this.#four = Math.imul((this.#four << 7) ^ (this.#four >>> 25) ^ number, LANES[3]) + 1;
  }

  /** Words and numbers are numbered as they come. */
  #word(value: unknown): void {
    let number = this.#words.get(value);
    if (number === undefined) {
      number = this.#words.size;
      this.#words.set(value, number);
    }
    this.#mix(number);
  }

  #visit(value: unknown): void {
    if (typeof value === "function" || value === undefined) this.#mix(MARKS.nothing);
    else if (typeof value !== "object" || value === null) this.#word(value);
    else if (value instanceof Signed) this.#word(value.seal);
    else if (Array.isArray(value)) this.#all(MARKS.list, value);
    else if (Object.getPrototypeOf(value) === Object.prototype) this.#fields(value);
    else this.#instance(value);
  }

  #instance(value: object): void {
    const known = this.#seen.get(value);
    if (known !== undefined) {
      this.#mix(MARKS.again);
      this.#mix(known);
      return;
    }
    this.#seen.set(value, this.#seen.size);
    if (value instanceof Map) this.#all(MARKS.map, value);
    else if (value instanceof Set) this.#all(MARKS.set, value);
    else if (asleep(value)) this.#mix(MARKS.asleep);
    else this.#fields(value);
  }

  #all(mark: number, values: Iterable<unknown>): void {
    this.#mix(mark);
    for (const value of values) this.#visit(value);
    this.#mix(MARKS.end);
  }

  #fields(value: object): void {
    this.#mix(MARKS.object);
    for (const [name, field] of Object.entries(value)) {
      // Whoever has a `take` may be asked for its effects later.
      if (name === "_heap" || (name === "_effects" && !("take" in value))) continue;
      this.#word(name);
      this.#visit(name === "_deadlines" && field instanceof Map ? [...field].sort(byName) : field);
    }
    this.#mix(MARKS.end);
  }
}

/** A conductor whose task is decided, or the voter of a custody that knows the outcome. */
function asleep(value: object): boolean {
  if (Object.hasOwn(value, "_floor")) return read(read(value, "_state"), "name") === "decided";
  return Object.hasOwn(value, "_votes") && read(read(value, "_custody"), "decided") !== undefined;
}

function read(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function byName([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : 1;
}

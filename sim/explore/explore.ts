/**
 * Walks through all states of a small world, nearest first, and asks of each move whether a promise broke. What it finds first
 * is therefore one of the shortest histories that break anything.
 */
import { begin } from "./begin.ts";
import { Calm } from "./calm.ts";
import type { Print } from "./locals.ts";
import type { Shop } from "./shop.ts";
import type { SmallWorld } from "./small-world.ts";
import { type Move, Space, type State } from "./space.ts";
import { StateStore } from "./store.ts";
import type { Breach } from "./witness.ts";

export interface ExploreOptions {
  readonly world: SmallWorld;
  /** A larger world is visited this far. */
  readonly states_max: number;
  /** Absent: states of a peer are told apart by their histories. */
  readonly print?: Print | undefined;
  /** Called now and then. */
  readonly progress?: ((figures: Figures) => void) | undefined;
}

export interface Figures {
  readonly states: number;
  readonly moves: number;
  /** The longest of the shortest ways to a state, in moves. */
  readonly depth: number;
  /** States with nothing in flight, from which calm led to an outcome of every acknowledged task. */
  readonly calmed: number;
  /** What the witness may have seen, in all. */
  readonly witnessed: number;
  /** States of single peers; events played on machines to find them; those of them that were tried on a second machine. */
  readonly locals: number;
  readonly plays: number;
  readonly checks: number;
  /** Mails that were taken for dead and were not. */
  readonly doubts: number;
}

export interface Exploration extends Figures {
  readonly world: SmallWorld;
  /** Nothing is left to visit. */
  readonly complete: boolean;
  readonly breach: Broken | undefined;
  readonly shop: Shop;
}
export interface Broken extends Breach {
  readonly moves: readonly Move[];
  /** So many of the moves come before the exploration began. */
  readonly peaceful: number;
  /** So many of them come when nothing goes wrong any more. */
  readonly calm: number;
}

const PROGRESS_EVERY = 1 << 14;

export function explore(options: ExploreOptions): Exploration {
  return new Walk(options).walk();
}

class Walk {
  readonly #options: ExploreOptions;
  readonly #space: Space;
  readonly #calm: Calm;
  readonly #store = new StateStore();
  readonly #beginning: ReturnType<typeof begin>;
  #moves = 0;
  #calmed = 0;
  #depth = 0;

  constructor(options: ExploreOptions) {
    const { world, print } = options;
    this.#options = options;
    this.#space = new Space(world, print);
    this.#calm = new Calm(this.#space, world);
    this.#beginning = begin(this.#space, world);
  }

  walk(): Exploration {
    const { world, states_max, progress } = this.#options;
    const store = this.#store;
    store.add(this.#beginning.state, -1);
    let level_end = 1;
    let index = 0;
    let breach: Broken | undefined;
    for (; index < store.size && breach === undefined && store.size < states_max; index++) {
      if (index === level_end) {
        this.#depth += 1;
        level_end = store.size;
      }
      breach = this.#visit(index);
      if (index % PROGRESS_EVERY === 0) progress?.(this.#figures());
    }
    const complete = breach === undefined && index === store.size;
    return { ...this.#figures(), world, complete, breach, shop: this.#space.shop };
  }

  #figures(): Figures {
    const { locals, shop } = this.#space;
    const sum = (count: (one: (typeof locals)[number]) => number) => locals.reduce((all, one) => all + count(one), 0);
    return {
      states: this.#store.size,
      moves: this.#moves,
      depth: this.#depth,
      calmed: this.#calmed,
      witnessed: shop.witness.size,
      locals: sum(({ size }) => size),
      plays: sum(({ plays }) => plays),
      checks: sum(({ checks }) => checks),
      doubts: this.#space.doubts,
    };
  }

  #visit(index: number): Broken | undefined {
    const space = this.#space;
    const state = this.#store.get(index);
    if (space.quiet(state)) {
      const breach = this.#calm.settle(state);
      this.#calmed += 1;
      if (breach !== undefined)
        return { ...this.#told(breach, index, this.#calm.moves), calm: this.#calm.moves.length };
    }
    for (const move of space.moves(state)) {
      this.#moves += 1;
      const next = space.after(state, move);
      if ("promise" in next) return this.#told(next, index, [move]);
      this.#store.add(next, index);
    }
    return undefined;
  }

  /** The moves that led here are found again between each state and the next. */
  #told(breach: Breach, index: number, last: readonly Move[]): Broken {
    const states = this.#store.path(index).map((one) => this.#store.get(one));
    const moves: Move[] = [];
    states.forEach((state, step) => {
      const next = states[step + 1];
      if (next !== undefined) moves.push(this.#between(state, next));
    });
    const peaceful = this.#beginning.moves;
    return { ...breach, moves: [...peaceful, ...moves, ...last], peaceful: peaceful.length, calm: 0 };
  }

  #between(state: State, next: State): Move {
    const text = next.join();
    for (const move of this.#space.moves(state)) {
      const after = this.#space.after(state, move);
      if (!("promise" in after) && after.join() === text) return move;
    }
    throw new Error("a state was reached by a move");
  }
}

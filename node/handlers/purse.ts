/**
 * The money of one run: what it may spend, what it has spent, and what is held for sub-tasks that are open. Asked before a sub-task is
 * submitted, so that those side by side do not each get all that is left. Knows neither time nor who is paid.
 */

/** Costs are sums of fractions: three times 0.1 is within 0.3. */
const SLACK = 1e-9;

/** What one sub-task may cost, until it is over. */
export interface Hold {
  /** Undefined: no limit. */
  readonly budget: number | undefined;
  release(): void;
}

export class Purse {
  readonly #budget: number | undefined;
  #spent = 0;
  #held = 0;

  /** `budget`: absent: no limit. */
  constructor(budget: number | undefined) {
    this.#budget = budget;
  }

  get spent(): number {
    return this.#spent;
  }

  /** What was asked for, else all that is left. Undefined: that is too much, or nothing is left. */
  hold(asked: number | undefined): Hold | undefined {
    const whole = this.#budget;
    // What is no amount the node refuses, with better words.
    if (whole === undefined || !isAmount(asked)) return { budget: asked, release: () => undefined };
    const left = Math.max(0, whole - this.#spent - this.#held);
    const budget = asked ?? left;
    const nothing = asked === undefined && whole > 0 && left <= whole * SLACK;
    if (nothing || budget > left + whole * SLACK) return undefined;
    let held = budget;
    this.#held += held;
    const release = () => {
      this.#held = Math.max(0, this.#held - held);
      held = 0;
    };
    return { budget, release };
  }

  /** False: that is more than it may. It is spent all the same. */
  spend(cost: number): boolean {
    this.#spent += cost;
    return this.#budget === undefined || this.#spent + this.#held <= this.#budget * (1 + SLACK);
  }

  /** Where the money is. */
  toString(): string {
    const held = this.#held > 0 ? `, ${this.#held} held for sub-tasks that are open` : "";
    return `${this.#spent} spent${held}`;
  }

  /** Why a sub-task cannot be had for that. */
  refusal(asked: number | undefined): string {
    const what = asked === undefined ? "another sub-task" : `a sub-task for ${asked}`;
    const hint = this.#held > 0 ? "; give each a budget of its own, or wait for those" : "";
    return `the run's budget of ${this.#budget} does not allow ${what}: ${this}${hint}`;
  }
  get excess(): string {
    return `the run's budget of ${this.#budget} is exceeded: ${this}`;
  }
}

function isAmount(asked: number | undefined): boolean {
  return asked === undefined || (typeof asked === "number" && asked >= 0);
}

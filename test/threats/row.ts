/** One line of the table of threats: what was tried, how often, and what came of it. */

export interface Row {
  readonly area: string;
  readonly attack: string;
  readonly attempted: number;
  readonly passed: number;
  /** The first few attempts that went wrong, in words. */
  readonly wrong: readonly string[];
  /** What was measured beside it. */
  readonly figures?: string;
}

const WRONG_MAX = 5;

/** Counts attempts. */
export class Tally {
  readonly #area: string;
  readonly #attack: string;
  readonly #wrong: string[] = [];
  #attempted = 0;
  #passed = 0;

  constructor(area: string, attack: string) {
    this.#area = area;
    this.#attack = attack;
  }

  /** `wrong`: why it did not pass; undefined when it did. */
  add(wrong: string | undefined): void {
    this.#attempted += 1;
    if (wrong === undefined) this.#passed += 1;
    else if (this.#wrong.length < WRONG_MAX) this.#wrong.push(wrong);
  }

  /** What another counted. */
  include({ attempted, passed, wrong }: Row): void {
    this.#attempted += attempted;
    this.#passed += passed;
    this.#wrong.push(...wrong);
  }

  row(figures?: string): Row {
    const row = {
      area: this.#area,
      attack: this.#attack,
      attempted: this.#attempted,
      passed: this.#passed,
      wrong: this.#wrong,
    };
    return figures === undefined ? row : { ...row, figures };
  }
}

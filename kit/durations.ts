/**
 * Durations as scripts write them: sums of the protocol's own, by their names in the specification's tables of limits, each with
 * an optional factor before and divisor after: `2 retry_ms + lease_ms_min / 3`. Two words mean what only a stage can say:
 * `soon`, in which a prompt answer must have come, and `moment`, after which a prompt answer would have come. Pure.
 */
import { BLOB, LIMITS, PERMISSIONS } from "../protocols/mod.ts";

export interface Pace {
  readonly soon_ms: number;
  readonly moment_ms: number;
}

const TERM = /^(?<factor>\d+)? ?(?<name>[a-z_]+)(?: ?\/ ?(?<divisor>\d+))?$/;
const NUMBERS: ReadonlyMap<string, number> = new Map(
  [LIMITS, PERMISSIONS, BLOB].flatMap((numbers) => Object.entries(numbers)),
);

/** In milliseconds, whole. Throws RangeError when the text is no such sum: a mistake in a script. */
export function durationOf(text: string, pace: Pace): number {
  const negative = text.startsWith("-");
  const sum = (negative ? text.slice(1) : text)
    .split("+")
    .map((term) => termOf(term.trim(), pace))
    .reduce((total, term) => total + term, 0);
  return negative ? -Math.ceil(sum) : Math.ceil(sum);
}

function termOf(term: string, { soon_ms, moment_ms }: Pace): number {
  const { factor = "1", name = "", divisor = "1" } = TERM.exec(term)?.groups ?? {};
  const unit = name === "soon" ? soon_ms : name === "moment" ? moment_ms : name === "ms" ? 1 : NUMBERS.get(name);
  if (unit === undefined || !(name.includes("_ms") || ["soon", "moment", "ms"].includes(name)))
    throw new RangeError(`"${term}" is no duration of the protocol`);
  return (Number(factor) * unit) / Number(divisor);
}

/** Numbers as people read them. Pure. */
import { duration } from "../cli/output.ts";

const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const PART = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });

/** `4,012`, `17.3`: whole from a hundred on. */
export function count(value: number): string {
  return (value < 100 ? PART : WHOLE).format(value);
}

export function ms(value: number): string {
  return duration(value);
}

/** A word as a shell takes it back. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

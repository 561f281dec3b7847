/** What a bench says: numbers with their targets, as a table for people and as data for programs. Pure. */
import { paint, table, visible } from "../cli/output.ts";

export interface Figure {
  /** Stable, for programs: `allocation.ratio`. */
  readonly id: string;
  readonly what: string;
  /** Null when it could not be measured; `detail` says why. */
  readonly value: number | null;
  readonly unit: string;
  /** The most, or the least, that it should be. */
  readonly target?: { readonly most: number } | { readonly least: number };
  readonly detail?: string;
}

export function metOf({ value, target }: Figure): boolean | undefined {
  if (target === undefined) return undefined;
  if (value === null) return false;
  return "most" in target ? value <= target.most : value >= target.least;
}

/** Quantiles by the nearest rank. `share` from 0 to 1. Null of nothing. */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

export function median(values: readonly number[]): number | null {
  return quantile(values, 0.5);
}

export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function figuresTable(figures: readonly Figure[]): string {
  const columns = [
    { head: "what" },
    { head: "measured", right: true },
    { head: "target", right: true },
    { head: "" },
    { head: "how" },
  ];
  return table(
    columns,
    figures.map((figure) => {
      const { what, value, unit, target, detail } = figure;
      return [
        what,
        value === null ? "-" : withUnit(value, unit),
        target === undefined
          ? ""
          : "most" in target
            ? `≤ ${withUnit(target.most, unit)}`
            : `≥ ${withUnit(target.least, unit)}`,
        verdict(metOf(figure)),
        paint("dim", visible(detail ?? "")),
      ];
    }),
  );
}

function verdict(met: boolean | undefined): string {
  if (met === undefined) return "";
  return met ? paint("green", "met") : paint("red", "MISSED");
}

function withUnit(value: number, unit: string): string {
  const digits = Number.isInteger(value) || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)}${unit === "" ? "" : ` ${unit}`}`;
}

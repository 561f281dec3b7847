/** What one look of `moot doctor` found, and how an error becomes one. */
import { Fault, messageOf } from "../../fault.ts";

export interface Finding {
  readonly name: string;
  readonly level: "ok" | "warn" | "fail";
  readonly detail: string;
  readonly remedy?: string;
}

/** Findings of one kind that are listed; the rest is counted. */
export const FINDINGS_MAX = 8;

export function failed(name: string, error: unknown, remedy: string): Finding {
  const own = error instanceof Fault ? error.remedy : undefined;
  return { name, level: "fail", detail: messageOf(error), remedy: own ?? remedy };
}

/** The first few, and how many more there are. */
export function some(name: string, findings: readonly Finding[]): readonly Finding[] {
  const more = findings.length - FINDINGS_MAX;
  if (more <= 0) return findings;
  const rest: Finding = { name, level: "fail", detail: `${more} more like these`, remedy: "mend them in the same way" };
  return [...findings.slice(0, FINDINGS_MAX), rest];
}

/** What a run of this suite has to say: one line for each check as it ends, and a table of attempted, passed and not run. */

/** One thing that was tried. */
export interface Check {
  readonly name: string;
  /** What broke, in words; nothing when it passed. */
  readonly wrong: readonly string[];
  /** What was counted or measured; names end in their unit. */
  readonly figures: Readonly<Record<string, number>>;
  /** Why it was not tried after all. What broke on the way counts nevertheless. */
  readonly not_run?: string | undefined;
  /** Made of other checks' figures: it tries nothing of its own. */
  readonly isSum?: boolean;
}

export interface Part {
  readonly name: string;
  readonly checks: readonly Check[];
  /** Why it, or the rest of it, was not tried. */
  readonly not_run?: string | undefined;
}

export interface Totals {
  readonly attempted: number;
  readonly passed: number;
}

export function totals(parts: readonly Part[]): Totals {
  const checks = parts.flatMap((part) => part.checks).filter((check) => stateOf(check) !== "not run");
  return { attempted: checks.length, passed: checks.filter((check) => stateOf(check) === "ok").length };
}

/** Why a run in which nothing is wrong shows too little. `least`: what a part has to try, when it can run. */
export function shortfalls(parts: readonly Part[], least: ReadonlyMap<string, number>): string[] {
  const tried = (part: Part) =>
    part.checks.filter((check) => check.isSum !== true && stateOf(check) !== "not run").length;
  if (parts.every((part) => tried(part) === 0)) return ["nothing was attempted"];
  return parts
    .filter((part) => part.not_run === undefined && tried(part) < (least.get(part.name) ?? 1))
    .map((part) => `${part.name}: ${tried(part)} attempted, at least ${least.get(part.name) ?? 1} are to be`);
}

function stateOf({ wrong, not_run }: Check): "ok" | "FAIL" | "not run" {
  if (wrong.length > 0) return "FAIL";
  return not_run === undefined ? "ok" : "not run";
}

export function checkText(part: string, check: Check): string {
  const { name, wrong, figures, not_run } = check;
  const numbers = Object.entries(figures).map(([key, value]) => figureText(key, value));
  const first = `${stateOf(check).padEnd(4)} ${part} ${name}: ${[...(not_run ?? "").split("\n", 1), ...numbers].filter(Boolean).join(", ")}`;
  return [first, ...wrong.map((line) => `       ${line}`)].join("\n");
}

/** `drained_ms` 1234.5 is "drained 1.2 s". */
function figureText(name: string, value: number): string {
  const [, what, unit] = /^(.*)_(ms)$/.exec(name) ?? [];
  if (what === undefined || unit === undefined) return `${value} ${name.replaceAll("_", " ")}`;
  return `${what.replaceAll("_", " ")} ${(value / 1_000).toFixed(1)} s`;
}

export function partText(part: Part): string {
  const { attempted, passed } = totals([part]);
  const left = part.checks
    .filter((check) => stateOf(check) === "not run")
    .map((check) => `${check.name} (${check.not_run})`);
  const not_run = [...(part.not_run === undefined ? [] : [part.not_run]), ...left];
  const tried = `${part.name}: attempted ${attempted}, passed ${passed}`;
  return not_run.length === 0 ? tried : `${tried}; not run: ${not_run.join(", ")}`;
}

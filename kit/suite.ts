/**
 * All scripts against one peer: which are played, how many at once, and what their verdicts mean for each clause. A script that
 * fails breaks every clause it names: a MUST fails, a SHOULD warns. A clause passes when something was played for it and nothing
 * failed; a clause of which nothing could be played is "not run", never passed.
 */
import { play, type Verdict } from "./player.ts";
import type { Requirement } from "./requirements.ts";
import type { Role, Script } from "./script.ts";
import type { Stage } from "./stage.ts";

export interface Played {
  readonly script: Script;
  readonly name: string;
  readonly verdict: Verdict;
  readonly ms: number;
  /** How it failed at first, where it was played again alone. */
  readonly first?: string;
}

export interface ClauseVerdict {
  readonly id: string;
  readonly level: Requirement["level"];
  readonly verdict: "pass" | "fail" | "warn" | "not-run";
  readonly detail?: string;
  /** Names of what was played or could not be. */
  readonly scripts: readonly string[];
}

export interface Selection {
  /** Clauses, or names of scripts; absent: all. */
  readonly only?: readonly string[] | undefined;
  readonly roles?: readonly Role[] | undefined;
}

export interface SuiteOptions extends Selection {
  readonly stage: Stage;
  /** Around further peers of the same make: what must be played alone is divided among them. */
  readonly more?: readonly Stage[] | undefined;
  readonly scripts: readonly Script[];
  readonly requirements: readonly Requirement[];
  /** Scripts that run side by side; those that must not come after. */
  readonly lanes: number;
  readonly seed: number;
  readonly signal?: AbortSignalLike | undefined;
  readonly clock: () => number;
  readonly onPlayed?: (played: Played, done: number, total: number) => void;
}
/** As much of an AbortSignal as is needed here. */
export interface AbortSignalLike {
  readonly aborted: boolean;
}

/**
 * In real time a busy machine can make a good peer late, or turn two actors' words around: what failed is played once more, alone,
 * and that verdict counts. A peer that breaks more than so many scripts is not given the time.
 */
const AGAIN_MAX = 12;

interface Turn {
  readonly script: Script;
  readonly case: string | undefined;
  readonly name: string;
  readonly seed: number;
}

export async function runSuite(options: SuiteOptions): Promise<readonly Played[]> {
  const { scripts, lanes, seed } = options;
  const turns = scripts
    .flatMap((script) => turnsOf(script))
    .map((turn, index) => ({ ...turn, seed: seed * 10_007 + index }));
  const total = turns.length;
  const played: Played[] = [];
  const run = async (queue: Turn[], stage: Stage): Promise<void> => {
    for (let turn = queue.shift(); turn !== undefined; turn = queue.shift()) {
      if (options.signal?.aborted === true) return;
      const one = await playTurn(turn, { ...options, stage });
      played.push(one);
      options.onPlayed?.(one, played.length, total);
    }
  };
  const of = (order: number): Turn[] => turns.filter(({ script }) => orderOf(script) === order);
  const abreast = (queue: Turn[], stage: Stage): Promise<unknown> => {
    const begun = queue.toSorted((one, other) => Number(other.script.long ?? false) - Number(one.script.long ?? false));
    return Promise.all(Array.from({ length: lanes }, () => run(begun, stage)));
  };
  // Whoever is free takes the next.
  const parts: ((stage: Stage) => Promise<unknown>)[] = [
    (stage) => Promise.all([abreast(of(0), stage), run(of(1), stage)]),
    (stage) => run(of(2), stage),
    (stage) => run([...of(3), ...of(4)], stage),
    async (stage) => {
      await abreast(of(5), stage);
      await run(of(6), stage);
    },
  ];
  const stages = [options.stage, ...(options.more ?? [])];
  const playOn = async (stage: Stage): Promise<void> => {
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) await part(stage);
  };
  await Promise.all(stages.map(playOn));
  return options.stage.realTime ? again(played, turns, options) : played;
}

async function again(
  played: readonly Played[],
  turns: readonly Turn[],
  options: SuiteOptions,
): Promise<readonly Played[]> {
  const failed = played.filter(({ verdict }) => verdict.type === "fail");
  const seconds = new Map<string, Played>();
  for (const one of failed.length > AGAIN_MAX ? [] : failed) {
    const turn = turns.find(({ name }) => name === one.name);
    if (turn === undefined || options.signal?.aborted === true) continue;
    const second = await playTurn({ ...turn, seed: turn.seed + turns.length }, options);
    seconds.set(one.name, { ...second, first: detailOf(one) });
    options.onPlayed?.(second, played.length, played.length);
  }
  return played.map((one) => seconds.get(one.name) ?? one);
}

/**
 * Side by side; in a row beside those, for want of places; alone; with a peer that is killed; at last with one that leaves. Those of
 * a network with roots have a peer of their own: side by side, then the rest.
 */
function orderOf({ alone, needs = [] }: Script): number {
  if (needs.includes("roots")) return alone === true || needs.includes("restart") ? 6 : 5;
  if (needs.includes("drain")) return 4;
  if (needs.includes("restart")) return 3;
  if (alone !== true) return 0;
  return needs.includes("narrow") && !needs.includes("submit") ? 1 : 2;
}

async function playTurn(turn: Turn, { stage, roles, clock }: SuiteOptions): Promise<Played> {
  const { script, name, seed } = turn;
  const began = clock();
  const skipped = roles !== undefined && !roles.includes(script.role);
  const verdict: Verdict = skipped
    ? { type: "not-run", detail: `the role ${script.role} was not asked for` }
    : await play(stage, { script, name: turn.case, seed });
  return { script, name, verdict, ms: clock() - began };
}

function turnsOf(script: Script): readonly Omit<Turn, "seed">[] {
  if (script.cases === undefined) return [{ script, case: undefined, name: script.name }];
  return Object.keys(script.cases).map((one) => ({ script, case: one, name: `${script.name} (${one})` }));
}

/** Those that a selection names. Throws RangeError, with the word, when one is neither a clause nor a script. */
export function selected(
  scripts: readonly Script[],
  requirements: readonly Requirement[],
  { only }: Selection,
): readonly Script[] {
  if (only === undefined) return scripts;
  const known = new Set([...requirements.map(({ id }) => id), ...scripts.map(({ name }) => name)]);
  const wrong = only.find((word) => !known.has(word));
  if (wrong !== undefined) throw new RangeError(wrong);
  return scripts.filter(({ name, clauses }) => only.includes(name) || clauses.some((clause) => only.includes(clause)));
}

export function verdictsOf(played: readonly Played[], requirements: readonly Requirement[]): readonly ClauseVerdict[] {
  return requirements.map(({ id, level }) => {
    const own = played.filter(({ script }) => script.clauses.includes(id));
    const scripts = own.map(({ name }) => name);
    const failed = own.find(({ verdict }) => verdict.type === "fail");
    if (failed !== undefined)
      return {
        id,
        level,
        verdict: level === "MUST" ? "fail" : "warn",
        detail: `${failed.name}: ${detailOf(failed)}`,
        scripts,
      };
    if (own.some(({ verdict }) => verdict.type === "pass")) return { id, level, verdict: "pass", scripts };
    const [first] = own;
    return {
      id,
      level,
      verdict: "not-run",
      detail: first === undefined ? "no script was chosen" : detailOf(first),
      scripts,
    };
  });
}

function detailOf({ verdict }: Played): string {
  if (verdict.type === "pass") return "";
  return verdict.type === "fail" && verdict.step > 0 ? `step ${verdict.step}: ${verdict.detail}` : verdict.detail;
}

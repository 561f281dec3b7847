/** `moot conformance`: chooses the stage, plays the scripts, prints what was found. The exit code says whether all MUSTs hold. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  NEWEST,
  type Played,
  REQUIREMENTS,
  type Requirement,
  type Role,
  runSuite,
  SCRIPTS,
  type Stage,
  selected,
  verdictsOf,
} from "../../kit/mod.ts";
import { parseNetwork } from "../../protocols/mod.ts";
import { EXIT } from "../cli/exits.ts";
import { brief, duration, paint, plural, print, table, visible } from "../cli/output.ts";
import { readNetworkKey } from "../config/mod.ts";
import { Fault, messageOf } from "../fault.ts";
import { Bar } from "../sim/progress.ts";
import { judge, parseBaseline } from "./baseline.ts";
import { type Format, jsonOf, junitOf, type Result, summaryOf, tapOf } from "./report.ts";
import { type Shim, startShim } from "./shim.ts";

export interface CheckOptions {
  readonly network?: string;
  readonly networkKey?: string;
  readonly shim?: string;
  readonly virtual?: boolean;
  readonly only?: readonly string[];
  readonly role?: readonly Role[];
  readonly format: Format;
  readonly json?: boolean;
  readonly baseline?: string;
  readonly requirements: string;
  readonly lanes: number;
  /** How many times the shim's program is started. */
  readonly peers: number;
  readonly patience: number;
  readonly seed: number;
  readonly list?: boolean;
}

const DETAIL_CHARS = 400;

/** Resolves with the exit code. Throws Fault "usage" or "network". */
export async function check(address: string | undefined, options: CheckOptions): Promise<number> {
  const requirements = requirementsOf(options.requirements);
  const scripts = scriptsOf(requirements, options);
  const format = options.json === true ? "json" : options.format;
  if (options.list === true) return list(requirements, format);
  const baseline =
    options.baseline === undefined ? new Set<string>() : parseBaseline(fileOf(options.baseline), requirements);
  const places = await placesOf(address, options);
  const { stage, peer } = places[0];
  const began = performance.now();
  const meter = new Playing();
  const bar = new Bar(meter, "moot conformance");
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once("SIGINT", interrupt);
  bar.start();
  let played: readonly Played[];
  try {
    played = await runSuite({
      stage,
      more: places.slice(1).map((place) => place.stage),
      scripts,
      requirements,
      roles: options.role,
      lanes: options.virtual === true ? 1 : options.lanes,
      seed: options.seed,
      signal: stop.signal,
      clock: () => performance.now(),
      onPlayed: (one, done, total) => meter.saw(one, done, total),
    });
  } finally {
    bar.end();
    process.off("SIGINT", interrupt);
    await Promise.all(places.map(({ close }) => close()));
  }
  const clauses = verdictsOf(played, requirements).filter(({ id }) => wanted(id, options, played));
  const judgement = judge(clauses, baseline);
  const result: Result = {
    peer,
    stage: stage.name,
    version: options.requirements,
    clauses,
    played,
    judgement,
    ms: performance.now() - began,
  };
  say(result, format);
  if (stop.signal.aborted) return EXIT.interrupted;
  return judgement.passed ? EXIT.ok : EXIT.conformance;
}

/** With `--only` the rest is not "not run", it was not asked for. */
function wanted(id: string, { only }: CheckOptions, played: readonly Played[]): boolean {
  return (
    only === undefined ||
    only.includes(id) ||
    played.some(({ script }) => only.includes(script.name) && script.clauses.includes(id))
  );
}

function requirementsOf(version: string): readonly Requirement[] {
  const found = REQUIREMENTS.get(version);
  if (found !== undefined) return found;
  const remedy = `there are: ${[...REQUIREMENTS.keys()].join(", ")} (the newest is ${NEWEST})`;
  throw new Fault("usage", `there is no set of requirements ${JSON.stringify(version)}`, { remedy });
}

function scriptsOf(requirements: readonly Requirement[], { only }: CheckOptions): ReturnType<typeof selected> {
  try {
    return selected(SCRIPTS, requirements, { only });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const remedy = "moot conformance --list shows all clauses and scripts";
    throw new Fault("usage", `${JSON.stringify(error.message)} is neither a clause nor a script`, { remedy });
  }
}

// --- where it is played ---

interface Place {
  readonly stage: Stage;
  readonly peer: string;
  readonly close: () => Promise<void>;
}

/** One, or as many as `peers` says, each around a peer that the shim's program started. */
async function placesOf(address: string | undefined, options: CheckOptions): Promise<[Place, ...Place[]]> {
  const { peers, shim, virtual } = options;
  if (peers > 1 && (shim === undefined || address !== undefined || virtual === true))
    throw new Fault("usage", "--peers needs a --shim whose program starts the peers, and no address");
  const first = await stageOf(address, options);
  const places: [Place, ...Place[]] = [first];
  try {
    while (places.length < peers) places.push(await stageOf(undefined, options));
    return places;
  } catch (error) {
    await Promise.all(places.map(({ close }) => close()));
    throw error;
  }
}

async function stageOf(address: string | undefined, options: CheckOptions): Promise<Place> {
  if (options.virtual === true) {
    const { virtualStage } = await import("./virtual.ts");
    return { stage: virtualStage(), peer: "this version's own machines", close: async () => undefined };
  }
  const shim = options.shim === undefined ? undefined : await startShim(wordsOf(options.shim));
  try {
    return await live(address, options, shim);
  } catch (error) {
    await shim?.stop();
    throw error;
  }
}

async function live(given: string | undefined, options: CheckOptions, shim: Shim | undefined): Promise<Place> {
  const address = given ?? shim?.started.address;
  if (address === undefined || !/\/p2p\/[^/]+$/.test(address))
    throw new Fault("usage", address === undefined ? "which peer?" : `${visible(address)} does not name its peer`, {
      remedy:
        "give an address such as /ip4/127.0.0.1/tcp/4001/p2p/12D3Koo…, or --shim with a program that starts a peer, or --virtual",
    });
  const network = options.network ?? shim?.started.network;
  if (network === undefined || parseNetwork(network) === undefined)
    throw new Fault("usage", "the name of the peer's network is missing, or is none", {
      remedy: "add --network <name>",
    });
  const { liveStage } = await import("./live.ts");
  const salt = randomBytes(8).toString("hex");
  try {
    const stage = await liveStage({
      address,
      network,
      networkKey: keyOf(options.networkKey ?? shim?.started.key),
      shim,
      patience_ms: options.patience,
      salt,
    });
    return { stage, peer: address, close: async () => void (await Promise.all([stage.close(), shim?.stop()])) };
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault("network", `nobody can be reached at ${visible(address)}: ${messageOf(error)}`, {
      remedy: "check that the peer runs, and that --network-key is its network's (a network without a key needs none)",
      cause: error,
    });
  }
}

function keyOf(path: string | undefined): Uint8Array | null {
  if (path === undefined) return null;
  const read = readNetworkKey(path);
  if (read.ok) return read.key.reveal();
  throw new Fault("usage", `--network-key ${read.problem}`, { remedy: read.remedy });
}

function fileOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Fault("usage", `the baseline cannot be read: ${messageOf(error)}`, {
      remedy: "name a file with one clause a line",
    });
  }
}

/** Words with spaces between them; quotes keep spaces. */
function wordsOf(command: string): readonly string[] {
  const words = [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? "",
  );
  if (words.length === 0)
    throw new Fault("usage", "--shim names no program", { remedy: 'such as --shim "node my-shim.js"' });
  return words;
}

// --- what is said ---

function list(requirements: readonly Requirement[], format: Format): number {
  const rows = requirements.map(({ id, level }) => {
    const own = SCRIPTS.filter(({ clauses }) => clauses.includes(id));
    return {
      id,
      level,
      scripts: own.map(({ name }) => name),
      needs: [...new Set(own.flatMap(({ needs = [] }) => needs))],
    };
  });
  if (format === "json") print(JSON.stringify({ clauses: rows }));
  else
    print(
      table(
        [{ head: "CLAUSE" }, { head: "LEVEL" }, { head: "SCRIPTS" }],
        rows.map(({ id, level, scripts }) => [id, level, scripts.join(", ")]),
      ),
    );
  return EXIT.ok;
}

function say(result: Result, format: Format): void {
  switch (format) {
    case "json":
      return print(jsonOf(result));
    case "tap":
      return print(tapOf(result));
    case "junit":
      return print(junitOf(result));
    case "text":
      return sayText(result);
  }
}

const MARKS = {
  pass: ["green", "pass"],
  fail: ["red", "FAIL"],
  warn: ["yellow", "warn"],
  "not-run": ["dim", "not run"],
} as const;

function sayText(result: Result): void {
  const { clauses, judgement } = result;
  const known = new Set(judgement.known);
  for (const { id, level, verdict, detail, scripts } of clauses) {
    const [style, word] = MARKS[verdict];
    const more = verdict === "pass" ? plural(scripts.length, "script") : brief(detail ?? "", DETAIL_CHARS);
    print(
      `${paint(style, word.padEnd(7))}  ${id.padEnd(11)} ${level.padEnd(6)}  ${more}${known.has(id) ? " (known)" : ""}`,
    );
  }
  const { must, should, scripts } = summaryOf(result);
  const of = ({ pass, fail, notRun }: typeof must, bad: string) => `${pass} pass, ${fail} ${bad}, ${notRun} not run`;
  print("");
  print(
    `MUST: ${of(must, "fail")}. SHOULD: ${of(should, "warn")}. ${plural(scripts.pass + scripts.fail, "script")} played in ${duration(result.ms)}.`,
  );
  const second = result.played.filter(({ first, verdict }) => first !== undefined && verdict.type === "pass");
  for (const { name, first = "" } of second)
    print(`${name} failed among the others (${brief(first, DETAIL_CHARS)}) and passed when played again alone.`);
  for (const id of judgement.stale) print(paint("red", `The baseline's ${id} no longer fails: take it out.`));
  print(judgement.passed ? paint("green", verdictText(must)) : paint("red", "The peer does not conform."));
}

/** What was not run is no proof. */
function verdictText({ notRun }: { readonly notRun: number }): string {
  return notRun === 0 ? "The peer conforms." : `Nothing failed; ${plural(notRun, "MUST")} could not be checked.`;
}

class Playing {
  #done = 0;
  #total = 1;
  #failed = 0;
  #last = "";

  get share(): number {
    return this.#done / this.#total;
  }
  get text(): string {
    const failed = this.#failed === 0 ? "" : `, ${this.#failed} failed`;
    return `${this.#done} of ${plural(this.#total, "script")}${failed} · ${this.#last}`;
  }
  saw({ name, verdict }: Played, done: number, total: number): void {
    if (verdict.type === "fail") this.#failed += 1;
    this.#done = done;
    this.#total = total;
    this.#last = name;
  }
}

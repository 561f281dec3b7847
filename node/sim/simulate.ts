/**
 * One call of `moot sim`: chooses what to run, runs it over its seeds on worker threads, and says what came out. Data goes to
 * stdout, everything else to stderr. Interrupted, it says what was done so far.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Scenario } from "../../sim/mod.ts";
import { EXIT } from "../cli/exits.ts";
import { paint, plural, print, printJson, talk } from "../cli/output.ts";
import { Fault } from "../fault.ts";
import type { CallOfSim, SimOptions } from "./call.ts";
import { type Choice, choose } from "./choice.ts";
import { commitText } from "./commit.ts";
import { realDesk, threadDesk } from "./desk.ts";
import { SIM } from "./limits.ts";
import type { Done } from "./orders.ts";
import { runAll } from "./pool.ts";
import { Bar, RunsMeter } from "./progress.ts";
import { makeReportFolder } from "./report-folder.ts";
import { shrinkFirst } from "./shrinking.ts";
import { runStudy } from "./study.ts";
import { storyText, summaryOf } from "./summary.ts";
import { type Failing, isBroken, Total } from "./total.ts";
import { shellWord } from "./words.ts";

type Runnable = Extract<Choice, { kind: "scenario" }>;

/** Resolves with the exit code. Throws Fault "usage" or "config" before anything runs, "internal" when a run breaks off. */
export async function simulate(what: string, options: SimOptions): Promise<number> {
  if (options.calibrate === true) {
    const { calibration } = await import("./calibrate.ts");
    return interruptible(calibration(options));
  }
  if (options.journal !== undefined) {
    const { judged } = await import("./judging.ts");
    return judged(options.journal, options.json === true);
  }
  const choice = choose(what, options);
  if (choice.kind === "waiting") throw new Fault("usage", `${choice.name} cannot be simulated: ${choice.why}`);
  return interruptible((signal) => {
    const call = { options, workers: options.workers ?? availableParallelism(), signal };
    return choice.kind === "study" ? runStudy(choice, call) : new Simulation(choice, call).run();
  });
}

async function interruptible(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const interrupt = new AbortController();
  const stop = () => interrupt.abort();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  try {
    return await work(interrupt.signal);
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}

class Simulation {
  readonly #choice: Runnable;
  readonly #call: CallOfSim;
  readonly #seed: number;
  readonly #first: Scenario;
  readonly #total = new Total();
  #story: readonly string[] = [];

  constructor(choice: Runnable, call: CallOfSim) {
    this.#choice = choice;
    this.#call = call;
    this.#seed = call.options.seed ?? choice.seed;
    const { runs, report } = call.options;
    if (call.options.real === true) refuseModelled(call.options);
    if (this.#seed + runs - 1 > SIM.seed)
      throw new Fault("usage", `--runs ${runs} from seed ${this.#seed} go beyond the last seed, ${SIM.seed}`);
    if (report !== undefined && runs > SIM.pages)
      throw new Fault("usage", `--report writes at most ${SIM.pages} pages`, { remedy: "give fewer --runs" });
    this.#first = choice.scenario(this.#seed);
    const agents = this.#first.peers.reduce((sum, group) => sum + group.count, 0);
    if (call.options.real === true && agents > SIM.real_agents) {
      const remedy = `give --agents ${SIM.real_agents} or fewer, or leave --real out`;
      throw new Fault("usage", `--real runs at most ${SIM.real_agents} nodes, and these are ${agents}`, { remedy });
    }
  }

  async run(): Promise<number> {
    for (const note of doubts(this.#first)) talk(`note: ${note}`);
    const { runs, report } = this.#call.options;
    if (report !== undefined) makeReportFolder(report);
    const meter = new RunsMeter({ runs, tasks: this.#first.tasks.reduce((sum, group) => sum + group.count, 0) });
    const bar = new Bar(meter);
    bar.start();
    try {
      await runAll({
        count: runs,
        workers: this.#call.workers,
        signal: this.#call.signal,
        desk: this.#call.options.real === true ? realDesk : threadDesk,
        order: (index) => this.#order(index),
        onReached: (index, reached) => meter.reached(index, reached),
        onDone: (index, result) => {
          if (result.type !== "done") return;
          this.#add(result);
          const { done, failed, cancelled, expired } = result.report.tasks;
          meter.done(index, { decided: done + failed + cancelled + expired, broken: isBroken(result.report) });
        },
      });
    } catch (error) {
      bar.end();
      this.#say(bar.passed_ms);
      throw error;
    } finally {
      bar.end();
    }
    if (this.#call.signal.aborted) talk(`interrupted: ${meter.text}`);
    if (report !== undefined && this.#total.runs > 0) talk(`written: ${plural(this.#total.runs, "page")} in ${report}`);
    this.#say(bar.passed_ms);
    return await this.#end();
  }

  #order(index: number) {
    const { report } = this.#call.options;
    const { preset, scenario } = this.#choice;
    const seed = this.#seed + index;
    const page =
      report === undefined
        ? {}
        : { page: { path: join(report, `${this.#first.name}-${seed}.html`), command: this.#command(seed) } };
    const story = preset === undefined || index > 0 ? {} : { story: preset.name };
    return { do: "run" as const, scenario: index === 0 ? this.#first : scenario(seed), ...story, ...page };
  }

  #add({ report, told }: Done): void {
    if (told.length > 0) this.#story = told;
    this.#total.add(report);
  }

  /** What was done so far. */
  #say(passed_ms: number): void {
    const report = this.#total.report(passed_ms);
    if (report === undefined) return;
    const failing = this.#total.failing.map((one) => ({ ...one, command: this.#command(one.seed) }));
    const commit = commitText();
    const naive = this.#choice.preset?.naive;
    if (this.#call.options.json === true) {
      const story = naive === undefined ? {} : { naive, story: this.#story };
      printJson({ ...report, faults: this.#choice.faults, commit, failing, ...story });
    } else {
      print(summaryOf(report, this.#choice.faults));
      if (naive !== undefined && this.#story.length > 0)
        print(storyText({ naive, lines: this.#story, seed: report.runs > 1 ? this.#seed : undefined }));
    }
    for (const note of report.notes) talk(`note: ${note}`);
    accuse(failing, commit);
  }

  #command(seed: number): string {
    const { agents, tasks, faults, real } = this.#call.options;
    const given = Object.entries({ agents, tasks, faults }).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, String(value)],
    );
    return [
      "moot",
      "sim",
      shellWord(this.#choice.what),
      "--seed",
      String(seed),
      ...given,
      ...(real === true ? ["--real"] : []),
    ].join(" ");
  }

  async #end(): Promise<number> {
    const [failing] = this.#total.failing;
    const { aborted } = this.#call.signal;
    if (this.#call.options.shrink === true && !aborted) {
      if (failing === undefined) talk("nothing was broken: there is nothing to shrink");
      else await shrinkFirst(this.#choice.scenario(failing.seed), failing, this.#call.signal);
    }
    if (failing !== undefined) return EXIT.broken;
    return aborted ? EXIT.interrupted : EXIT.ok;
  }
}

/** What only the model can do. Throws Fault "usage". */
function refuseModelled({ report, shrink }: SimOptions): void {
  for (const [name, value] of Object.entries({ report, shrink })) {
    if (value === undefined) continue;
    const remedy = `leave --${name} out, or --real`;
    throw new Fault("usage", `--${name} needs the modelled network, and --real has real nodes`, { remedy });
  }
}

const ACCUSED_MAX = 5;

/** A promise that was broken is named with all that it takes to see it again. */
function accuse(failing: readonly (Failing & { readonly command: string })[], commit: string): void {
  for (const { seed, broken, detail, command } of failing.slice(0, ACCUSED_MAX)) {
    const times = Object.entries(broken).filter(([, one]) => one > 0);
    const what = times.map(([promise, one]) => `${promise} ${plural(one, "time")}`).join(", ");
    talk(`${paint("red", "moot:", process.stderr)} seed ${seed} broke ${what}: ${detail}`);
    talk(`  commit     ${commit}`);
    talk(`  reproduce  ${command}`);
    talk(`  shrink     ${command} --shrink`);
  }
  if (failing.length > ACCUSED_MAX)
    talk(`  and ${plural(failing.length - ACCUSED_MAX, "seed")} more (--json names up to ${SIM.breaches})`);
}

/** What is allowed and was hardly meant. */
function doubts({ peers, tasks }: Scenario): readonly string[] {
  const offered = new Set(peers.filter((group) => group.count > 0).flatMap(({ skills }) => skills));
  const wanted = new Set(tasks.filter((group) => group.count > 0).map(({ skill }) => skill));
  return [...wanted]
    .filter((skill) => !offered.has(skill))
    .map((skill) => `no peer has the skill ${skill}: nobody can bid for its tasks`);
}

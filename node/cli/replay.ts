/**
 * `moot replay`: a recorded run, or a node's journal, played again. Works on files alone: no node needs to run. What it finds goes to
 * stdout, and the exit code says whether it is the same.
 */
import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { Command } from "commander";
import type { Config } from "../config/mod.ts";
import { Fault } from "../fault.ts";
import type { AgentSpec } from "../handlers/mod.ts";
import type { JournalVerdict } from "../records/journal-replay.ts";
import { findRecord } from "../records/places.ts";
import type { RecordOfRun } from "../records/reading.ts";
import type { Verdict } from "../records/replay.ts";
import { EXIT } from "./exits.ts";
import { clientOf, parseCount } from "./options.ts";
import { brief, duration, paint, plural, print, printJson, shortTask } from "./output.ts";

interface ReplayOptions {
  readonly fence?: number;
  readonly data?: string;
  readonly config?: string;
  readonly api?: string;
  readonly diff?: boolean;
  readonly json?: boolean;
  readonly live?: boolean;
  readonly verify?: boolean;
}

const EXAMPLES = `
Examples:
  $ moot replay 3fa94c --diff
  $ moot replay 3fa94c --fence 257 --data ./data
  $ moot replay 3fa94c --verify                    (asks the node for the outcome too)
  $ moot replay ./data/journal/1789000000000       (a journal, see moot up --journal)

A run is played where its record is: at the task's contractor. Tools are not called: the record answers for them.
The record of a run whose node was killed has no end: it is played up to its last whole line, and is the same so far or is not.
Exits 0 when all that was compared is as it was, 9 when something differs, 2 when there is no such record, 1 when it is damaged,
or when the run could not be run again (a program without --live, a record that was full): then nothing was compared.`;

const VALUE_CHARS = 600;

export function replayCommand(): Command {
  return new Command("replay")
    .description("play a recorded run, or a node's journal, again, and compare")
    .argument("<what>", "a task (its id, or at least 6 of its first digits), a record's file or a journal's folder")
    .option("--fence <n>", "which run of the task (default: the last)", parseCount)
    .option("--data <dir>", "the data folder (else that of --config)")
    .option("--config <file>", "the config with the agent (else that of the record, else ./moot.yaml)")
    .option("--diff", "show the first difference in full")
    .option("--live", "start programs too; they may touch the world")
    .option("--verify", "also ask the node whether the decided outcome has this record's digest")
    .option("--api <where>", "the node to ask, for --verify")
    .option("--json", "print JSON for programs")
    .addHelpText("after", EXAMPLES)
    .action(async (what: string, options: ReplayOptions) => {
      const path = existsSync(what) ? resolve(what) : undefined;
      if (path !== undefined && isJournal(path)) return await replayJournal(path, options);
      await replayTask(path ?? (await recordFile(what, options)), options);
    });
}

function isJournal(path: string): boolean {
  return statSync(path).isDirectory() || basename(dirname(dirname(path))) === "journal";
}

// --- a run ---

async function recordFile(task: string, options: ReplayOptions): Promise<string> {
  const data = options.data ?? (await configOf(options.config ?? "moot.yaml")).data;
  return findRecord(resolve(data), { task, fence: options.fence }).file;
}

async function replayTask(file: string, options: ReplayOptions): Promise<void> {
  const { readRecord } = await import("../records/reading.ts");
  const { countTools, replayRun } = await import("../records/replay.ts");
  const record = readRecord(file);
  const { header, digest, acts, end } = record;
  if (options.verify === true && digest === undefined) throw unsealed(file);
  const decided = options.verify === true ? await outcomeOf(header.task, options) : undefined;
  const verified = decided === undefined ? undefined : decided === digest;
  const { KeptBlobs } = await import("../blobs/kept.ts");
  // <data>/records/<task>/<fence>.ndjson
  const data = options.data === undefined ? dirname(dirname(dirname(resolve(file)))) : resolve(options.data);
  const blobs = new KeptBlobs(join(data, "blobs"));
  const verdict = await replayRun(record, await agentOf(record, options), { live: options.live === true, blobs });
  if (verdict.verdict === "not-run") process.exitCode = EXIT.internal;
  if (verdict.verdict === "diverged" || verified === false) process.exitCode = EXIT.diverged;
  const { task, fence, skill, agent } = header;
  const about = { task, fence, skill, agent, record: file, digest, entries: acts.length, tools: countTools(acts) };
  const ended = end === undefined ? "cut-off" : end.result.ok ? "done" : end.result.reason;
  const instead = verdict.verdict === "not-run" ? insteadOf(record) : undefined;
  if (options.json === true)
    return printJson({
      ...about,
      ended,
      ...verdict,
      ...(verified !== undefined && { verified }),
      ...(instead && { instead }),
    });
  const how = end === undefined ? "cut off, or still running" : `${ended} after ${duration(end.ms)}`;
  print(`${shortTask(task)} fence ${fence}: ${skill} by ${agent}, ${how}`);
  print(`  record   ${file}`);
  const held = `${plural(acts.length, "entry", "entries")}, ${plural(about.tools, "tool call")}`;
  print(
    `  digest   ${digest === undefined ? `none: the chain has no end; up to there, ${held}` : `${digest} (the chain is whole: ${held})`}`,
  );
  if (decided !== undefined)
    print(
      `  outcome  ${verified === true ? "has this digest" : paint("red", `has the digest ${decided}: this is not its record`)}`,
    );
  for (const line of linesOf(verdict, options.diff === true)) print(line);
  if (instead !== undefined) print(`  instead: ${instead}`);
}

/** What can be looked at when a run cannot be run again. */
function insteadOf({ file, header, digest }: RecordOfRun): string {
  const what = digest === undefined ? "what was recorded before it was cut off" : "all that was recorded, checked";
  return `read ${file} (${what}: one JSON object a line), or moot trace ${shortTask(header.task)}`;
}

function unsealed(file: string): Fault {
  return new Fault("usage", `${file} has no end, and so no digest that an outcome could have`, {
    remedy: "leave --verify away: the run was cut off, or goes on, and whatever was decided came from another run",
  });
}

/** In the config that is named, else in that of the run, else here. Throws Fault "usage" or "config". */
async function agentOf({ header }: RecordOfRun, { config }: ReplayOptions) {
  const of = header.config !== undefined && existsSync(header.config) ? header.config : undefined;
  const file = config ?? of ?? "moot.yaml";
  const { agents } = await configOf(file);
  const agent = agents.find(({ name }) => name === header.agent);
  if (agent !== undefined) return present(agent, file);
  throw new Fault("usage", `${file} has no agent ${header.agent}, which ran the task`, {
    remedy: "name the config that has it with --config",
  });
}

/** Throws Fault "config" when what it runs is not there. */
async function present(agent: AgentSpec, file: string): Promise<AgentSpec> {
  const { absentIn } = await import("../handlers/mod.ts");
  const absent = absentIn(agent.handler, agent.dir);
  if (absent === undefined) return agent;
  throw new Fault("config", `${file}: the handler of ${agent.name} ${absent.problem}`, { remedy: absent.remedy });
}

/** What other agents run may be absent. */
async function configOf(file: string): Promise<Config> {
  const { loadConfig } = await import("../config/mod.ts");
  return await loadConfig(file, { lenient: true });
}

/** The digest in the outcome that was decided. Throws Fault "usage" when there is none. */
async function outcomeOf(task: string, { api, data, config }: ReplayOptions): Promise<string> {
  const client = clientOf({ ...(api && { api }), ...(data && { data }), ...(config && { config }) });
  const { facts } = await client.facts(task);
  for (const fact of facts)
    if (fact.type === "decided" && fact.outcome.record !== undefined) return fact.outcome.record;
  throw new Fault("usage", `that node has seen no outcome of ${shortTask(task)} with a record`, {
    remedy: "ask a custodian of the task with --api",
  });
}

function linesOf(verdict: Verdict, whole: boolean): string[] {
  switch (verdict.verdict) {
    case "same":
      return [paint("green", "the same: everything that it asked, said and ended with is as recorded")];
    case "same-so-far":
      return [paint("green", "the same as far as it goes: the record was cut off, and up to there all is as recorded")];
    case "not-run":
      return [`could not be run again: ${verdict.why}`, `  remedy:  ${verdict.remedy}`];
    case "diverged": {
      const { line, why, recorded, asked, difference } = verdict.divergence;
      const lines = [paint("red", `diverged at line ${line} of the record: ${why}`)];
      lines.push(`  then  ${valueText(recorded, whole)}`, `  now   ${valueText(asked, whole)}`);
      if (whole && difference !== undefined) lines.push(...differenceLines(difference));
      return lines;
    }
  }
}

function differenceLines({ path, recorded, now }: { path: string; recorded: unknown; now: unknown }): string[] {
  return [
    `  first difference at ${path === "" ? "the whole" : path}`,
    `    - ${valueText(recorded, true)}`,
    `    + ${valueText(now, true)}`,
  ];
}

function valueText(value: unknown, whole: boolean): string {
  return value === undefined ? "(nothing)" : brief(JSON.stringify(value), whole ? 100 * VALUE_CHARS : VALUE_CHARS);
}

// --- a journal ---

async function replayJournal(path: string, options: ReplayOptions): Promise<void> {
  const { replayJournal: replay } = await import("../records/journal-replay.ts");
  const folder = statSync(path).isDirectory() ? path : dirname(path);
  const verdict = replay(folder);
  if (verdict.verdict === "diverged") process.exitCode = EXIT.diverged;
  if (options.json === true) return printJson({ journal: folder, ...verdict });
  for (const line of journalLines(verdict, folder, options.diff === true)) print(line);
}

function journalLines(
  { version, events, effects, whole, divergence }: JournalVerdict,
  folder: string,
  diff: boolean,
): string[] {
  const end = whole ? "to its end" : "to where the node was killed";
  const lines = [`${folder}: written by version ${version}, played ${end}`];
  if (divergence === undefined)
    return [...lines, paint("green", `the same: ${plural(events, "event")}, ${plural(effects, "effect")}`)];
  const { event, line, given, effect, recorded, now, difference } = divergence;
  lines.push(
    paint("red", `diverged at event ${event} (line ${line})${effect === undefined ? "" : `, effect ${effect}`}`),
    `  given ${valueText(given, diff)}`,
    `  then  ${valueText(recorded, diff)}`,
    `  now   ${valueText(now, diff)}`,
  );
  if (diff && difference !== undefined) lines.push(...differenceLines(difference));
  return lines;
}

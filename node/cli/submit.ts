/** `moot submit`: announces a task, waits for its outcome, prints it. The exit code says how it ended. */
import { Command, Option } from "commander";
import { ballotText, type Skill, type TaskId } from "../../protocols/kernel/mod.ts";
import type { Reach } from "../../protocols/mod.ts";
import type { ApiClient } from "../api/mod.ts";
import { Fault } from "../fault.ts";
import type { SubmitOptions, SubmitResult } from "../moot-node.ts";
import { whyNot } from "./account.ts";
import { dryRun } from "./dry-run.ts";
import { EXIT, exitOfOutcome } from "./exits.ts";
import {
  type ClientOptions,
  clientOf,
  collect,
  forClients,
  parseBudget,
  parseContract,
  parseCount,
  parseCustodians,
  parseDuration,
  parseSkillName,
  parseSubTasks,
  readInput,
} from "./options.ts";
import { brief, duration, paint, plural, print, printJson, shortPeer, shortTask, talk } from "./output.ts";
import { Progress } from "./progress.ts";
import { downloadAll, upload } from "./transfer.ts";

interface SubmitFlags extends ClientOptions {
  readonly input?: string;
  readonly deadline?: number;
  readonly lease?: number;
  readonly attempts?: number;
  readonly custodians?: 1 | 3 | 5;
  readonly reach?: Reach;
  readonly sealed?: boolean;
  readonly budget?: number;
  readonly subTasks?: number;
  readonly contract?: string;
  readonly stream?: boolean;
  readonly detach?: boolean;
  readonly dryRun?: boolean;
  readonly file?: readonly string[];
  readonly outputDir?: string;
}

const EXAMPLES = `
Examples:
  $ moot submit text.count@1 --input '{"text":"one two three"}'
  $ moot submit text.count@1 --input @letter.json --deadline 2m --custodians 3
  $ curl -s … | moot submit text.count@1 --input - --json | jq .result
  $ moot submit text.count@1 --dry-run
  $ moot submit video.encode@1 --input '{"width":640}' --file video=movie.mp4 --output-dir ./out

Prints the result as JSON; with --json the whole account: task, status, result or failure, contractor, attempts, timings.
Exits 3 when the task failed or was cancelled, 4 when its deadline passed or was too short for everybody who was asked,
5 when nobody bid, 130 on Ctrl-C (the task goes on).`;

/** What a run says before it ends, and the award that it says it under. */
const STREAMED: ReadonlySet<string> = new Set(["awarded", "progress", "partial"]);

export function submitCommand(): Command {
  return forClients(new Command("submit"))
    .description("announce a task, wait for its outcome and print it")
    .argument("<skill>", "what is asked for, such as text.count@1", parseSkillName)
    .option("--input <json|@file|->", "the input: JSON, a file with it, or stdin; @@file sends any file as a blob")
    .option("--file <key=path>", "a file of any size as the input's key: sent as a blob (again for more)", collect)
    .option("--output-dir <dir>", "write the blobs of the result there, as files named by their digests")
    .option("--deadline <duration>", "give up after this long (default 30s)", parseDuration)
    .option(
      "--custodians <n>",
      "peers that keep the task: 1, 3 or 5 (default 3 when as many are known)",
      parseCustodians,
    )
    .addOption(new Option("--reach <reach>", "whom to ask").choices(["auto", "directed", "wide"]))
    .option("--sealed", "bids are seen by nobody but this node")
    .option("--lease <duration>", "a contractor silent for this long is replaced (default 9s)", parseDuration)
    .option("--attempts <n>", "contractors to try before giving up (default 3)", parseCount)
    .option(
      "--budget <cost>",
      "what it may cost in all: the bid, and what its run spends (default no limit)",
      parseBudget,
    )
    .option("--sub-tasks <n>", "tasks that may come of it, at all depths (default 1024)", parseSubTasks)
    .option("--stream", "show what the run says meanwhile: lines on stderr, with --json JSON Lines before the outcome")
    .option("--detach", "print the task's id when it is stored, and do not wait")
    .option(
      "--contract <digest>",
      "only agents with this contract of the skill, as moot check prints it",
      parseContract,
    )
    .option("--dry-run", "announce nothing: show who would bid, on what terms, and who would keep it")
    .addHelpText("after", EXAMPLES)
    .action(async (skill: Skill, flags: SubmitFlags) => {
      const client = clientOf(flags);
      if (flags.dryRun === true) return rehearse(client, skill, flags);
      if (flags.input === undefined && flags.file === undefined) {
        throw new Fault("usage", "the input is missing", {
          remedy: `add --input '{"…":…}', --input @file or --input - (null if the skill needs none)`,
        });
      }
      // A first Ctrl-C waits for the task's id, so that it can be told; a second one does not.
      const stop = new AbortController();
      process.once("SIGINT", () => stop.abort());
      const input = await inputOf(client, flags);
      const task = await client.submit(optionsOf(skill, input, flags));
      if (flags.detach === true) return detached(task, flags);
      await wait({ client, task, flags, stop: stop.signal });
    });
}

/** The input as JSON, with files stored at the node and named in it. */
async function inputOf(client: ApiClient, { input = "{}", file = [] }: SubmitFlags): Promise<unknown> {
  if (input.startsWith("@@") && file.length === 0) return upload(client, input.slice(2));
  const value = input.startsWith("@@") ? undefined : await readInput(input);
  if (file.length === 0) return value;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Fault("usage", "--file needs an input that is a JSON object", {
      remedy: `give --input '{"…":…}', or none`,
    });
  const refs: [string, unknown][] = [];
  for (const text of file) {
    const [key, path] = cut(text);
    refs.push([key, await upload(client, path)]);
  }
  return { ...value, ...Object.fromEntries(refs) };
}

function cut(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  if (at > 0 && at < text.length - 1) return [text.slice(0, at), text.slice(at + 1)];
  throw new Fault("usage", `--file ${text} names no key and path`, { remedy: "give --file video=movie.mp4" });
}

function optionsOf(
  skill: Skill,
  input: unknown,
  { deadline, lease, attempts, custodians, reach, sealed, budget, subTasks, contract }: SubmitFlags,
): SubmitOptions {
  const bounds = { deadline_ms: deadline, lease_ms: lease, attempts_max: attempts, budget, sub_tasks: subTasks };
  return { skill, input, ...bounds, custodians, reach, sealed, contract };
}

/** Files are not sent for a rehearsal: an input that names some is not held against schemas. */
async function rehearse(client: ApiClient, skill: Skill, flags: SubmitFlags): Promise<void> {
  const { input, file, custodians, budget, contract, deadline: deadline_ms, json } = flags;
  const whole = file === undefined && input !== undefined && !input.startsWith("@@");
  const terms = { skill, custodians, budget, contract, deadline_ms };
  return dryRun(client, whole ? { ...terms, input: await readInput(input) } : terms, json === true);
}

function detached(task: TaskId, flags: SubmitFlags): void {
  if (flags.json === true) return printJson({ task });
  print(task);
  talk(`stored; see how it fares with: moot show ${shortTask(task)}`);
}

interface Waiting {
  readonly client: ApiClient;
  readonly task: TaskId;
  readonly flags: SubmitFlags;
  readonly stop: AbortSignal;
}

async function wait({ client, task, flags, stop }: Waiting): Promise<void> {
  const lines = flags.stream === true && flags.json === true;
  const progress = new Progress({ stream: flags.stream === true && !lines });
  progress.start();
  let outcome: SubmitResult | undefined;
  try {
    for await (const line of client.follow(task, stop)) {
      if (line.kind === "fact" && lines && STREAMED.has(line.fact.type)) printJson(line.fact);
      else if (line.kind === "fact") progress.saw(line.fact);
      else if (line.kind === "outcome") outcome = line.outcome;
      else if (line.event === "dropped") break;
      else
        throw new Fault("no-node", `lost sight of ${shortTask(task)}: ${line.message}`, {
          remedy: `its other custodians go on with it: moot show ${shortTask(task)}`,
        });
    }
    // Too slow a reader for the facts: the outcome alone will do.
    if (outcome === undefined && !stop.aborted) outcome = await client.outcome(task, stop);
  } catch (error) {
    if (!stop.aborted) throw error;
  } finally {
    progress.end();
  }
  if (outcome === undefined) return interrupted(task);
  process.exitCode = exitOfOutcome(outcome);
  const files = flags.outputDir === undefined ? [] : await downloadAll(client, outcome.result, flags.outputDir);
  if (flags.json === true) return printJson(outcome);
  tell(outcome);
  for (const file of files) talk(file);
}

function interrupted(task: TaskId): void {
  talk(`not waiting any longer; the task goes on: moot show ${shortTask(task)} or moot cancel ${shortTask(task)}`);
  process.exitCode = EXIT.interrupted;
}

function tell({ task, status, result, failure, contractor, agent, ballot, attempts, timings }: SubmitResult): void {
  if (status === "done") printJson(result ?? null);
  else talk(failure === undefined ? paint("red", status, process.stderr) : whyNot(failure, process.stderr));
  const by =
    contractor === undefined
      ? ""
      : ` by ${agent === undefined ? "" : `${brief(agent, 64)} at `}${shortPeer(contractor)}`;
  const tries = attempts > 1 ? `, ${plural(attempts, "attempt")}` : "";
  talk(
    paint(
      "dim",
      `${status}${by} in ${duration(timings.doneMs)} (task ${shortTask(task)}, ballot ${ballotText(ballot)}${tries})`,
      process.stderr,
    ),
  );
}

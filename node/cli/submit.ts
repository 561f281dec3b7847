/** `moot submit`: announces a task, waits for its outcome, prints it. The exit code says how it ended. */
import { Command, Option } from "commander";
import { ballotText, type Skill, type TaskId } from "../../protocols/kernel/mod.ts";
import type { Reach } from "../../protocols/mod.ts";
import type { ApiClient } from "../api/mod.ts";
import { Fault } from "../fault.ts";
import type { SubmitOptions, SubmitResult } from "../moot-node.ts";
import { whyNot } from "./account.ts";
import { EXIT, exitOfOutcome } from "./exits.ts";
import {
  type ClientOptions,
  clientOf,
  forClients,
  parseCount,
  parseCustodians,
  parseDuration,
  parseSkillName,
  readInput,
} from "./options.ts";
import { brief, duration, paint, plural, print, printJson, shortPeer, shortTask, table, talk } from "./output.ts";
import { Progress } from "./progress.ts";

interface SubmitFlags extends ClientOptions {
  readonly input?: string;
  readonly deadline?: number;
  readonly lease?: number;
  readonly attempts?: number;
  readonly custodians?: 1 | 3 | 5;
  readonly reach?: Reach;
  readonly sealed?: boolean;
  readonly detach?: boolean;
  readonly dryRun?: boolean;
}

const EXAMPLES = `
Examples:
  $ moot submit text.count@1 --input '{"text":"one two three"}'
  $ moot submit text.count@1 --input @letter.json --deadline 2m --custodians 3
  $ curl -s … | moot submit text.count@1 --input - --json | jq .result
  $ moot submit text.count@1 --dry-run

Prints the result as JSON; with --json the whole account: task, status, result or failure, contractor, attempts, timings.
Exits 3 when the task failed or was cancelled, 4 when its deadline passed or was too short for everybody who was asked,
5 when nobody bid, 130 on Ctrl-C (the task goes on).`;

export function submitCommand(): Command {
  return forClients(new Command("submit"))
    .description("announce a task, wait for its outcome and print it")
    .argument("<skill>", "what is asked for, such as text.count@1", parseSkillName)
    .option("--input <json|@file|->", "the input: JSON, a file with it, or stdin")
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
    .option("--detach", "print the task's id when it is stored, and do not wait")
    .option("--dry-run", "announce nothing: show who would be asked")
    .addHelpText("after", EXAMPLES)
    .action(async (skill: Skill, flags: SubmitFlags) => {
      const client = clientOf(flags);
      if (flags.dryRun === true) return dryRun(client, skill, flags);
      if (flags.input === undefined) {
        throw new Fault("usage", "the input is missing", {
          remedy: `add --input '{"…":…}', --input @file or --input - (null if the skill needs none)`,
        });
      }
      // A first Ctrl-C waits for the task's id, so that it can be told; a second one does not.
      const stop = new AbortController();
      process.once("SIGINT", () => stop.abort());
      const task = await client.submit(optionsOf(skill, await readInput(flags.input), flags));
      if (flags.detach === true) return detached(task, flags);
      await wait({ client, task, flags, stop: stop.signal });
    });
}

function optionsOf(
  skill: Skill,
  input: unknown,
  { deadline, lease, attempts, custodians, reach, sealed }: SubmitFlags,
): SubmitOptions {
  return { skill, input, deadline_ms: deadline, lease_ms: lease, attempts_max: attempts, custodians, reach, sealed };
}

async function dryRun(client: ApiClient, skill: Skill, flags: SubmitFlags): Promise<void> {
  if (flags.input !== undefined) await readInput(flags.input);
  const candidates = await client.candidates(skill);
  if (candidates.length === 0) process.exitCode = EXIT.noBids;
  if (flags.json === true) return printJson(candidates);
  if (candidates.length === 0)
    return talk(`nobody is known to have the skill ${skill}; a call would go out on its topic`);
  const columns = [
    { head: "", right: true },
    { head: "PEER" },
    { head: "AGENT" },
    { head: "COST", right: true },
    { head: "TAKES", right: true },
    { head: "LOAD", right: true },
  ];
  print(
    table(
      columns,
      candidates.map(({ peer, agent, cost, expected_ms, load_permille }, index) => [
        String(index + 1),
        peer,
        brief(agent, 40),
        String(cost),
        duration(expected_ms),
        `${load_permille / 10} %`,
      ]),
    ),
  );
  talk(paint("dim", "in the order in which they would be asked; nothing was announced", process.stderr));
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
  const progress = new Progress();
  progress.start();
  let outcome: SubmitResult | undefined;
  try {
    for await (const line of client.follow(task, stop)) {
      if (line.kind === "fact") progress.saw(line.fact);
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
  if (flags.json === true) return printJson(outcome);
  tell(outcome);
}

function interrupted(task: TaskId): void {
  talk(`not waiting any longer; the task goes on: moot show ${shortTask(task)} or moot cancel ${shortTask(task)}`);
  process.exitCode = EXIT.interrupted;
}

function tell({ task, status, result, failure, contractor, agent, ballot, attempts, timings }: SubmitResult): void {
  if (status === "done") print(JSON.stringify(result ?? null));
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

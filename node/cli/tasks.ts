/** `moot tasks`, `moot show` and `moot cancel`: what this node keeps of tasks. */
import { Command, Option } from "commander";
import { ballotText } from "../../protocols/kernel/mod.ts";
import type { AgentRow, TaskAnswer, TaskRow } from "../api/mod.ts";
import { Fault } from "../fault.ts";
import { accountOf, type Effects } from "./account.ts";
import { type ClientOptions, clientOf, forClients, parseCount } from "./options.ts";
import { duration, paint, plural, print, printJson, shortPeer, shortTask, table, talk } from "./output.ts";
import { ranHereLines, taskOf } from "./ran-here.ts";

interface TasksOptions extends ClientOptions {
  readonly state?: "open" | "decided";
  readonly limit?: number;
}

export function tasksCommand(): Command {
  return forClients(new Command("tasks"))
    .description("the tasks that this node is a custodian of")
    .addOption(new Option("--state <state>", "only these").choices(["open", "decided"]))
    .option("--limit <n>", "at most so many, the last ones", parseCount)
    .addHelpText(
      "after",
      "\nExamples:\n  $ moot tasks --state open\n  $ moot tasks --json | jq -r '.[] | select(.status == \"failed\") | .task'",
    )
    .action(async (options: TasksOptions) => {
      const { tasks, total } = await clientOf(options).tasks({ state: options.state, limit: options.limit });
      if (options.json === true) return printJson(tasks);
      if (tasks.length === 0) return talk("no tasks; submit one with: moot submit <skill> --input <json>");
      const columns = [
        { head: "TASK" },
        { head: "SKILL" },
        { head: "STATE" },
        { head: "BALLOT" },
        { head: "CONTRACTOR" },
        { head: "LEFT", right: true },
      ];
      print(table(columns, tasks.map(taskCells)));
      if (total > tasks.length) talk(`${plural(total, "task")} in all; --limit shows more`);
    });
}

function taskCells({
  task,
  skill,
  state,
  status,
  ballot,
  contractor,
  left_ms,
  done_permille,
}: TaskRow): readonly string[] {
  const progress = state === "running" && done_permille !== undefined ? ` ${done_permille / 10} %` : "";
  const shown = status === undefined ? `${state}${progress}` : paint(status === "done" ? "green" : "red", status);
  return [
    shortTask(task),
    skill,
    shown,
    ballotText(ballot),
    contractor === undefined ? "-" : shortPeer(contractor),
    status === undefined ? duration(left_ms) : "-",
  ];
}

export function showCommand(): Command {
  return forClients(new Command("show"))
    .description("one task: its state, who was asked, who refused and why, its attempts, its result or failure")
    .argument("<task>", "its id, or at least 6 of its first digits")
    .addHelpText(
      "after",
      "\nExamples:\n  $ moot show 3fa94c\n  $ moot show 3fa94c --json | jq .outcome.failure.refusals",
    )
    .action(async (id: string, options: ClientOptions) => {
      const client = clientOf(options);
      const task = await taskOf(client, id);
      if ("ranHere" in task) {
        if (options.json === true) return printJson(task);
        for (const line of ranHereLines(task)) print(line);
        return;
      }
      if (options.json === true) return printJson(task);
      const [{ peer }, agents] = [await client.status(), await client.agents(task.skill)];
      print(accountOf(task, peer, effectsOf(agents, task.skill)));
    });
}

/** Of all known agents with the skill: one that changes things is enough. */
function effectsOf(agents: readonly AgentRow[], skill: string): Effects {
  const cards = agents.flatMap(({ skills }) => skills.filter(({ name }) => name === skill));
  if (cards.length === 0) return undefined;
  return cards.every(({ effects }) => effects === "none" || effects === "read") ? "harmless" : "harmful";
}

export function cancelCommand(): Command {
  return forClients(new Command("cancel"))
    .description("ask for a task to be cancelled; a result that was decided first stands")
    .argument("<task>", "its id, or at least 6 of its first digits")
    .addHelpText(
      "after",
      "\nExamples:\n  $ moot cancel 3fa94c\n\nWaits until the cancellation is accepted, not until it is decided: see moot show.\nExits 0 also when the task was cancelled before, 3 when something else was decided first.",
    )
    .action(async (id: string, options: ClientOptions) => {
      const client = clientOf(options);
      try {
        const task = await client.cancel(id);
        if (options.json === true) return printJson({ task, accepted: true });
        talk(`${shortTask(task)}: the cancellation is accepted`);
      } catch (error) {
        if (!(error instanceof Fault) || error.code !== "already-decided") throw error;
        tellDecided(await client.task(id), options);
      }
    });
}

/** Whoever cancels twice has what they want; whoever comes too late should know what was decided. */
function tellDecided({ task, outcome }: TaskAnswer, { json }: ClientOptions): void {
  const status = outcome?.status ?? "decided";
  if (status !== "cancelled") {
    throw new Fault("already-decided", `${shortTask(task)} cannot be cancelled: it is ${status} already`, {
      remedy: `see how it ended with: moot show ${shortTask(task)}`,
      details: { task, status },
    });
  }
  if (json === true) return printJson({ task, accepted: true, status });
  talk(`${shortTask(task)}: it was cancelled already`);
}

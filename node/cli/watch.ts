/** `moot watch`: what this node observes, as it happens, until Ctrl-C or until the node ends. */
import { Command } from "commander";
import { Fault } from "../fault.ts";
import { type ClientOptions, clientOf, forClients } from "./options.ts";
import { paint, print, printJson, shortTask, talk } from "./output.ts";
import { type Mood, sentenceOf } from "./story.ts";

interface WatchOptions extends ClientOptions {
  readonly task?: string;
}

const MOODS = { good: "green", bad: "red", key: "cyan", plain: "none" } as const satisfies Record<Mood, string>;

export function watchCommand(): Command {
  return forClients(new Command("watch"))
    .description("what this node observes, as it happens; ends with Ctrl-C")
    .option("--task <task>", "only this task")
    .addHelpText("after", `\nExamples:\n  $ moot watch\n  $ moot watch --json | jq -c 'select(.type == "chosen")'`)
    .action(async (options: WatchOptions) => {
      const stop = new AbortController();
      process.once("SIGINT", () => stop.abort());
      process.once("SIGTERM", () => stop.abort());
      process.stdout.once("error", () => stop.abort());
      const lines = clientOf(options).watch({ task: options.task, signal: stop.signal });
      for await (const line of lines) {
        if (line.kind === "end") throw ended(line.event, line.message);
        if (line.kind !== "fact") continue;
        if (options.json === true) printJson(line.fact);
        else {
          const { text, mood } = sentenceOf(line.fact);
          const task = "task" in line.fact ? shortTask(line.fact.task) : "-".padEnd(12);
          print(
            `${paint("dim", new Date(line.fact.at_ms).toISOString().slice(11, 23))}  ${task}  ${paint(MOODS[mood], text)}`,
          );
        }
        if (process.stdout.writableNeedDrain) await drained(stop.signal);
      }
      if (!stop.signal.aborted) throw ended("end", "the node hung up");
      if (process.stderr.isTTY) talk("");
    });
}

/** The reader of stdout sets the pace: what waits for it waits in the node, which has a bound. */
function drained(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.once("drain", resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function ended(event: string, message: string): Fault {
  if (event === "dropped")
    return new Fault("network", `the node dropped this watch: ${message}`, {
      remedy: "read faster, or watch one task with --task",
    });
  return new Fault("no-node", `the watch ended: ${message}`, { remedy: "start the node again with moot up" });
}

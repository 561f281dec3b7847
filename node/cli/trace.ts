/** `moot trace`: what happened to a task as this node saw it, as text, facts, a Perfetto trace or a page. */
import { writeFileSync } from "node:fs";
import { Command, Option } from "commander";
import { Fault, messageOf } from "../fault.ts";
import { type ClientOptions, clientOf, forClients } from "./options.ts";
import { printJson, talk } from "./output.ts";
import { pageOf } from "./trace/html.ts";
import { perfettoOf } from "./trace/perfetto.ts";
import { tellingOf } from "./trace/text.ts";
import { timelineOf } from "./trace/timeline.ts";

interface TraceOptions extends ClientOptions {
  readonly format: "text" | "json" | "perfetto" | "html";
  readonly out?: string;
}

const EXAMPLES = `
Examples:
  $ moot trace 3fa94c
  $ moot trace 3fa94c --format html --out task.html
  $ moot trace 3fa94c --format perfetto --out task.pftrace    (open it in ui.perfetto.dev)
  $ moot trace 3fa94c --json | jq -c 'select(.type == "proposed")'

Each node has its own view: bids are seen by the conductor, runs by the contractor, votes by each custodian.`;

export function traceCommand(): Command {
  return forClients(new Command("trace"))
    .description("what happened to a task: who bid what, who won and why")
    .argument("<task>", "its id, or at least 6 of its first digits")
    .addOption(
      new Option("--format <format>", "how to tell it").choices(["text", "json", "perfetto", "html"]).default("text"),
    )
    .option("--out <file>", "write to a file instead of stdout")
    .addHelpText("after", EXAMPLES)
    .action(async (id: string, options: TraceOptions) => {
      const { task, facts } = await clientOf(options).facts(id);
      if (facts.length === 0)
        throw new Fault("unknown-task", `this node kept no facts of ${task}`, { remedy: "moot show tells its state" });
      if (options.json === true || options.format === "json") {
        if (options.out === undefined) for (const fact of facts) printJson(fact);
        else write(options.out, `${facts.map((fact) => JSON.stringify(fact)).join("\n")}\n`);
        return;
      }
      const timeline = timelineOf(task, facts);
      if (options.format === "perfetto") {
        if (options.out === undefined && process.stdout.isTTY) {
          throw new Fault("usage", "a Perfetto trace is no text", { remedy: "add --out task.pftrace" });
        }
        return write(options.out, perfettoOf(timeline));
      }
      if (options.format === "html") return write(options.out, pageOf(timeline));
      write(options.out, `${tellingOf(timeline, options.out === undefined)}\n`);
    });
}

function write(file: string | undefined, content: string | Uint8Array): void {
  if (file === undefined) {
    process.stdout.write(content);
    return;
  }
  try {
    writeFileSync(file, content);
    talk(`written: ${file}`);
  } catch (error) {
    throw new Fault("usage", `cannot write ${file}: ${messageOf(error)}`, {
      remedy: "name another file with --out",
      cause: error,
    });
  }
}

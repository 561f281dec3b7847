/**
 * The command `moot` as a tree of commands, and how one call of it ends: a code for the shell, and for whatever went wrong a
 * line that says what to do. Wakes when `run` is called; asks nothing of the environment but the process's own streams.
 */
import { Command, CommanderError } from "commander";
import { Fault, messageOf } from "../fault.ts";
import { packageVersion } from "../version.ts";
import { conformanceCommand, conformanceShimCommand } from "./conformance.ts";
import { agentsCommand, peersCommand } from "./directory.ts";
import { doctorCommand } from "./doctor.ts";
import { EXIT, EXITS_TEXT, exitOfError } from "./exits.ts";
import { initCommand } from "./init.ts";
import { paint, talk } from "./output.ts";
import { simCommand } from "./sim.ts";
import { statusCommand, stopCommand } from "./status.ts";
import { submitCommand } from "./submit.ts";
import { cancelCommand, showCommand, tasksCommand } from "./tasks.ts";
import { traceCommand } from "./trace.ts";
import { upCommand } from "./up.ts";
import { watchCommand } from "./watch.ts";

/** In the order of the help. */
const COMMANDS: readonly (() => Command)[] = [
  initCommand,
  upCommand,
  statusCommand,
  peersCommand,
  agentsCommand,
  submitCommand,
  tasksCommand,
  showCommand,
  traceCommand,
  cancelCommand,
  watchCommand,
  doctorCommand,
  simCommand,
  conformanceCommand,
  stopCommand,
];

const MORE = `
${EXITS_TEXT}

First steps:
  $ moot init my-node && cd my-node
  $ moot up                                                    (in one terminal)
  $ moot submit text.count@1 --input '{"text":"one two"}'      (in another)`;

function program(): Command {
  const root = new Command("moot")
    .description("A leaderless peer-to-peer mesh of agents: announce a task, the agents bid, one does it.")
    .version(packageVersion(), "--version", "print the version")
    .helpOption("-h, --help", "show help")
    .helpCommand("help [command]", "show help for a command")
    .addHelpText("after", MORE);
  for (const make of COMMANDS) root.addCommand(make());
  root.addCommand(conformanceShimCommand(), { hidden: true });
  for (const command of [root, ...root.commands]) quietly(command);
  return root;
}

function quietly(command: Command): void {
  command
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "moot: ")) });
  command.helpOption("-h, --help", "show help");
}

/** Runs one command line (without the program's name) and resolves with the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    if (argv.length === 0) {
      program().outputHelp({ error: true });
      return EXIT.usage;
    }
    await program().parseAsync([...argv], { from: "user" });
    return typeof process.exitCode === "number" ? process.exitCode : EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return usage(error, argv);
    tell(error, argv.includes("--json"));
    return exitOfError(error);
  }
}

/** Commander has said what was wrong; help and version were asked for. */
function usage(error: CommanderError, argv: readonly string[]): number {
  if (error.exitCode === 0) return EXIT.ok;
  const command = argv.find((word) => !word.startsWith("-"));
  const known = program().commands.some((one) => one.name() === command);
  if (error.code !== "commander.help") talk(`  try: moot ${known ? `${command} ` : ""}--help`);
  return EXIT.usage;
}

function tell(error: unknown, asJson: boolean): void {
  if (error instanceof Fault) {
    const { code, message, remedy, details } = error;
    if (asJson) return talk(JSON.stringify({ error: { code, message, remedy, details } }));
    talk(`${paint("red", "moot:", process.stderr)} ${message}`);
    if (remedy !== undefined) talk(`  remedy: ${remedy}`);
    return;
  }
  if (asJson) return talk(JSON.stringify({ error: { code: "internal", message: messageOf(error) } }));
  talk(
    `${paint("red", "moot: a bug:", process.stderr)} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  talk("  remedy: please report it with the lines above");
}

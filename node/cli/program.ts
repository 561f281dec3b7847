/**
 * The command `moot` as a tree of commands, and how one call of it ends: a code for the shell, and for whatever went wrong a
 * line that says what to do. Wakes when `run` is called; asks nothing of the environment but the process's own streams.
 */
import { Command, CommanderError } from "commander";
import { Fault, messageOf } from "../fault.ts";
import { packageVersion } from "../version.ts";
import { blobCommand } from "./blob.ts";
import { checkCommand } from "./check.ts";
import { conformanceCommand, conformanceShimCommand } from "./conformance.ts";
import { agentsCommand, peersCommand } from "./directory.ts";
import { doctorCommand } from "./doctor.ts";
import { EXIT, EXITS_TEXT, exitOfError } from "./exits.ts";
import { initCommand } from "./init.ts";
import { keysCommand } from "./keys.ts";
import { jsonText, paint, talk, visible, visibleLines } from "./output.ts";
import { replayCommand } from "./replay.ts";
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
  replayCommand,
  cancelCommand,
  watchCommand,
  blobCommand,
  checkCommand,
  doctorCommand,
  keysCommand,
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
  for (const command of [root, ...root.commands, ...root.commands.flatMap((one) => one.commands)]) quietly(command);
  return root;
}

function quietly(command: Command): void {
  command
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureOutput({ outputError: (text, write) => write(plainly(text)) })
    .helpOption("-h, --help", "show help");
  if (command.commands.length > 0) command.helpCommand("help [command]", "show help for a command");
}

/** Commander's words for what is wrong, as ours. */
function plainly(text: string): string {
  return text
    .replace(/^error: /, "moot: ")
    .replace(
      /^moot: command-argument value '(.*)' is invalid for argument '(.*?)'\./,
      "moot: '$1' is not right as <$2>.",
    );
}

/** Runs one command line (without the program's name) and resolves with the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    if (argv.length === 0) {
      program().outputHelp({ error: true });
      return EXIT.usage;
    }
    const root = program();
    await root.parseAsync(misnamed(argv, root) ?? [...argv], { from: "user" });
    return typeof process.exitCode === "number" ? process.exitCode : EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return usage(error, argv);
    tell(error, argv.includes("--json"));
    return exitOfError(error);
  }
}

/** Help for a command that is not there would be the help of all: what is not there is an error, with a suggestion. */
function misnamed(argv: readonly string[], root: Command): string[] | undefined {
  const word = argv[0] === "help" ? argv[1] : argv[0];
  if (word === undefined || word.startsWith("-") || word === "help") return undefined;
  return root.commands.some((one) => one.name() === word) ? undefined : [word];
}

/** Commander has said what was wrong; help and version were asked for. */
function usage(error: CommanderError, argv: readonly string[]): number {
  if (error.exitCode === 0) return EXIT.ok;
  const [first, second] = argv.filter((word) => !word.startsWith("-"));
  const command = first === undefined ? undefined : program().commands.find((one) => one.name() === first);
  const below = command?.commands.find((one) => one.name() === second);
  const path = [command, below].flatMap((one) => (one === undefined ? [] : `${one.name()} `)).join("");
  if (error.code !== "commander.help") talk(`  try: moot ${path}--help`);
  return EXIT.usage;
}

function tell(error: unknown, asJson: boolean): void {
  if (error instanceof Fault) {
    const { code, message, remedy, details } = error;
    if (asJson) return talk(jsonText({ error: { code, message, remedy, details } }));
    // What is wrong in a config is told in lines; everything else is one, whoever's words are in it.
    const shown = code === "config" ? visibleLines(message) : visible(message);
    talk(`${paint("red", "moot:", process.stderr)} ${shown}`);
    if (remedy !== undefined) talk(`  remedy: ${visible(remedy)}`);
    return;
  }
  if (asJson) return talk(jsonText({ error: { code: "internal", message: messageOf(error) } }));
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
  talk(`${paint("red", "moot: a bug:", process.stderr)} ${visibleLines(words)}`);
  talk("  remedy: please report it with the lines above");
}

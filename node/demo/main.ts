/**
 * The demonstration: `npm start`, `moot up --demo`. Five peers as five processes on this machine share real work, two of them are
 * killed in mid-task, and nothing is lost. Drives them as any user could: through their command line and their control API. Leaves
 * no process and no file behind, however it ends.
 */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { EXIT } from "../cli/exits.ts";
import { printJson, talk } from "../cli/output.ts";
import { Fault, messageOf } from "../fault.ts";
import { play } from "./acts.ts";
import { type Folder, readFolder } from "./folder.ts";
import { Stage } from "./stage.ts";

const HELP = `Usage: npm start -- [folder] [--json]

Five peers, five processes on this machine, share real work: statistics, key terms and summaries of the
text and source files in a folder (default: the one this program came in). Then one that works and one that
asked are killed in mid-task, and their tasks end well all the same. Takes about a minute, needs nothing
but this package, leaves nothing behind.

Options:
  --json      JSON Lines: every fact of every peer, the last line a summary
  -h, --help  this text

Exit codes: 0 all ended well · 1 something did not · 2 wrong usage, or nothing to work on · 130 interrupted`;

/** Resolves with the exit code. Throws nothing. */
export async function runDemo(argv: readonly string[] = []): Promise<number> {
  let json = false;
  try {
    const options = optionsOf(argv);
    json = options.json;
    if (options.help) {
      process.stdout.write(`${HELP}\n`);
      return EXIT.ok;
    }
    const folder = readFolder(options.folder);
    return await staged(folder, new Stage(options.json));
  } catch (error) {
    tell(error, json);
    return error instanceof Fault && error.code === "usage" ? EXIT.usage : EXIT.internal;
  }
}

interface Options {
  readonly folder: string;
  readonly json: boolean;
  readonly help: boolean;
}

function optionsOf(argv: readonly string[]): Options {
  const remedy = "npm start -- --help says what there is";
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { json: { type: "boolean", default: false }, help: { type: "boolean", short: "h", default: false } },
    });
    const [folder, ...rest] = positionals;
    if (rest.length > 0) throw new Error(`one folder at most, not ${positionals.length}`);
    return { folder: folder === undefined ? home() : resolve(folder), json: values.json, help: values.help };
  } catch (error) {
    throw new Fault("usage", messageOf(error), { remedy, cause: error });
  }
}

/** The folder of this package, from its sources or from what was built of them. */
function home(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

/** Plays under the user's hand: Ctrl-C, a closed terminal or pipe end it at once. */
async function staged(folder: Folder, stage: Stage): Promise<number> {
  const stop = new AbortController();
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const interrupt = () => stop.abort(new Fault("usage", "interrupted"));
  for (const signal of signals) process.on(signal, interrupt);
  // For good: what is written after the reader has gone must not end the program before it has cleaned up.
  process.stdout.on("error", interrupt);
  try {
    const ok = await play(folder, stage, stop.signal);
    if (!ok) talk("demo: not everything ended well: see the summary");
    return ok ? EXIT.ok : EXIT.internal;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    talk("interrupted: every peer is stopped, nothing is left");
    return EXIT.interrupted;
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}

function tell(error: unknown, json: boolean): void {
  const code = error instanceof Fault ? error.code : "internal";
  if (json) printJson({ event: "summary", ok: false, error: { code, message: messageOf(error) } });
  talk(
    `demo: ${error instanceof Fault ? error.message : error instanceof Error ? (error.stack ?? "") : String(error)}`,
  );
  if (error instanceof Fault && error.remedy !== undefined) talk(`  remedy: ${error.remedy}`);
}

if (import.meta.main) process.exitCode = await runDemo(process.argv.slice(2));

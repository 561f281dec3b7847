/**
 * `moot.yaml`, from text to a checked `Config`. All problems are found and reported together, each with file, line, column
 * and field. Reads the files that the config names (keys, schemas) but starts nothing and writes nothing.
 */
import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { Fault, messageOf, systemCode } from "../fault.ts";
import { JOURNAL_DEFAULT } from "../records/mod.ts";
import { isLoopback } from "./addresses.ts";
import { problemsOf, readDocument, wrong } from "./document.ts";
import { agentShape, apiField, joinField, listenField, shapeFor } from "./shape.ts";
import { OPEN, repeatedNames, together } from "./together.ts";
import type { Config } from "./types.ts";

const CONFIG_BYTES_MAX = 1024 * 1024;

export interface Reading {
  /** A program or module that is absent is no problem of the file: its agent fails when it is started, and the others serve. */
  readonly lenient?: boolean;
}

/** Throws Fault "config"; `details.problems` is a `Problem[]`. */
export async function loadConfig(path: string, reading: Reading = {}): Promise<Config> {
  let text: string;
  try {
    if ((await stat(path)).size > CONFIG_BYTES_MAX) throw new Error(`it is larger than ${CONFIG_BYTES_MAX} bytes`);
    text = await readFile(path, "utf8");
  } catch (error) {
    const remedy =
      systemCode(error) === "ENOENT" ? "run moot init to make one, or name another with --config" : "mend the file";
    throw new Fault("config", `cannot read the config ${path}: ${messageOf(error)}`, { remedy, cause: error });
  }
  return parseConfig(text, path, reading);
}

/** `path` is where the text came from; relative paths in it start from its folder. Throws Fault "config". */
export function parseConfig(text: string, path: string, { lenient = false }: Reading = {}): Config {
  const { tree, finder } = readDocument(text, path);
  const dir = dirname(resolve(path));
  const found = shapeFor(dir, lenient).safeParse(tree ?? {});
  const problems = [...problemsOf(found.error, finder), ...together(tree, finder)];
  if (!found.success || problems.length > 0) throw wrong(problems, path);
  const { network, listen, ...rest } = found.data;
  const key = network.key ?? null;
  const everywhere = key === null ? "/ip4/127.0.0.1/tcp/0" : "/ip4/0.0.0.0/tcp/0";
  const { name, roots = [], certificate = resolve(dir, "member.grants") } = network;
  const members = roots.length === 0 ? {} : { roots, certificate };
  return { file: resolve(path), dir, ...rest, network: { name, key, ...members }, listen: listen ?? [everywhere] };
}

/**
 * A file with one agent, or a list of them, as they would stand in a config in `dir`. Throws Fault "config", whose words name places in
 * this file.
 */
export function checkAgentsFile(text: string, path: string, dir: string): void {
  const { tree, finder } = readDocument(text, path);
  const one = agentShape(dir, false);
  const found = (Array.isArray(tree) ? z.array(one) : one).safeParse(tree ?? {});
  const problems = [...problemsOf(found.error, finder), ...repeatedNames(tree, finder)];
  if (problems.length > 0) throw wrong(problems, path);
}

/** What a command line may say instead of the file; paths in it start from the working folder. */
export interface Flags {
  readonly listen?: readonly string[];
  /** In addition to the file's. */
  readonly join?: readonly string[];
  readonly data?: string;
  readonly api?: string;
  /** Keeps a journal, whatever the file says. */
  readonly journal?: boolean;
}

/** Throws Fault "usage". */
export function withFlags(config: Config, flags: Flags): Config {
  const here = process.cwd();
  const listen = flags.listen === undefined ? config.listen : flag("--listen", listenField, flags.listen);
  const join = [...config.join, ...flag("--join", joinField, flags.join ?? [])];
  const api = flags.api === undefined ? config.api : flag("--api", apiField(here), flags.api);
  const data = flags.data === undefined ? config.data : resolve(here, flags.data);
  const open = config.network.key === null ? listen.find((address) => !isLoopback(address)) : undefined;
  if (open !== undefined) throw new Fault("usage", `--listen ${open}: no key closes the network`, { remedy: OPEN });
  const journal = flags.journal === true ? (config.journal ?? JOURNAL_DEFAULT) : config.journal;
  return { ...config, listen, join, data, api, journal };
}

function flag<T>(name: string, field: z.ZodType<T>, value: unknown): T {
  const found = field.safeParse(value);
  if (found.success) return found.data;
  const right = found.error.issues[0]?.message ?? "something else";
  throw new Fault("usage", `${name} ${String(value)} is wrong`, { remedy: `it must be ${right}` });
}

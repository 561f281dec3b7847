/** From words of the command line to values, with errors that show what would be right. Pure but for reading the input. */
import { readFileSync, statSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import { LIMITS, parseDigest, parseSkill, type Skill } from "../../protocols/kernel/mod.ts";
import { type ApiClient, connectNode } from "../api/mod.ts";
// Straight from their files: a command should not wait for libp2p and schemas to load.
import { readJson } from "../envelope/json.ts";
import { Fault, messageOf } from "../fault.ts";
import { depthOf } from "../handlers/json.ts";

const UNITS = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000 } as const;

/** `500ms`, `30s`, `1.5m`, `2h` to whole milliseconds. */
export function parseDuration(text: string): number {
  const found = /^(\d{1,12}(?:\.\d{1,6})?)\s*(ms|s|min|m|h)$/.exec(text.trim());
  const unit = found?.[2];
  if (unit === "ms" || unit === "s" || unit === "m" || unit === "min" || unit === "h") {
    const ms = Math.round(Number(found?.[1]) * UNITS[unit]);
    if (ms > LIMITS.deadline_ms_max) throw new InvalidArgumentError("It is at most 24h.");
    if (ms >= 1) return ms;
  }
  throw new InvalidArgumentError("A duration is a number and a unit, such as 500ms, 30s, 5m or 2h.");
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (/^\d{1,9}$/.test(text) && count >= 1) return count;
  throw new InvalidArgumentError("It must be a whole number from 1.");
}

export function parseSubTasks(text: string): number {
  const count = Number(text);
  if (/^\d{1,9}$/.test(text) && count <= LIMITS.sub_tasks_max) return count;
  throw new InvalidArgumentError(`It must be a whole number from 0 to ${LIMITS.sub_tasks_max}.`);
}

export function parseBudget(text: string): number {
  const cost = Number(text);
  if (/^\d{1,12}(\.\d{1,6})?$/.test(text)) return cost;
  throw new InvalidArgumentError("It must be a number from 0, in the units of cost.");
}

export function parseContract(text: string): string {
  const digest = parseDigest(text);
  if (digest !== undefined) return digest;
  throw new InvalidArgumentError("It must be the digest of a contract, 64 hex digits, as moot check prints it.");
}

export function parseCustodians(text: string): 1 | 3 | 5 {
  if (text === "1") return 1;
  if (text === "3") return 3;
  if (text === "5") return 5;
  throw new InvalidArgumentError("It must be 1, 3 or 5.");
}

export function parseSkillName(text: string): Skill {
  const skill = parseSkill(text);
  if (skill !== undefined) return skill;
  const versioned = parseSkill(`${text}@1`) === undefined ? "" : ` Did you mean ${text}@1?`;
  throw new InvalidArgumentError(
    `A skill is a lower-case dotted name and a major version, such as text.count@1.${versioned}`,
  );
}

/** The end of a help text. */
export function examples(...lines: readonly string[]): string {
  return ["", "Examples:", ...lines.map((line) => `  $ ${line}`)].join("\n");
}

export function collect(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

/** `{"a":1}`, `@file` or `-` for stdin. Throws Fault "usage" or "too-large". */
export async function readInput(text: string): Promise<unknown> {
  const [words, from] = await inputText(text);
  if (Buffer.byteLength(words) > LIMITS.body_bytes) {
    throw new Fault("too-large", `${from} is larger than ${LIMITS.body_bytes} bytes`, {
      remedy: "send it as a blob: --input @@file for the whole input, or --file key=path for a part of it",
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(words);
  } catch (error) {
    const remedy = `give JSON, such as '{"text":"hello"}'; a text needs its quotes too: '"hello"'; @file reads a file, - reads stdin`;
    throw new Fault("usage", `${from} is not JSON: ${messageOf(error)}`, { remedy, cause: error });
  }
  refuseAmbiguous(words);
  return value;
}

async function inputText(text: string): Promise<readonly [string, string]> {
  if (text === "-") return [await stdin(), "stdin"];
  if (!text.startsWith("@")) return [text, "the input"];
  const path = text.slice(1);
  try {
    if (statSync(path).size > 4 * LIMITS.body_bytes) return ["x".repeat(LIMITS.body_bytes + 1), path];
    return [readFileSync(path, "utf8"), path];
  } catch (error) {
    throw new Fault("usage", `cannot read the input ${path}: ${messageOf(error)}`, {
      remedy: "name a file that exists after the @",
      cause: error,
    });
  }
}

async function stdin(): Promise<string> {
  const chunks: Buffer[] = [];
  let size_bytes = 0;
  for await (const chunk of process.stdin) {
    const bytes = Buffer.from(chunk);
    size_bytes += bytes.length;
    chunks.push(bytes);
    if (size_bytes > LIMITS.body_bytes) break; // too large already, however much more there is
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** What every command that talks to a node understands. */
export interface ClientOptions {
  readonly json?: boolean;
  readonly api?: string;
  readonly data?: string;
  readonly config?: string;
}

export function forClients(command: Command): Command {
  return command
    .option("--json", "print JSON for programs")
    .option("--api <where>", "the node: 127.0.0.1:<port>, unix:<path> or its api.json (else MOOT_API)")
    .option("--data <dir>", "the node's data folder (else that of --config)")
    .option("--config <file>", "the node's config (else ./moot.yaml)");
}

/** Throws Fault "no-node". */
export function clientOf({ api, data, config }: ClientOptions): ApiClient {
  return connectNode({ api, data, config });
}

/** What two readers could read in two ways, or what no peer would take, is refused before it is sent. */
function refuseAmbiguous(words: string): void {
  if (depthOf(words) > LIMITS.body_depth) {
    throw new Fault("usage", `the input nests deeper than ${LIMITS.body_depth} levels`, { remedy: "flatten it" });
  }
  if (readJson(Buffer.from(words), LIMITS.body_bytes, LIMITS.body_depth) === undefined) {
    throw new Fault("usage", "the input names a key twice in one object, or has too many keys, or the key __proto__", {
      remedy: "give each key once",
    });
  }
}

/**
 * Argument injection: a real program is run for each hostile input, skill and agent name, and writes down what it was started with.
 * Its arguments are those of the configuration, its environment holds no name that was not allowed, its stdin is one JSON value that
 * equals the call, and nothing that a text asks for has happened.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { agentOf, run } from "../handlers/helpers.ts";
import { hostileTexts } from "./hostile.ts";
import { type Row, Tally } from "./row.ts";

/** As many as keep two cores busy. */
const AT_ONCE = 4;
const HUGE_CHARS = 60_000;

const PROGRAM = `#!/bin/sh
where=$(mktemp -d "$1/run.XXXXXXXX") || exit 1
printf '%s\\0' "$@" >"$where/argv"
env >"$where/environ"
cat >"$where/stdin"
printf '"%s"' "$where"
`;

/** What a shell sets by itself stands at the end. */
const ALLOWED = new Set(["PATH", "HOME", "LANG", "TMPDIR", "PWD", "OLDPWD", "SHLVL", "_"]);

export async function tryArguments(count: number): Promise<Row> {
  const dir = mkdtempSync(join(tmpdir(), "folkmoot-arguments-"));
  const canary = join(dir, "canary");
  try {
    writeFileSync(join(dir, "note.sh"), PROGRAM, { mode: 0o755 });
    const argv = [
      "./note.sh",
      dir,
      "--eval",
      `$(touch ${canary})`,
      `\`touch ${canary}\``,
      `; touch ${canary}`,
      "*",
      "-n",
      "",
    ];
    const tally = new Tally("host", "argument injection");
    const texts = hostileTexts(count, canary);
    const next = texts.entries();
    const worker = async () => {
      for (const [index, text] of next) tally.add(await tryOne({ dir, argv, text, index }));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    if (existsSync(canary) || readdirSync(dir).length !== 1) tally.add("something else ran, or left a file behind");
    return tally.row();
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Attempt {
  readonly dir: string;
  readonly argv: readonly string[];
  readonly text: string;
  readonly index: number;
}

/** Why it went wrong. */
async function tryOne({ dir, argv, text, index }: Attempt): Promise<string | undefined> {
  const skill = `${text}@1`;
  const plain = agentOf({ kind: "exec", argv }, { dir });
  const agent = { ...plain, name: text, skills: plain.skills.map((one) => ({ ...one, name: skill })) };
  const long = index % 50 === 0 ? text.repeat(HUGE_CHARS).slice(0, HUGE_CHARS) : text;
  const input = index % 3 === 0 ? text : { [text]: long, list: [text, { deep: text }], "--eval": text };
  const ran = await run(agent, { task: text, skill, input });
  if (!ran.ok) return `${JSON.stringify(text)}: ${ran.reason}: ${ran.message}`;
  if (typeof ran.output !== "string" || !ran.output.startsWith(dir))
    return `${JSON.stringify(text)}: it answered something else`;
  const where = ran.output;
  const read = (name: string) => readFileSync(join(where, name), "utf8");
  const told = { task: text, skill, input, fence: 8 };
  const wrong = judge({ argv: read("argv"), environ: read("environ"), stdin: read("stdin") }, { argv, told });
  rmSync(where, { recursive: true });
  return wrong === undefined ? undefined : `${JSON.stringify(text)}: ${wrong}`;
}

interface Noted {
  readonly argv: string;
  readonly environ: string;
  readonly stdin: string;
}

function judge(
  noted: Noted,
  { argv, told }: { readonly argv: readonly string[]; readonly told: object },
): string | undefined {
  if (
    noted.argv !==
    argv
      .slice(1)
      .map((word) => `${word}\0`)
      .join("")
  )
    return "its arguments are not those of the configuration";
  const names = noted.environ
    .split("\n")
    .filter((line) => line.includes("="))
    .map((line) => line.slice(0, line.indexOf("=")));
  const strange = names.find((name) => !ALLOWED.has(name));
  if (strange !== undefined) return `its environment holds ${strange}`;
  const said: unknown = JSON.parse(noted.stdin);
  if (typeof said !== "object" || said === null || !("deadlineMs" in said)) return "its stdin is no call";
  const { deadlineMs: _, ...rest } = said;
  // As JSON has it: a lone surrogate is one on both sides.
  return isDeepStrictEqual(rest, JSON.parse(JSON.stringify(told))) ? undefined : "its stdin differs from the call";
}

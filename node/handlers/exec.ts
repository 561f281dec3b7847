/**
 * Agents that are programs: one process per call, no shell. One JSON object on stdin, `{task, skill, input, fence,
 * deadlineMs}`; the output as JSON on stdout; exit 0 is done, 75 asks for another try, anything else failed with the
 * tail of stderr as the reason. It sees PATH, HOME, LANG, TMPDIR and what the agent's `env` names, nothing else.
 * It and all that it starts may hold `memory_mb` together, where the system tells what processes hold (`scale.ts`).
 * Blobs: each reference in the input has a local file as its `path`; a file that it leaves in the folder MOOT_SCRATCH becomes a blob where
 * its output says `{"$file": "name"}`, and the folder is removed. When the call's signal aborts, the program's whole process group gets SIGTERM, and SIGKILL after a grace.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { z } from "zod";
import { messageOf, systemCode } from "../fault.ts";
import { handOn, map, must, texts, whole } from "../fields/fields.ts";
import { wrongProgram } from "../fields/programs.ts";
import { environmentOf } from "./environment.ts";
import { ProcessGroup } from "./group.ts";
import type { Kind } from "./kind.ts";
import { HANDLER } from "./limits.ts";
import { Complaints, Output } from "./pipes.ts";
import { SCALE } from "./scale.ts";
import { bounded, excerpt } from "./text.ts";
import { type Call, type Context, CrashError, type Handler, HandlerError } from "./types.ts";

/** EX_TEMPFAIL of sysexits.h. */
const EXIT_RETRY = 75;

export interface ExecSpec {
  readonly kind: "exec";
  readonly argv: readonly string[];
  /** What the program and all that it starts may hold together; absent: the usual. */
  readonly memory_mb?: number;
}

const FORM = "a list of a program and its arguments, such as [./count.sh]";
const MAP = "a map such as { argv: [./count.sh], memory_mb: 256 }";

const argvField = texts(FORM).min(1, must(FORM));
const plain = argvField.transform((argv): ExecSpec => ({ kind: "exec", argv }));
const mapped = map(MAP, {
  argv: argvField,
  memory_mb: whole(HANDLER.exec_mb_min, HANDLER.exec_mb_max, "a whole number of megabytes").optional(),
}).transform(({ argv, memory_mb }): ExecSpec => {
  return { kind: "exec", argv, ...(memory_mb !== undefined && { memory_mb }) };
});

export const exec: Kind<ExecSpec> = {
  key: "exec",
  example: "{ exec: [./count.sh] }",
  field: () =>
    z.unknown().transform((value, context): ExecSpec => {
      const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
      const found = (isMap ? mapped : plain).safeParse(value);
      if (found.success) return found.data;
      handOn(context, found.error);
      return z.NEVER;
    }),
  absent: ({ argv }, dir) => wrongProgram(argv[0] ?? "", dir),
  make: ({ argv, memory_mb = HANDLER.exec_mb }, { dir, env }) => execHandler(argv, { cwd: dir, env, memory_mb }),
  describe: ({ argv }) => argv[0] ?? "",
};

interface ExecOptions {
  readonly cwd: string;
  /** Names of further environment variables that the program may see. */
  readonly env: readonly string[];
  readonly memory_mb: number;
}

interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** It was ended because it held more than this. */
  readonly over_mb?: number;
}

/** `argv[0]` is looked up in PATH unless it contains a slash; then it is relative to `cwd`. */
function execHandler(argv: readonly string[], options: ExecOptions): Handler {
  return {
    async run(call, context) {
      if (context.signal.aborted) throw new HandlerError("cancelled", "stopped before it started");
      const scratch = context.blobs.scratch?.();
      try {
        const input = scratch === undefined ? call.input : await scratch.localised(call.input);
        const variables = scratch === undefined ? {} : { MOOT_SCRATCH: scratch.dir };
        const child = start(argv, options, variables);
        const output = new Output();
        const complaints = new Complaints(context.progress);
        const { memory_mb } = options;
        const run = { call: { ...call, input }, context, output, complaints, memory_mb };
        const exit = await live(child, run).catch((error: unknown) => {
          throw cannotStart(argv[0] ?? "", options.cwd, error);
        });
        const said = answer(exit, output, complaints);
        return scratch === undefined ? said : await scratch.collected(said);
      } finally {
        await scratch?.remove();
      }
    },
  };
}

function start(
  argv: readonly string[],
  options: ExecOptions,
  variables: Readonly<Record<string, string>>,
): ChildProcessWithoutNullStreams {
  const [program = "", ...rest] = argv;
  try {
    return spawn(program, rest, {
      cwd: options.cwd,
      env: { ...environmentOf(options.env), ...variables },
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
    });
  } catch (error) {
    throw cannotStart(program, options.cwd, error);
  }
}

interface Run {
  readonly call: Call;
  readonly context: Context;
  readonly output: Output;
  readonly complaints: Complaints;
  readonly memory_mb: number;
}

/** From start to end of the program and its group; rejects when there never was one. */
async function live(child: ChildProcessWithoutNullStreams, run: Run): Promise<Exit> {
  const { call, context, output, complaints, memory_mb } = run;
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const group = child.pid === undefined ? undefined : new ProcessGroup(child.pid);
  const stop = () => group?.stop();
  let isOver = false;
  const over = (groups: readonly number[]) => {
    isOver = true;
    group?.kill(groups); // what leaks as fast as it can gets no grace
  };
  const limit = { limit_bytes: memory_mb * 2 ** 20, over };
  const unwatch = child.pid === undefined ? undefined : SCALE.watch(child.pid, limit);
  context.signal.addEventListener("abort", stop, { once: true });
  child.stdout.on("data", (chunk: Buffer) => {
    if (output.add(chunk)) return;
    child.stdout.destroy(); // whoever prints on gets SIGPIPE
    stop();
  });
  child.stderr.on("data", (chunk: Buffer) => complaints.add(chunk));
  for (const pipe of [child.stdin, child.stdout, child.stderr]) {
    pipe.on("error", () => undefined); // EPIPE: it need not read its input
  }
  const { task, skill, input, fence } = call;
  child.stdin.end(JSON.stringify({ task, skill, input, fence, deadlineMs: Math.floor(context.deadline_ms) }));
  try {
    const exit = await exited;
    group?.end();
    await drained(child, closed);
    return isOver ? { ...exit, over_mb: memory_mb } : exit;
  } finally {
    context.signal.removeEventListener("abort", stop);
    unwatch?.();
    group?.end();
  }
}

/** Reads what is still in the pipes, but not for ever: somebody who left the group may hold them open. */
async function drained(child: ChildProcessWithoutNullStreams, closed: Promise<void>): Promise<void> {
  const timer = setTimeout(() => {
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
  }, HANDLER.drain_ms);
  await closed;
  clearTimeout(timer);
}

function answer(exit: Exit, output: Output, complaints: Complaints): unknown {
  if (output.tooLarge) {
    throw new HandlerError("output-too-large", `it printed more than ${HANDLER.output_bytes} bytes and was stopped`);
  }
  const said = complaints.tail();
  if (exit.over_mb !== undefined) {
    const why = `it held more than ${exit.over_mb} MB of memory, and was ended with all that it had started`;
    throw new CrashError("error", bounded(said === "" ? why : `${why}: ${said}`));
  }
  if (exit.code === EXIT_RETRY)
    throw new HandlerError("retry", bounded(said === "" ? "it asked for another try" : said));
  if (exit.code !== 0) {
    const how = exit.code === null ? `was killed by ${exit.signal ?? "a signal"}` : `ended with exit code ${exit.code}`;
    const message = bounded(said === "" ? `it ${how} and said nothing on stderr` : said);
    throw exit.code === null ? new CrashError("error", message) : new HandlerError("error", message);
  }
  const text = output.text();
  if (text === undefined)
    throw new HandlerError("invalid-output", `it printed what is not UTF-8: ${excerpt(output.raw())}`);
  if (text.trim() === "")
    throw new HandlerError("invalid-output", "it printed nothing; its output must be JSON on stdout");
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new HandlerError("invalid-output", bounded(`it printed what is not JSON: ${excerpt(text.trim())}`), error);
  }
}

function cannotStart(program: string, cwd: string, error: unknown): HandlerError {
  const code = systemCode(error);
  let why = messageOf(error);
  if (!existsSync(cwd)) why = `its folder ${cwd} does not exist`;
  else if (code === "ENOENT" && program.includes("/"))
    why = `there is no such file in ${cwd}, or its #! line names none`;
  else if (code === "ENOENT") why = "no folder in PATH has it; install it, or write its path";
  else if (code === "EACCES") why = `it is not executable; run chmod +x ${program}`;
  else if (code === "ENOEXEC") why = "it is not a program; a script begins with a #! line";
  return new HandlerError("spawn", bounded(`cannot start ${program}: ${why}`), error);
}

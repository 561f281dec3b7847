/**
 * OS processes of the tests: started with a bare environment, heard line by line, and never left behind, whatever becomes of
 * the test. Knows nothing of meshes.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const MOOT = join(import.meta.dirname, "../../node/bin/moot.js");
const TAIL_CHARS = 6_000;

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface Spoken extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** A module that the process loads before the command. */
  readonly preload?: string | undefined;
  /** Words before the command: a program that goes on as it, such as one that enters a network namespace. */
  readonly enter?: readonly string[] | undefined;
}

const living = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of living) child.kill("SIGKILL");
});

/** The command `moot` as a process of its own. */
export class MootProcess {
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #wake = new Set<() => void>();
  #lines: string[] = [];
  #rest = "";
  #stderr = "";
  #over: Exit | undefined;

  constructor(words: readonly string[], { cwd, env = {}, stdin, preload, enter = [] }: StartOptions) {
    const { PATH = "", HOME = "", LANG = "C.UTF-8", TMPDIR } = process.env;
    const base = { PATH, HOME, LANG, NO_COLOR: "1", ...(TMPDIR === undefined ? {} : { TMPDIR }) };
    const before = preload === undefined ? [] : ["--import", preload];
    const [program = process.execPath, ...args] = [...enter, process.execPath, ...before, MOOT, ...words];
    const child = spawn(program, args, {
      cwd,
      env: { ...base, ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child = child;
    living.add(child);
    child.stdin.on("error", () => undefined); // it may end before it reads
    child.stdin.end(stdin ?? "");
    child.stdout.setEncoding("utf8").on("data", (text: string) => this.#heard(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    this.exited = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        living.delete(child);
        this.#over = { code, signal };
        this.#rouse();
        resolve(this.#over);
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }
  get over(): Exit | undefined {
    return this.#over;
  }
  /** Whole lines of stdout so far. */
  get lines(): readonly string[] {
    return this.#lines;
  }
  get stderr(): string {
    return this.#stderr;
  }
  /** The end of what it said on stderr. */
  get tail(): string {
    return this.#stderr.slice(-TAIL_CHARS);
  }

  /** The first line of stdout that the function makes something of. Rejects when the process ends without one. */
  line<T>(find: (line: string) => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const look = () => {
        for (const line of this.#lines) {
          const found = find(line);
          if (found === undefined) continue;
          this.#wake.delete(look);
          return resolve(found);
        }
        if (this.#over === undefined) return;
        this.#wake.delete(look);
        reject(new Error(`it ended with ${JSON.stringify(this.#over)} and said:\n${this.#stderr}`));
      };
      this.#wake.add(look);
      look();
    });
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#over === undefined) this.#child.kill(signal);
  }

  async spoken(): Promise<Spoken> {
    const exit = await this.exited;
    const lines = this.#rest === "" ? this.#lines : [...this.#lines, this.#rest];
    return { ...exit, stdout: lines.join("\n"), stderr: this.#stderr };
  }

  #heard(text: string): void {
    const pieces = (this.#rest + text).split("\n");
    this.#rest = pieces.pop() ?? "";
    this.#lines.push(...pieces);
    this.#rouse();
  }

  #rouse(): void {
    for (const look of [...this.#wake]) look();
  }
}

/** Runs one command to its end. */
export function moot(words: readonly string[], options: StartOptions): Promise<Spoken> {
  return new MootProcess(words, options).spoken();
}

/** Running: not gone, and not a zombie that waits for its parent. */
export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return processes().some((one) => one.pid === pid);
}

/** Running processes with this text in their command line. */
export function processesWith(text: string): readonly number[] {
  return processes()
    .filter(({ pid, command }) => pid !== process.pid && command.includes(text))
    .map(({ pid }) => pid);
}

interface Listed {
  readonly pid: number;
  readonly command: string;
}

function processes(): Listed[] {
  if (existsSync("/proc/self/cmdline")) return readdirSync("/proc").flatMap(listed);
  const text = execFileSync("ps", ["-A", "-ww", "-o", "pid=,stat=,args="], { encoding: "utf8" });
  return text.split("\n").flatMap((line) => {
    const [, pid, stat, command] = /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (stat === undefined || stat.startsWith("Z")) return [];
    return [{ pid: Number(pid), command: command ?? "" }];
  });
}

function listed(name: string): Listed[] {
  if (!/^\d+$/.test(name)) return [];
  try {
    // A zombie's is empty.
    const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
    return command === "" ? [] : [{ pid: Number(name), command }];
  } catch {
    return []; // gone meanwhile
  }
}

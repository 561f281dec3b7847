/**
 * A page of documentation as something that can be done: files to write, commands to run, and what they print. A block after a line that
 * names a file (its last words in backticks and a colon), or beside its language, is that file; a `console` block has commands after `$ ` and what they print,
 * where `…` stands for anything. `node …` and `moot up` stay, as in a terminal of their own; everything else runs to its end.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

export type Step =
  | { readonly type: "file"; readonly name: string; readonly body: string }
  | { readonly type: "run"; readonly command: string; readonly shown: readonly string[] }
  /** Not of the story: a configuration to look at. */
  | { readonly type: "sample"; readonly language: string; readonly body: string };

const BLOCK = /([^\n]*)\n+```(\w+)(?: ([\w./-]+))?\n(.*?)```/gs;
const FILE = /`([\w./-]+)`(?:, [^`]*)?:$/;
const STAYS = /^(node|moot up)\b/;
const PATIENCE_MS = 20_000;
const MODULES = join(import.meta.dirname, "../../node_modules");
const MOOT = join(import.meta.dirname, "../../node/bin/moot.js");

export function stepsOf(markdown: string): Step[] {
  return [...markdown.matchAll(BLOCK)].flatMap(([, before = "", language = "", named, body = ""]): Step[] => {
    if (language === "console") return commandsOf(body);
    const name = named ?? FILE.exec(before)?.[1];
    return name === undefined ? [{ type: "sample", language, body }] : [{ type: "file", name, body }];
  });
}

function commandsOf(body: string): Step[] {
  const steps: { type: "run"; command: string; shown: string[] }[] = [];
  for (const line of body.trimEnd().split("\n")) {
    if (line.startsWith("$ ")) steps.push({ type: "run", command: line.slice(2), shown: [] });
    else steps.at(-1)?.shown.push(line);
  }
  return steps;
}

/** The page with its ports, which may be taken, replaced by free ones. */
export async function withFreePorts(markdown: string): Promise<string> {
  let page = markdown;
  for (const port of new Set([...markdown.matchAll(/127\.0\.0\.1:(\d{4,5})/g)].map(([, found = ""]) => found)))
    page = page.replaceAll(new RegExp(`\\b${port}\\b`, "g"), String(await freePort()));
  return page;
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** Whether this is what a page shows. A line `…` is any lines, `…` in a line any characters. */
export function fits(printed: string, shown: readonly string[]): boolean {
  const source = shown.map((line) => (line === "…" ? "(?:[^\\n]*\\n)*" : `${pattern(line)}\\n`)).join("");
  return new RegExp(`^${source}$`).test(printed.endsWith("\n") || printed === "" ? printed : `${printed}\n`);
}

function pattern(line: string): string {
  return line.split("…").map(RegExp.escape).join("[^\\n]*");
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<number>;
  printed: string;
}

/** A folder, an environment, and what runs in it. */
export class Terminal {
  readonly dir = mkdtempSync(join(tmpdir(), "folkmoot-page-"));
  readonly #env: Record<string, string>;
  readonly #staying = new Set<Running>();
  #status = 0;

  constructor() {
    const bin = join(this.dir, ".bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "moot"), `#!/bin/sh\nexec '${process.execPath}' '${MOOT}' "$@"\n`, { mode: 0o755 });
    const { PATH = "", HOME = "", LANG = "C.UTF-8" } = process.env;
    const path = [bin, dirname(process.execPath), PATH].join(delimiter);
    this.#env = { PATH: path, HOME, LANG, NO_COLOR: "1" };
  }

  write(name: string, body: string): void {
    mkdirSync(dirname(join(this.dir, name)), { recursive: true });
    writeFileSync(join(this.dir, name), body);
  }

  /** Does what a reader would do. Rejects when something else is printed than the page shows. */
  async run(command: string, shown: readonly string[]): Promise<void> {
    const [, name, value] = /^export (\w+)=(.*)$/.exec(command) ?? [];
    if (name !== undefined && value !== undefined) {
      this.#env[name] = value;
      return;
    }
    if (command === "echo $?") return this.#compare({ command, printed: `${this.#status}\n`, shown });
    // The same packages, without a network: those of this project.
    if (command.startsWith("npm install ")) return symlinkSync(MODULES, join(this.dir, "node_modules"));
    const running = this.#start(command);
    if (STAYS.test(command)) return await this.#stays(running, { command, shown });
    this.#status = await running.ended;
    this.#compare({ command, printed: running.printed, shown });
  }

  async close(): Promise<void> {
    for (const { child } of this.#staying) kill(child);
    await Promise.all([...this.#staying].map(({ ended }) => ended));
    rmSync(this.dir, { recursive: true, force: true });
  }

  #start(command: string): Running {
    const child = spawn("sh", ["-c", `exec 2>&1\n${command}`], {
      cwd: this.dir,
      env: this.#env,
      detached: true,
      stdio: ["ignore", "pipe", "ignore"],
    });
    const ended = new Promise<number>((resolve) => child.once("close", (code) => resolve(code ?? -1)));
    const running: Running = { child, ended, printed: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      running.printed += text;
    });
    this.#staying.add(running);
    ended.then(() => this.#staying.delete(running));
    return running;
  }

  async #stays(running: Running, { command, shown }: { command: string; shown: readonly string[] }): Promise<void> {
    const { promise: ready, resolve } = Promise.withResolvers<void>();
    const look = () => fits(running.printed, shown) && resolve();
    running.child.stdout?.on("data", look);
    const late = setTimeout(resolve, PATIENCE_MS);
    await Promise.race([ready, running.ended]);
    clearTimeout(late);
    this.#compare({ command, printed: running.printed, shown });
  }

  #compare({ command, printed, shown }: { command: string; printed: string; shown: readonly string[] }): void {
    if (fits(printed, shown)) return;
    throw new Error(`$ ${command}\nprints:\n${printed}\nand the page shows:\n${shown.join("\n")}`);
  }
}

function kill(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

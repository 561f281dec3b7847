/**
 * The connection to an MCP server that is a program: one line of JSON for each message, on its stdin and stdout. The program leads a
 * process group that ends with the connection, sees the environment that an agent's program sees, and may not say more at once than
 * a streamed answer. Lines that are no messages are passed over. Which messages are said is the SDK's.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { type JSONRPCMessage, ReadBuffer, serializeMessage, type Transport } from "@modelcontextprotocol/client";
import { messageOf } from "../fault.ts";
import { ProcessGroup } from "./group.ts";
import { HANDLER } from "./limits.ts";
import { Complaints } from "./pipes.ts";
import { bounded } from "./text.ts";
import { HandlerError } from "./types.ts";

export interface Program {
  readonly argv: readonly string[];
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
}

export class ProgramTransport implements Transport {
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onmessage?: ((message: JSONRPCMessage) => void) | undefined;
  /** It said more than it may. */
  tooLarge = false;
  readonly #program: Program;
  readonly #buffer = new ReadBuffer({ maxBufferSize: HANDLER.stream_bytes });
  readonly #complaints = new Complaints(() => undefined);
  readonly #gone = Promise.withResolvers<void>();
  /** Its pipes are read to their end. */
  readonly #silent = Promise.withResolvers<void>();
  #child: ChildProcessWithoutNullStreams | undefined;
  #group: ProcessGroup | undefined;
  #how = "";
  #drained: Promise<void> | undefined;

  constructor(program: Program) {
    this.#program = program;
  }

  /** By these two the SDK knows a program from a URL: its silence means an older server, not an outage. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }
  readonly stderr = null;

  /** How it ended, with its last words on stderr. */
  get end(): string {
    const said = this.#complaints.tail();
    return said === "" ? this.#how : `${this.#how}: ${said}`;
  }

  async start(): Promise<void> {
    const { argv, dir, env } = this.#program;
    const [program = "", ...rest] = argv;
    const child = spawn(program, rest, { cwd: dir, env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
    this.#child = child;
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.on("error", () => undefined); // its end says it all
    child.stdout.on("data", (chunk: Buffer) => this.#heard(chunk));
    child.stderr.on("data", (chunk: Buffer) => this.#complaints.add(chunk));
    child.once("exit", (code, signal) => this.#ended(code === null ? `killed by ${signal}` : `exit code ${code}`));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    child.once("spawn", resolve);
    child.once("error", (error) => {
      this.#gone.resolve();
      reject(new HandlerError("spawn", bounded(`cannot start ${program}: ${messageOf(error)}`), error));
    });
    if (child.pid !== undefined) this.#group = new ProcessGroup(child.pid);
    await promise;
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const stdin = this.#child?.stdin;
    if (stdin === undefined || !stdin.writable) throw new Error("the server has ended");
    const error = await new Promise<Error | null | undefined>((resolve) => {
      stdin.write(serializeMessage(message), resolve);
    });
    if (!error) return;
    // It ends, or has closed its stdin: how it ended says more than a broken pipe.
    const timer = setTimeout(() => this.#silent.resolve(), HANDLER.grace_ms);
    await this.#silent.promise;
    clearTimeout(timer);
    throw error;
  }

  /** Resolves when the program is gone: at once for one that ends with its stdin, after a grace for one that does not. */
  async close(): Promise<void> {
    if (this.#child === undefined) return;
    this.#child.stdin.end();
    this.#group?.stop();
    await this.#gone.promise;
  }

  #heard(chunk: Buffer): void {
    try {
      this.#buffer.append(chunk);
    } catch {
      this.tooLarge = true;
      this.#child?.stdout.destroy();
      this.#group?.stop();
      return;
    }
    this.#drained ??= this.#drain().finally(() => {
      this.#drained = undefined;
    });
  }

  /** Hands on what came. The SDK listens to a notification a little later than to an answer: progress said before it comes before it. */
  async #drain(): Promise<void> {
    for (;;) {
      try {
        const message = this.#buffer.readMessage();
        if (message === null) return;
        this.onmessage?.(message);
        if (!("id" in message)) await new Promise<void>((resolve) => setImmediate(resolve));
      } catch (error) {
        this.onerror?.(error instanceof Error ? error : new Error(messageOf(error)));
      }
    }
  }

  #ended(how: string): void {
    this.#how = how;
    this.#group?.end();
    this.#gone.resolve();
    // What it said last is still in the pipes; whoever left its group may hold them open.
    const child = this.#child;
    const timer = setTimeout(() => [child?.stdout, child?.stderr].map((pipe) => pipe?.destroy()), HANDLER.drain_ms);
    child?.once("close", () => {
      clearTimeout(timer);
      this.#silent.resolve();
      const over = () => this.onclose?.();
      (this.#drained ?? Promise.resolve()).then(over, over);
    });
  }
}

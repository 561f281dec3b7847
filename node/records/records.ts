/**
 * The records of a node's runs: `<data>/records/<task>/<fence>.ndjson`, one hash-linked file per run, written as the run goes on and
 * synced before its end is told. Woken by the runs. Keeps the newest that fit; a run whose record cannot be written goes on without.
 */
import { closeSync, fsync, mkdirSync, openSync, renameSync, rmdirSync, rmSync, writeSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Digest, parseTaskId } from "../../protocols/kernel/mod.ts";
import { Fault, messageOf, systemCode } from "../fault.ts";
import { makeFolder } from "../folder.ts";
import { type AgentSpec, describe, type Entry, HANDLER, type Ran } from "../handlers/mod.ts";
import { Chain } from "./chain.ts";
import { RECORDS } from "./limits.ts";
import { fileOf, folderOf, recordsIn } from "./places.ts";
import type { End, Header } from "./shapes.ts";
import { trimmed } from "./trimming.ts";

const sync = promisify(fsync);

export interface RecordsOptions {
  readonly data: string;
  /** The configuration that the agents come from. */
  readonly config?: string | undefined;
  readonly max_bytes: number;
  readonly retention_ms: number;
  /** The disk refused. Told once per run. */
  readonly onError?: (fault: Fault) => void;
}

/** A run that is being recorded. */
export interface Recording {
  entry(entry: Entry): void;
  /** The record's digest; undefined when it could not be written. Never rejects. */
  end(ran: Ran): Promise<Digest | undefined>;
}

/** A run as it begins. */
export interface Begun {
  readonly task: string;
  readonly skill: string;
  /** JSON text. */
  readonly input: string;
  readonly fence: number;
  readonly left_ms: number;
  readonly budget?: number | undefined;
  readonly agent: AgentSpec;
}

interface Kept {
  readonly file: string;
  readonly folder: string;
  readonly bytes: number;
  readonly at_ms: number;
}

export class Records {
  readonly #options: RecordsOptions;
  /** Finished ones, oldest first. */
  #kept: Kept[] = [];
  #bytes = 0;

  constructor(options: RecordsOptions) {
    this.#options = options;
  }

  /** Learns what is there from earlier lives, and lets go of what is too old or too much. */
  async start(): Promise<void> {
    const found: Kept[] = [];
    const now_ms = Date.now(); // what is written from here on counts itself
    for (const task of await readdir(recordsIn(this.#options.data)).catch(() => [])) {
      if (parseTaskId(task) === undefined) continue;
      const folder = folderOf(this.#options.data, task);
      for (const name of await readdir(folder).catch(() => [])) {
        const file = join(folder, name);
        const about = await stat(file).catch(() => undefined);
        if (about?.isFile() === true && about.mtimeMs < now_ms)
          found.push({ file, folder, bytes: about.size, at_ms: about.mtimeMs });
      }
    }
    this.#kept = [...found, ...this.#kept].sort((left, right) => left.at_ms - right.at_ms);
    this.#bytes += found.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#sweep();
  }

  /** A run begins. */
  begin(run: Begun): Recording {
    const { task, fence } = run;
    if (parseTaskId(task) === undefined) throw new Fault("internal", "a record is named after a task's id");
    const folder = folderOf(this.#options.data, task);
    const file = fileOf(this.#options.data, task, fence);
    const recording = new RunRecord({
      folder,
      file,
      onError: (fault) => this.#options.onError?.(fault),
      onDone: (bytes) => this.#add({ file, folder, bytes, at_ms: Date.now() }),
    });
    recording.header(headerOf(run, this.#options.config));
    return recording;
  }

  #add(kept: Kept): void {
    this.#kept.push(kept);
    this.#bytes += kept.bytes;
    this.#sweep();
  }

  /** The newest stays, however large. */
  #sweep(): void {
    const { max_bytes, retention_ms } = this.#options;
    const before = Date.now() - retention_ms;
    let gone = 0;
    for (const { file, folder, bytes, at_ms } of this.#kept.slice(0, -1)) {
      if (this.#bytes <= max_bytes && at_ms >= before) break;
      gone += 1;
      this.#bytes -= bytes;
      remove(file, folder);
    }
    if (gone > 0) this.#kept.splice(0, gone);
  }
}

function headerOf({ task, skill, input, fence, left_ms, budget, agent }: Begun, config: string | undefined): Header {
  return {
    type: "run",
    version: 1,
    task,
    skill,
    agent: agent.name,
    kind: agent.handler.kind,
    runs: describe(agent.handler),
    ...(config === undefined ? {} : { config }),
    fence,
    deadline_ms: left_ms,
    budget_ms: Math.min(agent.timeout_ms, left_ms, HANDLER.timeout_ms_max),
    ...(budget === undefined ? {} : { budget }),
    began_ms: Date.now(),
    env: [...agent.env],
    input,
  };
}

function remove(file: string, folder: string): void {
  try {
    rmSync(file, { force: true });
    rmdirSync(folder);
  } catch {
    // Other runs of the task are in there, or the disk refuses: the next start counts it again.
  }
}

interface Parts {
  readonly folder: string;
  readonly file: string;
  readonly onError: (fault: Fault) => void;
  readonly onDone: (bytes: number) => void;
}

/** One run's file. Lines wait in memory for a moment, so that a short run costs one write. */
class RunRecord implements Recording {
  readonly #parts: Parts;
  readonly #chain = new Chain();
  #waiting = "";
  #bytes = 0;
  #dropped = 0;
  #fd: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  header(header: Header): void {
    this.#write(JSON.stringify(header));
  }

  entry(entry: Entry): void {
    const text = JSON.stringify(trimmed(entry));
    if (this.#dropped > 0 || this.#bytes + 3 * text.length > RECORDS.run_bytes - RECORDS.end_bytes) {
      if (this.#dropped > 0 || this.#bytes + Buffer.byteLength(text) > RECORDS.run_bytes - RECORDS.end_bytes) {
        this.#dropped += 1;
        return;
      }
    }
    this.#write(text);
  }

  async end(ran: Ran): Promise<Digest | undefined> {
    clearTimeout(this.#timer);
    const truncated = this.#dropped === 0 ? {} : { truncated: this.#dropped };
    const { ms, cost } = ran;
    const end: End = { type: "end", ms, cost, result: resultOf(ran), ...truncated };
    this.#waiting += this.#chain.link(JSON.stringify(end)) + this.#chain.seal();
    this.#flush();
    if (this.#failed || this.#fd === undefined) return undefined;
    try {
      await sync(this.#fd);
      closeSync(this.#fd);
      this.#parts.onDone(this.#bytes);
      return this.#chain.digest;
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  #write(text: string): void {
    if (this.#failed) return;
    this.#waiting += this.#chain.link(text);
    if (this.#waiting.length >= RECORDS.flush_bytes) return this.#flush();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, RECORDS.flush_ms).unref();
  }

  #flush(): void {
    if (this.#failed) return;
    const bytes = Buffer.from(this.#waiting);
    this.#waiting = "";
    try {
      this.#fd ??= create(this.#parts);
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done);
      this.#bytes += bytes.length;
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#failed = true;
    this.#waiting = "";
    clearTimeout(this.#timer);
    const { file } = this.#parts;
    const remedy = "make room on the disk and let the node write there, or switch records off in the config";
    this.#parts.onError(new Fault("store-io", `cannot write the record ${file}: ${messageOf(error)}`, { remedy }));
  }
}

/** A file that is there already (no fence runs twice, but a copied data folder may) is put aside. */
function create({ folder, file }: Parts): number {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) !== "EEXIST") makeFolder(folder, 0o700);
  }
  try {
    return openSync(file, "wx", 0o600);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    renameSync(file, `${file}.old`);
    return openSync(file, "wx", 0o600);
  }
}

function resultOf(ran: Ran): End["result"] {
  if (ran.ok) return { ok: true, output: ran.output };
  const { reason, message, retryable } = ran;
  return { ok: false, reason, message, retryable };
}

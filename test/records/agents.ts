/** Runs of a module's function, as a node makes them: with a record on a real disk, in a folder that goes with the test. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type AgentSpec, type Entry, type HandlerBlobs, type Ran, runAgent } from "../../node/handlers/mod.ts";
import type { Submitter } from "../../node/handlers/sub-tasks.ts";
import { fileOf } from "../../node/records/places.ts";
import { type RecordOfRun, readRecord } from "../../node/records/reading.ts";
import { Records, type RecordsOptions } from "../../node/records/records.ts";
import { replayRun, type Verdict } from "../../node/records/replay.ts";

export const SKILL = "demo.work@1";

export function folder(): string {
  const made = realpathSync(mkdtempSync(join(tmpdir(), "folkmoot-records-")));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

let modules = 0;

/** An agent whose function has this body: `async (input, context) => …`. */
export function agentWith(dir: string, source: string): AgentSpec {
  const path = join(dir, `agent-${++modules}.mjs`);
  writeFileSync(path, `export default ${source};\n`);
  const skill = {
    name: SKILL,
    input: {},
    output: {},
    effects: "none",
    cost: 1,
    expected_ms: 10,
    idempotent: true,
  } as const;
  return {
    name: "worker",
    handler: { kind: "module", path },
    concurrency: 1,
    timeout_ms: 5_000,
    env: [],
    dir,
    skills: [skill],
  };
}

export function taskId(n: number): string {
  return n.toString(16).padStart(64, "a");
}

interface Recorded {
  readonly record: RecordOfRun;
  readonly file: string;
  readonly ran: Ran;
  readonly digest: string | undefined;
}

interface Order {
  readonly dir: string;
  readonly agent: AgentSpec;
  readonly input?: unknown;
  readonly n?: number;
  readonly signal?: AbortSignal;
  readonly onEntry?: (entry: Entry) => void;
  readonly options?: Partial<RecordsOptions>;
  readonly blobs?: HandlerBlobs;
  readonly budget?: number;
  readonly submit?: Submitter;
}

export async function record({
  dir,
  agent,
  input = null,
  n = 1,
  signal,
  onEntry,
  options,
  blobs,
  budget,
  submit,
}: Order): Promise<Recorded> {
  const records = new Records({ data: dir, max_bytes: 2 ** 40, retention_ms: 2 ** 40, ...options });
  await records.start();
  const call = {
    task: taskId(n),
    skill: SKILL,
    fence: 257,
    input,
    deadline_ms: 4_000,
    ...(budget !== undefined && { budget }),
  };
  const recording = records.begin({ ...call, input: JSON.stringify(input), left_ms: 4_000, agent });
  const heard = (entry: Entry) => {
    recording.entry(entry);
    onEntry?.(entry);
  };
  const more = { ...(signal && { signal }), ...(blobs && { blobs }), ...(submit && { submit }) };
  const ran = await runAgent(agent, call, { onEntry: heard, ...more });
  const digest = await recording.end(ran);
  const file = fileOf(dir, call.task, call.fence);
  return { record: readRecord(file), file, ran, digest };
}

/** Records with one body, plays with another. */
export async function replayed(then: string, now: string, input?: unknown): Promise<Verdict> {
  const dir = folder();
  const made = await record({ dir, agent: agentWith(dir, then), input });
  return replayRun(made.record, agentWith(dir, now), { live: false });
}

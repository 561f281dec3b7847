/** `moot show` at a node that keeps no register of the task but ran it: what it knows of its runs, and where the rest is. */
import { parseTaskId, type TaskId } from "../../protocols/kernel/mod.ts";
import type { ApiClient, TaskAnswer } from "../api/mod.ts";
import { Fault } from "../fault.ts";
import type { Observed } from "../moot-node.ts";
import { brief, duration, shortTask, visible } from "./output.ts";

/** What is known of a task at a contractor that is none of its custodians. */
export interface RanHere {
  readonly task: TaskId;
  readonly ranHere: true;
  readonly records: TaskAnswer["records"];
  /** What this node saw of it. */
  readonly facts: readonly Observed[];
}

const TEXT_CHARS = 2_000;

/** Throws Fault "unknown-task" when the node neither keeps nor ran it. */
export async function taskOf(client: ApiClient, id: string): Promise<TaskAnswer | RanHere> {
  try {
    return await client.task(id);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "unknown-task") throw error;
    const ran = await ranHere(client, id);
    if (ran === undefined) throw error;
    return ran;
  }
}

async function ranHere(client: ApiClient, id: string): Promise<RanHere | undefined> {
  const seen = await client.facts(id).catch(() => undefined); // it saw nothing, and may have a record all the same
  const task = seen?.task ?? parseTaskId(id);
  if (task === undefined) return undefined;
  const { records } = await client.records(task);
  return records.length === 0 ? undefined : { task, ranHere: true, records, facts: seen?.facts ?? [] };
}

/** For people. Pure. */
export function ranHereLines({ task, records, facts }: RanHere): string[] {
  const field = (name: string, text: string) => `${name.padEnd(11)} ${text}`;
  const lines = [
    field("task", task),
    field("here", "this node ran it; it is no custodian of it, so it has no outcome"),
  ];
  for (const fact of facts) {
    if (fact.type === "running") lines.push(field("agent", visible(brief(fact.agent, 64))));
    if (fact.type !== "ran") continue;
    const end = fact.ok ? "done" : `failed: ${visible(brief(fact.message, TEXT_CHARS))}`;
    lines.push(field("ran", `${end}, after ${duration(fact.ms)}`));
  }
  for (const { fence, file, digest } of records) {
    lines.push(field("record", `fence ${fence}: ${visible(file)}`));
    lines.push(field("digest", digest ?? "none yet: the run goes on, or was cut off"));
    lines.push(field("replay", `moot replay ${shortTask(task)} --fence ${fence}`));
  }
  return [
    ...lines,
    field("more", `at a custodian: moot show ${shortTask(task)}; what passed here: moot trace ${shortTask(task)}`),
  ];
}

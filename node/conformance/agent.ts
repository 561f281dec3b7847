/** The agent that scripts work with, as a module of `moot.yaml`: the input says what the work is (`agents.ts`). */
import { setTimeout as pause } from "node:timers/promises";
import type { Context } from "../handlers/mod.ts";
import { workOf } from "./agents.ts";

export default async function conformance(
  input: unknown,
  { signal, progress, emit, submit }: Context,
): Promise<unknown> {
  const work = workOf(input);
  if (work === undefined) throw new Error("this is no work");
  // How they end is for whoever watches; the run's end takes them along.
  for (const { skill, sub_tasks } of work.below)
    submit(skill, null, { custodians: 1, sub_tasks }).catch(() => undefined);
  if (work.progress !== undefined) progress(work.progress / 1000);
  for (let nth = 0; nth < work.partials; nth++) {
    emit(nth);
    await pause(work.every_ms, undefined, work.deaf ? {} : { signal });
  }
  await pause(work.after_ms, undefined, work.deaf ? {} : { signal });
  if (work.fail !== undefined) throw Object.assign(new Error(work.fail), { retry: work.retry });
  return work.answer;
}

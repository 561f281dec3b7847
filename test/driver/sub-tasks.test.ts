/** What bounds the tasks that one run submits, and what becomes of them when it is over; against a desk that only remembers. */
import { expect, test } from "vitest";
import { type SubTaskDesk, SubTasks } from "../../node/driver/sub-tasks.ts";
import { Fault } from "../../node/fault.ts";
import { HANDLER } from "../../node/handlers/mod.ts";
import type { SubmitResult } from "../../node/moot-node.ts";
import { parsePeerId, parseSkill, parseTaskId, type TaskId } from "../../protocols/mod.ts";

const SKILL = must(parseSkill("test.it@1"));
const SELF = must(parsePeerId("1".repeat(40)));
const ASKED = { skill: SKILL, input: null, deadline_ms: 1_000 } as const;
const idOf = (nth: number): TaskId => must(parseTaskId(nth.toString(16).padStart(64, "0")));

/** A node whose tasks are done at once, or never. */
class Desk implements SubTaskDesk {
  readonly self = SELF;
  readonly submitted: unknown[] = [];
  readonly cancelled: TaskId[] = [];
  readonly #ends: boolean;

  constructor(ends: boolean) {
    this.#ends = ends;
  }
  async submit(options: unknown): Promise<TaskId> {
    return idOf(this.submitted.push(options));
  }
  async outcome(task: TaskId, signal: AbortSignal): Promise<SubmitResult> {
    if (this.#ends || this.cancelled.includes(task)) return { ...DONE, task };
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("gone"))));
  }
  async cancel(task: TaskId): Promise<void> {
    this.cancelled.push(task);
  }
}

const DONE: SubmitResult = {
  task: idOf(0),
  status: "done",
  result: 1,
  cost: 2,
  ballot: { round: 1, custodian: 0 },
  attempts: 1,
  timings: { announcedMs: 0, awardedMs: 0, doneMs: 0 },
  messages: { sent: 0, received: 0 },
};

function runOf(desk: SubTaskDesk): SubTasks {
  return new SubTasks({ task: idOf(0xff), skill: SKILL, fence: 8 }, desk);
}

test("so many are open at once, and not one more; what is over makes room", async () => {
  const desk = new Desk(false);
  const run = runOf(desk);
  const open = Array.from({ length: HANDLER.sub_tasks_open }, () => run.submit(ASKED));
  const { failure } = await run.submit(ASKED);
  expect([failure?.status, failure?.message]).toEqual([
    "refused",
    `${HANDLER.sub_tasks_open} sub-tasks of this run are open; wait for some of them`,
  ]);
  expect(desk.submitted).toHaveLength(HANDLER.sub_tasks_open);
  await run.close();
  await Promise.all(open);
  const others = runOf(new Desk(true));
  for (let nth = 0; nth <= HANDLER.sub_tasks_open; nth++) expect((await others.submit(ASKED)).failure).toBe(undefined);
});

test("what is open when the run is over is cancelled, and nothing is submitted any more", async () => {
  const desk = new Desk(false);
  const run = runOf(desk);
  const open = [run.submit(ASKED), run.submit(ASKED)];
  await new Promise(setImmediate);
  await run.close();
  expect(desk.cancelled).toEqual([idOf(1), idOf(2)]);
  for (const { failure } of await Promise.all(open))
    expect(failure).toMatchObject({ status: "cancelled", message: "the run that waited for it is over" });
  expect((await run.submit(ASKED)).failure?.message).toBe("the run is over");
  expect(desk.submitted).toHaveLength(2);
});

test("what is submitted while the run ends is cancelled as soon as it has a name", async () => {
  const desk = new Desk(false);
  const late = Promise.withResolvers<TaskId>();
  const run = runOf(Object.assign(desk, { submit: () => late.promise }));
  const asked = run.submit(ASKED);
  await run.close();
  late.resolve(idOf(7));
  await asked;
  expect(desk.cancelled).toEqual([idOf(7)]);
});

test("a node that does not take it says why, and what to do", async () => {
  const fault = new Fault("overloaded", "this node is full", { remedy: "try again" });
  const run = runOf(Object.assign(new Desk(true), { submit: () => Promise.reject(fault) }));
  expect((await run.submit(ASKED)).failure).toMatchObject({
    status: "refused",
    message: "this node is full; try again",
  });
});

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the test expected something here");
  return value;
}

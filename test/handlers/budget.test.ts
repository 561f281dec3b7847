/** What a run may spend: what sub-tasks that are open may cost is held for them, and comes back as far as they did not. */
import { expect, test } from "vitest";
import { RunContext } from "../../node/handlers/context.ts";
import type { SubTask, SubTaskEnd } from "../../node/handlers/sub-tasks.ts";

/** Sub-tasks that the test ends. */
class Below {
  readonly asked: SubTask[] = [];
  readonly #ends: ((end: SubTaskEnd) => void)[] = [];

  readonly submit = (asked: SubTask): Promise<SubTaskEnd> =>
    new Promise((resolve) => {
      this.asked.push(asked);
      this.#ends.push(resolve);
    });
  end(nth: number, cost: number): void {
    this.#ends[nth]?.({ cost, output: nth });
  }
}

function contextOf(budget: number | undefined, below: Below): RunContext {
  const call = { task: "t", skill: "test.it@1", input: null, fence: 8, deadline_ms: 10_000 };
  return new RunContext({
    call: budget === undefined ? call : { ...call, budget },
    signal: new AbortController().signal,
    budget_ms: 10_000,
    onEntry: () => undefined,
    submit: below.submit,
  });
}
const settled = () => new Promise(setImmediate);

test("of five side by side that cost four each, a budget of five pays for one", async () => {
  const below = new Below();
  const context = contextOf(5, below);
  const all = Promise.allSettled(Array.from({ length: 5 }, () => context.submit("a@1", null, { budget: 4 })));
  await settled();
  expect(below.asked.map(({ budget }) => budget)).toEqual([4]);
  below.end(0, 4);
  const [first, ...others] = await all;
  expect(first).toMatchObject({ status: "fulfilled" });
  for (const other of others)
    expect(other).toMatchObject({
      status: "rejected",
      reason: {
        name: "SubTaskFailed",
        failure: {
          status: "refused",
          message:
            "the run's budget of 5 does not allow a sub-task for 4: 0 spent, 4 held for sub-tasks that are open; give each a budget of its own, or wait for those",
        },
      },
    });
  expect(context.cost).toBe(4);
});

test("who asks for no budget gets all that is left, and the next nothing until that one is over", async () => {
  const below = new Below();
  const context = contextOf(5, below);
  const first = context.submit("a@1", null);
  await expect(context.submit("a@1", null)).rejects.toThrow(
    "the run's budget of 5 does not allow another sub-task: 0 spent, 5 held",
  );
  below.end(0, 2);
  await first;
  const second = context.submit("a@1", null);
  await settled();
  expect(below.asked.map(({ budget }) => budget)).toEqual([5, 3]);
  below.end(1, 3);
  await second;
  await expect(context.submit("a@1", null)).rejects.toThrow("does not allow another sub-task: 5 spent");
  expect(below.asked).toHaveLength(2);
});

test("the run itself may not spend what is held", async () => {
  const below = new Below();
  const context = contextOf(5, below);
  const first = context.submit("a@1", null, { budget: 4 });
  await settled();
  context.spend(1);
  expect(() => context.spend(1)).toThrow(
    "the run's budget of 5 is exceeded: 2 spent, 4 held for sub-tasks that are open",
  );
  below.end(0, 4);
  await expect(first).rejects.toThrow("the run's budget of 5 is exceeded: 6 spent");
});

test("a budget of fractions goes as far as their sum; one of nothing pays for what is free", async () => {
  const below = new Below();
  const context = contextOf(0.3, below);
  const three = Promise.all([1, 2, 3].map(() => context.submit("a@1", null, { budget: 0.1 })));
  await settled();
  expect(below.asked).toHaveLength(3);
  for (const nth of [0, 1, 2]) below.end(nth, 0.1);
  await three;

  const free = new Below();
  const broke = contextOf(0, free);
  const two = Promise.all([broke.submit("a@1", null), broke.submit("a@1", null)]);
  await settled();
  expect(free.asked.map(({ budget }) => budget)).toEqual([0, 0]);
  for (const nth of [0, 1]) free.end(nth, 0);
  await two;
});

test("without a budget nothing is held, and what is no amount is the node's to refuse", async () => {
  const below = new Below();
  const open = contextOf(undefined, below);
  const some = [open.submit("a@1", null), open.submit("a@1", null, { budget: 7 })];
  const strange = contextOf(5, below);
  some.push(strange.submit("a@1", null, { budget: -1 }), strange.submit("a@1", null));
  await settled();
  expect(below.asked.map(({ budget }) => budget)).toEqual([undefined, 7, -1, 5]);
  for (const nth of below.asked.keys()) below.end(nth, 0);
  await Promise.all(some);
});

/** What is said before the end: how a contractor tells it, what a custodian makes of copies, losses and another ballot. */
import { expect, test } from "vitest";
import { Hearing } from "../../../protocols/claim/hearing.ts";
import { Telling } from "../../../protocols/claim/telling.ts";
import { LIMITS, NEVER } from "../../../protocols/kernel/mod.ts";
import type { Effect } from "../../../protocols/mod.ts";
import { contractorOf, custodiansOf, must, office, ok, outcomeOf, put, sound, worldOf } from "../stage.ts";

const { partial_ms, partial_bytes, partial_items, partial_queue_bytes, progress_ms } = LIMITS;

function telling(): Telling {
  const one = new Telling();
  one.restart();
  one.begin(1_000);
  return one;
}

test("results wait for their time, go together, and once", () => {
  const one = telling();
  expect(one.deadline()).toBe(NEVER);
  for (const text of ["1", "2", "3"]) one.partial(text);
  expect(one.deadline()).toBe(1_000 + partial_ms);
  expect(one.take(1_250, false)).toEqual([{ seq: 0, items: ["1", "2", "3"], done_permille: 0, note: undefined }]);
  expect(one.deadline()).toBe(NEVER);
  one.partial("4");
  expect(one.deadline()).toBe(1_250 + partial_ms);
  expect(one.take(1_500, false)).toMatchObject([{ seq: 3, items: ["4"] }]);
});

test("a message has at most so many results, and so many bytes", () => {
  const one = telling();
  const half = `"${"é".repeat(partial_bytes / 4 - 1)}"`;
  for (const text of [half, half, half]) one.partial(text);
  expect(one.take(2_000, false)).toMatchObject([{ seq: 0, items: [half, half] }]);
  for (let nth = 0; nth < partial_items; nth++) one.partial("0");
  expect(one.take(3_000, true).map(({ seq, items }) => [seq, items.length])).toEqual([
    [2, partial_items],
    [2 + partial_items, 1],
  ]);
});

test("of more than fits the oldest is dropped, and its number is missing", () => {
  const one = telling();
  const text = `"${"x".repeat(partial_bytes - 2)}"`;
  const fit = Math.floor(partial_queue_bytes / partial_bytes);
  for (let nth = 0; nth < fit + 5; nth++) one.partial(text);
  expect(one.take(2_000, false)).toMatchObject([{ seq: 5, items: [text] }]);
  // What is too large for any message is left out, too.
  one.partial(`"${"x".repeat(partial_bytes)}"`);
  one.partial("1");
  const last = must(one.take(3_000, true).at(-1));
  expect([last.seq, last.items]).toEqual([fit + 6, ["1"]]);
});

test("progress alone is told by steps, or with another note, and not too often", () => {
  const one = telling();
  one.progress(49, "");
  expect(one.deadline()).toBe(NEVER);
  one.progress(50, "");
  expect(one.deadline()).toBe(1_000 + progress_ms);
  expect(one.take(1_500, false)).toEqual([{ seq: 0, items: [], done_permille: 50, note: undefined }]);
  one.progress(51, "nearly");
  expect(one.deadline()).toBe(1_500 + progress_ms);
  // A renewal says it as well.
  expect(one.renewed()).toEqual({ done_permille: 51, note: "nearly" });
  expect(one.deadline()).toBe(NEVER);
});

test("under another ballot the numbers begin again, with what still waits", () => {
  const one = telling();
  one.partial("1");
  one.take(1_250, false);
  one.partial("2");
  one.restart();
  one.partial("3");
  expect(one.take(1_500, false)).toMatchObject([{ seq: 0, items: ["2", "3"] }]);
});

test("copies and stragglers are no news; a gap shows, and a higher ballot begins anew", () => {
  const one = new Hearing();
  expect(one.items(8, 0, 2)).toBe(0);
  expect(one.items(8, 0, 2)).toBe(undefined);
  expect(one.items(8, 1, 3)).toBe(2);
  expect(one.items(8, 7, 1)).toBe(7);
  expect(one.items(17, 0, 1)).toBe(0);
  expect(one.items(8, 8, 1)).toBe(undefined);
});

test("progress goes by ballot, renewal and number", () => {
  const one = new Hearing();
  expect(one.renewal(8, 1)).toBe(true);
  expect(one.renewal(8, 1)).toBe(false);
  expect(one.progress(8, 1, 3)).toBe(true);
  expect(one.progress(8, 1, 2)).toBe(false);
  expect(one.progress(8, 0, 9)).toBe(false);
  expect(one.renewal(8, 3)).toBe(true);
  expect(one.renewal(8, 2)).toBe(false);
  expect(one.renewal(17, 1)).toBe(true);
  expect(one.renewal(8, 4)).toBe(false);
});

test("a late copy of a renewal does not move progress back", () => {
  const world = worldOf(office(7, () => ok(8_000)));
  const task = put(world, { lease_ms: 1_500 });
  const contractor = contractorOf(world, task);
  const custodian = must(custodiansOf(world, task)[1]);
  const renewals: Extract<Effect, { type: "send" }>[] = [];
  world.corrupt(contractor, (effect) => {
    if (effect.type === "send" && effect.message.type === "renew") renewals.push(effect);
    return [effect];
  });
  const progress = () =>
    world.evidence
      .facts("progress", task)
      .filter(({ node }) => node === custodian)
      .map(({ done_permille }) => done_permille);
  expect(world.runUntil(() => (progress().at(-1) ?? 0) > 500, 20_000)).toBe(true);
  const before = progress();
  world.inject(contractor, custodian, must(renewals[0]).message);
  world.run(100);
  expect(progress()).toEqual(before);
  expect(before).toEqual(before.toSorted((left, right) => left - right));
  outcomeOf(world, task);
  sound(world);
});

test("progress is known at every custodian before the first renewal, and costs few messages", () => {
  const world = worldOf(office(7, () => ok(20_000)));
  const task = put(world, { lease_ms: 60_000, deadline_ms: 60_000 });
  contractorOf(world, task);
  world.run(3_000);
  const seen = new Set(world.evidence.facts("progress", task).map(({ node }) => node));
  expect(seen).toEqual(new Set(custodiansOf(world, task)));
  outcomeOf(world, task);
  world.run(1_000);
  // 27 for a task without progress (section 6), and 20 steps of progress to each of three.
  expect(world.evidence.messages(task)).toBeLessThanOrEqual(30 + 20 * 3);
  sound(world);
});

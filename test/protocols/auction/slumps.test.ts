/** Who has failed the last tasks of a skill rests for a while, for longer each time, and only for that skill. */
import { expect, test } from "vitest";
import { Slumps } from "../../../protocols/auction/mod.ts";
import { LIMITS, parseSkill, parseTaskId } from "../../../protocols/mod.ts";
import { crew, must, skill, worldOf } from "../stage.ts";

const other = must(parseSkill("text.other@1"));
const peer = worldOf(crew(2)).id(1);

function fail(slumps: Slumps, now: number, times = 1): void {
  for (let count = 0; count < times; count++) slumps.ended({ peer, skill, now, failed: true });
}

test("three failures in a row make it rest, one success among them does not", () => {
  const slumps = new Slumps();
  fail(slumps, 0, 2);
  slumps.ended({ peer, skill, now: 0, failed: false });
  fail(slumps, 0, 2);
  expect(slumps.resting(peer, skill, 0)).toBe(false);
  fail(slumps, 0);
  expect(slumps.resting(peer, skill, 0)).toBe(true);
  expect(slumps.resting(peer, other, 0)).toBe(false);
});

test("it is tried again when the time is over; each further failure doubles it, a success ends it", () => {
  const slumps = new Slumps();
  fail(slumps, 0, 3);
  fail(slumps, 10);
  expect(slumps.resting(peer, skill, LIMITS.slump_ms_first - 1)).toBe(true);
  expect(slumps.resting(peer, skill, LIMITS.slump_ms_first)).toBe(false);
  let now: number = LIMITS.slump_ms_first;
  let rest_ms: number = LIMITS.slump_ms_first;
  for (let count = 0; count < 8; count++) {
    fail(slumps, now);
    rest_ms = Math.min(LIMITS.slump_ms_last, rest_ms * 2);
    expect(slumps.resting(peer, skill, now + rest_ms - 1)).toBe(true);
    now += rest_ms;
    expect(slumps.resting(peer, skill, now)).toBe(false);
  }
  expect(rest_ms).toBe(LIMITS.slump_ms_last);
  slumps.ended({ peer, skill, now, failed: false });
  fail(slumps, now, 2);
  expect(slumps.resting(peer, skill, now)).toBe(false);
});

test("it remembers so many, and forgets the oldest", () => {
  const slumps = new Slumps();
  for (let count = 0; count < LIMITS.receipts_max; count++)
    slumps.ended({ peer, skill: must(parseSkill(`text.n${count}@1`)), now: 0, failed: true });
  fail(slumps, 0, 3);
  expect(slumps.size).toBe(LIMITS.receipts_max);
  expect(slumps.resting(peer, skill, 0)).toBe(true);
});

test("after its rest one try is open at a time: the next begins when that one has told, or was given up", () => {
  const slumps = new Slumps();
  const first = must(parseTaskId("1".repeat(64)));
  const second = must(parseTaskId("2".repeat(64)));
  fail(slumps, 0, 3);
  // Begun while it rests, for want of others: no try, and nothing that its end could open.
  slumps.begun({ peer, skill, task: second, now: 0 });
  const rested = LIMITS.slump_ms_first;
  expect(slumps.resting(peer, skill, rested)).toBe(false);

  slumps.begun({ peer, skill, task: first, now: rested });
  slumps.begun({ peer, skill, task: second, now: rested });
  expect(slumps.resting(peer, skill, rested + LIMITS.slump_ms_last)).toBe(true);
  slumps.left({ peer, skill, task: second });
  expect(slumps.resting(peer, skill, rested)).toBe(true);
  slumps.left({ peer, skill, task: first });
  expect(slumps.resting(peer, skill, rested)).toBe(false);

  slumps.begun({ peer, skill, task: second, now: rested });
  fail(slumps, rested);
  expect(slumps.resting(peer, skill, rested + 2 * LIMITS.slump_ms_first - 1)).toBe(true);
  // What it was tried with is over: the next may begin.
  slumps.left({ peer, skill, task: second });
  expect(slumps.resting(peer, skill, rested + 2 * LIMITS.slump_ms_first)).toBe(false);

  // Nobody keeps the task of a try any more: it is over, whatever it was.
  slumps.begun({ peer, skill, task: first, now: rested + 2 * LIMITS.slump_ms_first });
  slumps.forgotten(second);
  expect(slumps.resting(peer, skill, rested + 2 * LIMITS.slump_ms_first)).toBe(true);
  slumps.forgotten(first);
  expect(slumps.resting(peer, skill, rested + 2 * LIMITS.slump_ms_first)).toBe(false);

  slumps.begun({ peer, skill, task: first, now: rested + 2 * LIMITS.slump_ms_first });
  slumps.ended({ peer, skill, now: rested + 2 * LIMITS.slump_ms_first, failed: false });
  expect(slumps.resting(peer, skill, rested + 2 * LIMITS.slump_ms_first)).toBe(false);
  expect(slumps.size).toBe(0);
});

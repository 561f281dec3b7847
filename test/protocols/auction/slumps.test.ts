/** Who has failed the last tasks of a skill rests for a while, for longer each time, and only for that skill. */
import { expect, test } from "vitest";
import { Slumps } from "../../../protocols/auction/mod.ts";
import { LIMITS, parseSkill } from "../../../protocols/mod.ts";
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

/** Callers that do not use what is held for them yield; nobody is shut out; and whose turn it is when a place comes free. */
import { expect, test } from "vitest";
import { Callers, Missed } from "../../../protocols/auction/mod.ts";
import { LIMITS, type PeerId, parseTaskId, Random } from "../../../protocols/mod.ts";
import { peerName } from "../../../sim/mod.ts";
import { must, skill } from "../stage.ts";

const { hold_ms, unused_ms, unused_ms_max, unused_parts } = LIMITS;
const [idle, other, third] = [peerName(1), peerName(2), peerName(3)];

function lapse(callers: Callers, caller: PeerId, times = 1, now = 0): void {
  for (let count = 0; count < times; count++) callers.unused(caller, now, hold_ms);
}

test("one bid that lapses makes a caller yield for half a minute, and never for longer than four", () => {
  const callers = new Callers();
  expect(callers.yields(idle, 0)).toBe(false);
  lapse(callers, idle);
  const half_ms = (hold_ms - unused_ms) * unused_parts;
  expect(half_ms).toBe(30_000);
  expect([callers.yields(idle, half_ms - unused_parts), callers.yields(idle, half_ms)]).toEqual([true, false]);
  lapse(callers, idle, 1_000);
  const longest_ms = (unused_ms_max - unused_ms) * unused_parts;
  expect(longest_ms).toBeLessThan(240_000);
  expect([callers.yields(idle, longest_ms - unused_parts), callers.yields(idle, longest_ms)]).toEqual([true, false]);
});

test("it yields only to those who do not, and who have called just now", () => {
  const callers = new Callers();
  lapse(callers, idle);
  lapse(callers, other);
  callers.called(idle, 10);
  callers.called(other, 20);
  expect(callers.yieldsNow(idle, 20)).toBe(false);
  callers.called(third, 30);
  expect([idle, other, third].map((caller) => callers.yieldsNow(caller, 30))).toEqual([true, true, false]);
  expect(callers.yieldsNow(idle, 30 + hold_ms + 1)).toBe(false);
});

test("late declines cost what lapses cost; early ones are forgotten as they come", () => {
  const callers = new Callers();
  callers.unused(idle, 0, hold_ms - 1);
  expect(callers.yields(idle, 0)).toBe(true);
  // Two calls a second, declined after a twentieth of a second each, for ten minutes.
  for (let now = 0; now < 600_000; now += 1_000) {
    callers.unused(other, now, 25);
    callers.unused(other, now, 25);
    expect(callers.yields(other, now)).toBe(false);
  }
});

test("three of four declined, the fourth awarded: never yields, however many; each award halves what is owed", () => {
  const callers = new Callers();
  for (let round = 0; round < 1_000; round++) {
    for (let nth = 0; nth < 3; nth++) callers.unused(other, round, 250);
    expect(callers.yields(other, round)).toBe(false);
    callers.used(other, round);
  }
  lapse(callers, idle);
  callers.used(idle, 0);
  expect(callers.owed(idle, 0)).toBe(hold_ms / 2);
  expect(callers.yields(idle, 0)).toBe(false);
});

test("an award gives standing, and yielding takes it", () => {
  const callers = new Callers();
  expect(callers.standing(idle, 0)).toBe(1);
  callers.used(idle, 0);
  expect(callers.standing(idle, 0)).toBe(0);
  lapse(callers, idle);
  expect(callers.standing(idle, 0)).toBe(2);
  expect(callers.standing(idle, unused_ms_max * unused_parts)).toBe(1);
});

test("ten thousand keys fill neither of its tables", () => {
  const callers = new Callers();
  for (let nth = 0; nth < 10_000; nth++) {
    callers.called(peerName(nth), 0);
    lapse(callers, peerName(nth));
  }
  expect(callers.sizes()).toEqual({ callers: LIMITS.receipts_max, usage: LIMITS.receipts_max });
  callers.called(peerName(1), hold_ms + 1);
  expect(callers.sizes().callers).toBe(1);
});

/** The nth task of a conductor. */
function missedOf(conductor: PeerId, nth: number) {
  const task = must(parseTaskId(`${conductor === idle ? 1 : conductor === other ? 2 : 3}${nth}`.padStart(64, "0")));
  const terms = { round: 1, window_ms: 400, left_ms: 60_000, input_bytes: 1, eligible: 1 };
  return { cfp: { type: "cfp" as const, task, skill, ...terms }, conductor, heard_at: 0 };
}

test("what comes free goes to those who awarded, to those who are new, to those who yield; the callers of a kind take turns", () => {
  const callers = new Callers();
  const missed = new Missed();
  const fourth = peerName(4);
  lapse(callers, idle);
  callers.used(third, 0);
  for (const conductor of [idle, other, third]) for (let nth = 0; nth < 2; nth++) missed.add(missedOf(conductor, nth));
  const turns = () => missed.turns(0, callers, new Random(1)).map(({ conductor }) => conductor);
  expect(turns()).toEqual([third, third, other, other, idle, idle]);
  // A fourth one that owes a little comes after the new one that owes nothing, and between its calls.
  callers.unused(fourth, 0, 100);
  missed.add({ ...missedOf(third, 9), conductor: fourth });
  expect(turns()).toEqual([third, third, other, fourth, other, idle, idle]);
});

test("whoever misses most makes room for whoever misses fewer, and nobody else does", () => {
  const missed = new Missed();
  for (let nth = 0; nth < 2 * LIMITS.missed_calls; nth++) missed.add(missedOf(idle, nth));
  expect(missed.size).toBe(LIMITS.missed_calls);
  for (let nth = 0; nth < LIMITS.missed_calls; nth++) missed.add(missedOf(other, nth));
  expect(missed.size).toBe(LIMITS.missed_calls);
  const held = (conductor: PeerId, nth: number) => missed.has(missedOf(conductor, nth).cfp.task, conductor);
  const half = LIMITS.missed_calls / 2;
  expect([held(idle, half - 1), held(idle, half), held(other, half - 1), held(other, half)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
});

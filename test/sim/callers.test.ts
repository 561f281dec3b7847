/** Members that call for bids without end and award nothing do not keep honest work out (AUCTION-23). */
import { describe, expect, test } from "vitest";
import { besiege, type Siege } from "./callers.ts";

const FEW: Siege = {
  seed: 1,
  honest: 5,
  askers: 2,
  places: 2,
  callers: 3,
  every_ms: 250,
  tasks: 100,
  lasts_ms: 60_000,
};

describe("three callers among five peers:", () => {
  test.each<[string, Partial<Siege>]>([
    ["they let all bids lapse", {}],
    ["agents have one place each", { places: 1 }],
    ["agents have sixteen places each, and calls come faster", { places: 16, every_ms: 60 }],
    ["they decline just before bids lapse", { declines_after_ms: 2_900 }],
    ["they decline soon, and call the faster", { declines_after_ms: 400, every_ms: 100 }],
    ["three of ten messages are lost", { loss_permille: 300 }],
  ])("%s: 99 of 100 honest tasks are done", (_, siege) => {
    const { tasks, done } = besiege({ ...FEW, ...siege });
    expect(tasks).toBe(FEW.tasks);
    expect(done).toBeGreaterThanOrEqual(99);
  });

  test("once they are known, honest tasks take as long as without them", () => {
    const [with_ms, without_ms] = [besiege(FEW).p50_ms, besiege({ ...FEW, callers: 0 }).p50_ms];
    expect(with_ms).toBeLessThan(1.5 * without_ms);
  });
});

test("fifty callers among ten peers that have worked for each other: 99 of 100 honest tasks are done", () => {
  const { done } = besiege({ ...FEW, honest: 10, callers: 50, every_ms: 1_000, lasts_ms: 20_000, from_ms: 5_000 });
  expect(done).toBeGreaterThanOrEqual(99);
});

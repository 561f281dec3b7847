/** What a failure says, end to end: the table of what follows each end of an attempt, tool calls and causes, take-overs, bounds. */
import { expect, test } from "vitest";
import { LIMITS, type Reason, type RunResult } from "../../../protocols/mod.ts";
import { digestOf, type Plan } from "../../../sim/mod.ts";
import { contractorOf, crew, custodiansOf, must, office, ok, outcomeOf, put, sound, worldOf } from "../stage.ts";

const TRACE = [{ name: "search", argsDigest: digestOf("{}"), outcome: "error", ms: 12 }];
const CAUSES = ["sub-task 3fa94c failed: out of paper"];

type Said = Pick<RunResult, "toolTrace" | "causes"> & { readonly message?: string };

function ends(reason: Reason, retryable: boolean, account: Said = {}): Plan {
  const result: RunResult = { ok: false, reason, message: "no luck", retryable, ms: 50, ...account };
  return { after_ms: 50, result };
}

test.each(["retry", "timeout", "spawn", "invalid-output"] as const)(
  "%s: another contractor gets it, and the one that failed only when nobody else bids",
  (reason) => {
    const world = worldOf(crew(4, () => ends(reason, true)));
    const task = put(world, { attempts_max: 4, deadline_ms: 60_000 });
    const outcome = outcomeOf(world, task);
    const by = world.evidence.runs.map(({ node }) => node);
    expect(new Set(by.slice(0, 3)).size).toBe(3);
    expect(by).toHaveLength(4);
    const { failure } = outcome;
    expect(failure).toMatchObject({ status: "failed", reason, retryable: true, retryCount: 3 });
    expect(failure?.attempts.map(({ exitReason }) => exitReason)).toEqual([reason, reason, reason, reason]);
    sound(world);
  },
);

test.each(["error", "invalid-input", "output-too-large"] as const)("%s: the outcome, at once", (reason) => {
  const world = worldOf(crew(4, () => ends(reason, false, { toolTrace: TRACE, causes: CAUSES })));
  const outcome = outcomeOf(world, put(world));
  expect(world.evidence.runs).toHaveLength(1);
  expect(outcome.failure).toMatchObject({ reason, retryable: false, toolTrace: TRACE, causes: CAUSES, retryCount: 0 });
  sound(world);
});

test("lost: another contractor gets it, and the account tells lost from failed", () => {
  const world = worldOf(crew(5, () => ends("retry", true)).map((spec) => ({ ...spec, handler: () => ok(30_000) })));
  const task = put(world, { lease_ms: 900, attempts_max: 2, deadline_ms: 60_000 });
  const first = contractorOf(world, task);
  world.crash(first);
  world.runUntil(() => world.evidence.facts("agreed", task).length > 1, 30_000);
  const second = world.indexOf(must(world.evidence.facts("agreed", task).at(-1)).contractor);
  expect(second).not.toBe(first);
  world.crash(second);
  const { failure } = outcomeOf(world, task);
  expect(failure).toMatchObject({ reason: "lost", retryable: true });
  expect(failure?.message).toMatch(/gave up after 2 attempts; the last: no renewal for 900 ms/);
  expect(failure?.attempts.map(({ exitReason }) => exitReason)).toEqual(["lost", "lost"]);
  sound(world, [first, second]);
});

test("the tool calls and causes of the latest attempt are in the failure that its conductor decides", () => {
  let calls = 0;
  const world = worldOf(
    crew(5, () => {
      calls += 1;
      return ends(
        "retry",
        true,
        calls === 1 ? { toolTrace: [], causes: ["an earlier one"] } : { toolTrace: TRACE, causes: CAUSES },
      );
    }),
    { wire: true },
  );
  const { failure } = outcomeOf(world, put(world, { attempts_max: 2 }));
  expect(failure?.toolTrace).toEqual(TRACE);
  expect(failure?.causes).toEqual([...CAUSES, "retry: no luck", "retry: no luck"]);
  sound(world);
});

test("a custodian that takes over tells what the contractor told its predecessor", () => {
  const world = worldOf(office(6, () => ends("retry", true, { toolTrace: TRACE, causes: CAUSES })));
  const task = put(world, { custodians: 3, attempts_max: 4, lease_ms: 900, deadline_ms: 20_000 });
  const custodians = custodiansOf(world, task);
  world.runUntil(() => world.evidence.facts("attempt-ended", task).length > 0, 20_000);
  world.crash(must(custodians[0]));
  const { failure } = outcomeOf(world, task);
  expect(failure?.toolTrace).toEqual(TRACE);
  expect(failure?.causes.slice(0, 1)).toEqual(CAUSES);
  sound(world, [must(custodians[0])]);
});

test("the longest that can be told leaves a failure that every custodian can read", () => {
  const name = "\u0001".repeat(128);
  const trace = Array.from({ length: 64 }, () => ({
    name,
    argsDigest: digestOf("x"),
    outcome: "\u0001".repeat(64),
    ms: 1,
  }));
  const causes = Array.from({ length: 16 }, () => "\u0001".repeat(LIMITS.message_chars));
  const message = "\u0001".repeat(LIMITS.message_chars);
  const world = worldOf(
    crew(5, () => ends("retry", true, { toolTrace: trace, causes, message })),
    { wire: true },
  );
  const { failure } = outcomeOf(
    world,
    put(world, { attempts_max: LIMITS.attempts_max, deadline_ms: 600_000 }),
    600_000,
  );
  expect(failure?.attempts).toHaveLength(LIMITS.attempts_max);
  expect(failure?.toolTrace.length).toBeGreaterThan(10);
  const bytes = Buffer.byteLength(JSON.stringify(failure));
  expect(bytes).toBeLessThan((LIMITS.seal_chars * 3) / 4);
  expect(bytes).toBeGreaterThan(LIMITS.account_trace_bytes);
  sound(world);
});

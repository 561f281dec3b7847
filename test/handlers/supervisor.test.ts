/** An agent's life: it starts, crashes, fails, comes back, pauses, drains and stops; and at no time more runs than it has places. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { type AgentSpec, type Handler, HandlerError, type Standing, Supervisor } from "../../node/handlers/mod.ts";
import { CrashError } from "../../node/handlers/types.ts";
import { agentOf, call, ending, run } from "./helpers.ts";

type Numbers = NonNullable<ConstructorParameters<typeof Supervisor>[1]>["numbers"];

function supervised(handler: Handler, spec: Partial<AgentSpec> = {}, numbers: Numbers = {}) {
  const standings: Standing[] = [];
  const agent = { ...agentOf({ kind: "code", handler }), ...spec };
  const supervisor = new Supervisor(agent, {
    onChange: (standing) => standings.push(standing),
    numbers: numbers ?? {},
  });
  onTestFinished(() => supervisor.close());
  const states = () => standings.map(({ state }) => state);
  return { supervisor, standings, states };
}

const until = (truth: () => boolean) => vi.waitFor(() => expect(truth()).toBe(true), { timeout: 5_000, interval: 5 });
const says = (reason: "error" | "retry" | "invalid-output"): Handler => ({
  run: () => Promise.reject(new HandlerError(reason, `it says ${reason}`)),
});

test("what has nothing to make ready is ready at once; what has is so when it is", async () => {
  const plain = supervised({ run: async () => 1 });
  void plain.supervisor.start();
  expect(plain.supervisor.standing).toMatchObject({ state: "ready", withheld: 0 });
  const gate = Promise.withResolvers<void>();
  const slow = supervised({ run: async () => 1, start: () => gate.promise });
  void slow.supervisor.start();
  expect(slow.supervisor.standing).toMatchObject({ state: "starting", withheld: 1 });
  expect(ending(await slow.supervisor.run(call))).toEqual(["retry", true, "the agent is starting"]);
  gate.resolve();
  await until(() => slow.supervisor.standing.state === "ready");
  expect(ending(await slow.supervisor.run(call))[2]).toBe("1");
});

test("a start that fails is repeated; too many failures, and it is failed until it is tried again", async () => {
  let starts = 0;
  let broken = true;
  const start = async () => {
    starts += 1;
    if (broken) throw new Error("no connection");
  };
  const numbers = { crashes: 2, start_pause_ms: 5, failed_ms: 50 };
  const { supervisor, states } = supervised({ run: async () => 1, start }, {}, numbers);
  await supervisor.start();
  expect(starts).toBe(3);
  expect(supervisor.standing).toMatchObject({ state: "failed", why: "it cannot start: no connection", withheld: 1 });
  expect(ending(await supervisor.run(call))[2]).toContain("the agent is failed: it cannot start: no connection");
  await until(() => starts > 3);
  expect(supervisor.standing.state).toBe("failed");
  broken = false;
  supervisor.retry();
  await until(() => supervisor.standing.state === "ready");
  expect(ending(await supervisor.run(call))[2]).toBe("1");
  expect(states().at(-1)).toBe("ready");
  expect(supervisor.standing.why).toBe("");
});

test("one that is tried again after it failed says why it had failed, as long as it is starting", async () => {
  const gate = Promise.withResolvers<void>();
  let broken = true;
  const start = () => (broken ? Promise.reject(new Error("no connection")) : gate.promise);
  const { supervisor } = supervised({ run: async () => 1, start }, {}, { crashes: 0, start_pause_ms: 5 });
  await supervisor.start();
  expect(supervisor.standing.state).toBe("failed");
  broken = false;
  supervisor.retry();
  expect(supervisor.standing).toMatchObject({ state: "starting", why: expect.stringContaining("no connection") });
  gate.resolve();
  await until(() => supervisor.standing.state === "ready");
});

test("one whose program is absent is failed at once, tells nobody again and again, and is ready when it comes", async () => {
  const dir = mkdtempSync(join(tmpdir(), "folkmoot-absent-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const numbers = { crashes: 0, start_pause_ms: 1, failed_ms: 20 };
  const standings: Standing[] = [];
  const absent = new Supervisor(agentOf({ kind: "exec", argv: ["./p.sh"] }, { dir }), {
    onChange: (standing) => standings.push(standing),
    numbers,
  });
  onTestFinished(() => absent.close());
  await absent.start();
  // Another that fails is tried again four times meanwhile.
  let starts = 0;
  const start = () => Promise.reject(new Error(`start ${++starts}`));
  void supervised({ run: async () => 1, start }, {}, numbers).supervisor.start();
  await until(() => starts >= 5);
  const why = `its handler names ${join(dir, "p.sh")}, which is not a file; write the path of a program`;
  expect(standings).toMatchObject([{ state: "failed", why, withheld: 1 }]);
  writeFileSync(join(dir, "p.sh"), "#!/bin/sh\necho 1\n", { mode: 0o755 });
  await until(() => absent.standing.state === "ready");
  expect(standings.map(({ state }) => state)).toEqual(["failed", "starting", "ready"]);
  expect(absent.standing).toMatchObject({ why: "", withheld: 0 });
  expect(ending(await absent.run(call))[2]).toBe("1");
});

test("a start that never ends fails with its time", async () => {
  const start = () => new Promise<void>(() => undefined);
  const { supervisor } = supervised({ run: async () => 1, start }, {}, { crashes: 0, start_ms: 20 });
  await supervisor.start();
  expect(supervisor.standing).toMatchObject({ state: "failed", why: "it cannot start: it took too long" });
});

test("one that is closed while it starts is not started again, however long its handler takes to close", async () => {
  let starts = 0;
  const start = () => {
    starts += 1;
    return new Promise<void>(() => undefined);
  };
  const close = () => new Promise<void>((resolve) => setTimeout(resolve, 100));
  const { supervisor, states } = supervised({ run: async () => 1, start, close }, {}, { start_pause_ms: 1 });
  const over = supervisor.start();
  await supervisor.close();
  await over;
  expect([starts, states()]).toEqual([1, ["stopped"]]);
});

test("crashes make it failed, and one more after it came back does so at once; errors do not", async () => {
  let crash = true;
  const handler: Handler = {
    run: () => Promise.reject(crash ? new CrashError("error", "its program died") : new HandlerError("error", "no")),
  };
  const numbers = { crashes: 2, failed_ms: 20, breaker_failures: 100 };
  const { supervisor } = supervised(handler, {}, numbers);
  await supervisor.start();
  for (let count = 0; count < 3; count++) await supervisor.run(call);
  expect(supervisor.standing).toMatchObject({ state: "failed", why: expect.stringContaining("its program died") });
  await until(() => supervisor.standing.state === "ready");
  await supervisor.run(call);
  expect(supervisor.standing.state).toBe("failed");
  await until(() => supervisor.standing.state === "ready");
  crash = false;
  for (let count = 0; count < 20; count++) await supervisor.run(call);
  expect(supervisor.standing).toMatchObject({ state: "ready", why: "" });
});

test("failures in a row that another might not have take all its places; then one run decides", async () => {
  let bad = true;
  const handler: Handler = {
    run: async () => {
      if (bad) throw new HandlerError("retry", "not now");
      return 1;
    },
  };
  const { supervisor, standings } = supervised(handler, { concurrency: 4, breaker: { failures: 3, pause_ms: 30 } });
  await supervisor.start();
  for (let count = 0; count < 3; count++) await supervisor.run(call);
  expect(supervisor.standing).toMatchObject({ state: "ready", withheld: 4 });
  expect(supervisor.standing.why).toBe("paused after 3 failures in a row, the last one so: not now");
  expect(ending(await supervisor.run(call))[2]).toContain("the agent is paused after 3 failures");
  await until(() => supervisor.standing.withheld === 3);
  await supervisor.run(call);
  expect(supervisor.standing.withheld).toBe(4);
  bad = false;
  await until(() => supervisor.standing.withheld === 3);
  const both = await Promise.all([supervisor.run(call), supervisor.run(call)]);
  expect(both.map((ran) => ran.ok)).toEqual([true, false]);
  expect(supervisor.standing).toMatchObject({ withheld: 0, why: "" });
  expect(standings.every(({ state }) => state === "ready")).toBe(true);
});

test("errors that any contractor would have do not open its breaker", async () => {
  const { supervisor } = supervised(says("error"), { breaker: { failures: 1, pause_ms: 1_000 } });
  await supervisor.start();
  await supervisor.run(call);
  expect(supervisor.standing.withheld).toBe(0);
});

test("a caller that leaves it no time does not open its breaker", async () => {
  const handler: Handler = { run: () => new Promise((_, reject) => setTimeout(reject, 20, new Error("late"))) };
  const skills = agentOf({ kind: "code", handler }).skills.map((skill) => ({ ...skill, expected_ms: 10_000 }));
  const { supervisor } = supervised(handler, { skills, breaker: { failures: 1, pause_ms: 1_000 } });
  await supervisor.start();
  expect(await supervisor.run({ ...call, deadline_ms: 5 })).toMatchObject({ reason: "timeout" });
  expect(supervisor.standing.withheld).toBe(0);
});

test("never more runs than places, also with those that would not stop", async () => {
  let running = 0;
  let most = 0;
  const release = Promise.withResolvers<void>();
  const handler: Handler = {
    run: async () => {
      most = Math.max(most, ++running);
      await release.promise;
      running -= 1;
      return 1;
    },
  };
  const breaker = { failures: 100, pause_ms: 1_000 };
  const { supervisor } = supervised(handler, { concurrency: 3, timeout_ms: 50, breaker });
  await supervisor.start();
  const many = await Promise.all(Array.from({ length: 10_000 }, () => supervisor.run(call)));
  expect(many.filter((ran) => ending(ran)[0] === "retry")).toHaveLength(9_997);
  expect(most).toBe(3);
  expect(supervisor.standing.withheld).toBe(3);
  expect(ending(await supervisor.run(call))[2]).toBe("every place of the agent is taken");
  release.resolve();
  await until(() => supervisor.standing.withheld === 0);
});

test("it drains: what runs ends, then the handler is closed", async () => {
  const release = Promise.withResolvers<void>();
  const close = vi.fn(async () => undefined);
  const { supervisor, states } = supervised({ run: () => release.promise.then(() => 1), close });
  await supervisor.start();
  const running = supervisor.run(call);
  const drained = supervisor.drain();
  expect(supervisor.standing).toMatchObject({ state: "draining", withheld: 1 });
  expect(close).not.toHaveBeenCalled();
  release.resolve();
  expect((await running).ok).toBe(true);
  await drained;
  expect(close).toHaveBeenCalledOnce();
  expect(states()).toEqual(["ready", "draining", "stopped"]);
  expect((await supervisor.run(call)).ok).toBe(false);
});

test("a run that gives no sign of life is stopped, one that goes on is not", async () => {
  const stalls = { ...agentOf({ kind: "code", handler: talker(500) }), stall_ms: 100 };
  expect(ending(await run(stalls))).toEqual(["timeout", true, "it gave no sign of progress for 100 ms: stopped"]);
  const goesOn = { ...agentOf({ kind: "code", handler: talker(60) }), stall_ms: 1_000 };
  expect(ending(await run(goesOn))).toEqual(["ok", false, "1"]);
});

/** Says something every so often, twenty times. */
function talker(every_ms: number): Handler {
  return {
    run: (_, context) =>
      new Promise((resolve, reject) => {
        let left = 20;
        const talking = setInterval(() => {
          context.progress(1 - left / 20);
          left -= 1;
          if (left === 0) end(() => resolve(1));
        }, every_ms);
        const end = (how: () => void) => {
          clearInterval(talking);
          how();
        };
        context.signal.addEventListener("abort", () => end(() => reject(new Error("stopped"))));
      }),
  };
}

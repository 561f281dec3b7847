/** Runs that are stopped before an A2A agent has said which task it is: the task is cancelled when it has a name, within bounds. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { LateCancels } from "../../node/handlers/a2a-late.ts";
import type { AgentSpec } from "../../node/handlers/mod.ts";
import { handlerFor } from "../../node/handlers/run.ts";
import { agentOf, ending, run } from "./helpers.ts";
import { type Server, start } from "./servers/start.ts";

interface Seen {
  readonly seen: readonly unknown[];
  readonly cancelled: readonly string[];
  /** Requests that were given up before they were answered. */
  readonly hungUp: number;
}

async function seenAt({ url }: Server): Promise<Seen> {
  return JSON.parse(await (await fetch(`${url}/seen`)).text());
}

const at = (url: string) => agentOf({ kind: "a2a", url, headers: {}, allow_private: false });

describe.each(["stream", "plain"])("an agent with the style %s", (style) => {
  let server: Server;
  beforeAll(async () => {
    server = await start("a2a.ts", [style]);
  });
  afterAll(async () => await server.stop());

  /** A run that is stopped when the agent has got the message, and has not said which task it is. */
  async function stoppedEarly(agent: AgentSpec): Promise<void> {
    const { length } = (await seenAt(server)).seen;
    const stop = new AbortController();
    const running = run(agent, { input: { mode: "late" } }, { signal: stop.signal });
    await vi.waitFor(async () => expect((await seenAt(server)).seen).toHaveLength(length + 1));
    stop.abort();
    expect(ending(await running)[0]).toBe("cancelled");
  }

  test("a run that is stopped before the remote task has a name cancels it as soon as it has one", async () => {
    const before = (await seenAt(server)).cancelled.length;
    await stoppedEarly(at(server.url));
    expect((await seenAt(server)).cancelled).toHaveLength(before);
    await fetch(`${server.url}/go-on`);
    await vi.waitFor(async () => expect((await seenAt(server)).cancelled).toHaveLength(before + 1));
  });

  test("a stopped agent waits a moment for such a name, and then lets go", async () => {
    const before = await seenAt(server);
    const agent = at(server.url);
    await stoppedEarly(agent);
    expect((await seenAt(server)).hungUp).toBe(before.hungUp);
    const started = performance.now();
    await handlerFor(agent).close?.();
    expect(performance.now() - started).toBeLessThan(5_000);
    await vi.waitFor(async () => expect((await seenAt(server)).hungUp).toBe(before.hungUp + 1));
    expect((await seenAt(server)).cancelled).toHaveLength(before.cancelled.length);
    await fetch(`${server.url}/go-on`);
  });
});

describe("cancels that wait for the name of their task", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** An agent that never says a name: its request ends when it is dropped. */
  function silent() {
    const over = Promise.withResolvers<void>();
    const told = { drops: 0, cancels: 0 };
    const drop = () => {
      told.drops++;
      over.resolve();
    };
    const cancel = async () => void told.cancels++;
    return { told, unnamed: { named: over.promise, cancel, drop } };
  }

  test("ten seconds, then the request is dropped", async () => {
    const late = new LateCancels();
    const { told, unnamed } = silent();
    late.add(unnamed);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(told.drops).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(told.drops).toBeGreaterThan(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("sixty-four at once: one more is dropped on the spot", () => {
    const late = new LateCancels();
    const all = Array.from({ length: 65 }, silent);
    for (const { unnamed } of all) late.add(unnamed);
    expect(all.map(({ told }) => told.drops)).toEqual([...Array.from({ length: 64 }, () => 0), 1]);
  });
});

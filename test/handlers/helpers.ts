/** Agents made of a line of shell or of a module in `agents/`, and ways to ask whether a process lives. */
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import {
  type AgentSpec,
  type Call,
  type HandlerSpec,
  type JsonSchema,
  type Ran,
  type RunOptions,
  runAgent,
} from "../../node/handlers/mod.ts";

export interface Shape {
  readonly input?: JsonSchema;
  readonly output?: JsonSchema;
  readonly timeout_ms?: number;
  readonly env?: readonly string[];
  readonly dir?: string;
}

export function agentOf(handler: HandlerSpec, shape: Shape = {}): AgentSpec {
  const { input = {}, output = {}, timeout_ms = 20_000, env = [], dir = tmpdir() } = shape;
  const skill = {
    name: "test.it@1",
    input,
    output,
    effects: "none",
    cost: 1,
    expected_ms: 1,
    idempotent: true,
  } as const;
  return { name: "tested", handler, concurrency: 1, timeout_ms, env, dir, skills: [skill] };
}

export function shell(script: string, shape: Shape = {}): AgentSpec {
  return agentOf({ kind: "exec", argv: ["sh", "-c", script] }, shape);
}

/** A module of `agents/`. */
export function module(name: string, shape: Shape = {}): AgentSpec {
  return agentOf({ kind: "module", path: join(import.meta.dirname, "agents", name) }, shape);
}

export const call: Call = {
  task: "t1",
  skill: "test.it@1",
  input: { text: "hello" },
  fence: 8,
  deadline_ms: 20_000,
};

export function run(agent: AgentSpec, changes: Partial<Call> = {}, options: RunOptions = {}): Promise<Ran> {
  return runAgent(agent, { ...call, ...changes }, options);
}

/** The reason, whether it may be tried again, and the message: what a failure says. */
export function ending(ran: Ran): readonly [string, boolean, string] {
  return ran.ok ? ["ok", false, JSON.stringify(ran.output)] : [ran.reason, ran.retryable, ran.message];
}

/** Running, not gone and not a zombie that waits for its parent. */
export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

export function dies(pid: number): Promise<void> {
  return vi.waitFor(
    () => {
      if (lives(pid)) throw new Error(`process ${pid} lives`);
    },
    { timeout: 10_000, interval: 20 },
  );
}

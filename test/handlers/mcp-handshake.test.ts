/** Programs that know the newer MCP handshake, the older, or both: each is found out, and its tool can be called. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { handlerFor } from "../../node/handlers/run.ts";
import { agentOf, ending, run } from "./helpers.ts";

const SERVER = join(import.meta.dirname, "servers", "mcp-stdio.ts");

/** An agent that is closed with its test, and how often its program was started. */
function program(knows: string) {
  const dir = mkdtempSync(join(tmpdir(), "folkmoot-handshake-"));
  const file = join(dir, "starts");
  vi.stubEnv("MOOT_TEST_STARTS", file);
  const server = { type: "program", argv: [process.execPath, SERVER, knows], env: {} } as const;
  const agent = agentOf({ kind: "mcp", server, tool: "version", arguments: undefined }, { env: ["MOOT_TEST_STARTS"] });
  onTestFinished(async () => {
    await handlerFor(agent).close?.();
    vi.unstubAllEnvs();
    rmSync(dir, { recursive: true });
  });
  return { agent, starts: () => readFileSync(file, "utf8").trim().split("\n").length };
}

test.each([
  ["both", "2026-07-28"],
  ["newer", "2026-07-28"],
  ["older", "older"],
])("a program that knows %s is called by %s, and started once", async (knows, said) => {
  const { agent, starts } = program(knows);
  expect(ending(await run(agent, { input: {} }))).toEqual(["ok", false, JSON.stringify({ said })]);
  expect(ending(await run(agent, { input: {} }))[0]).toBe("ok");
  expect(starts()).toBe(1);
});

test("a program that ends when it hears the newer one is started again, and then always called by the older", async () => {
  const { agent, starts } = program("strict");
  expect(ending(await run(agent, { input: {} }))).toEqual(["ok", false, '{"said":"older"}']);
  expect(starts()).toBe(2);
  const handler = handlerFor(agent);
  await handler.close?.();
  await handler.start?.(AbortSignal.timeout(20_000));
  expect(ending(await run(agent, { input: {} }))[0]).toBe("ok");
  expect(starts()).toBe(3);
});

test("a program that says nothing to the newer one is asked by the older after a while", async () => {
  const { agent, starts } = program("silent");
  expect(ending(await run(agent, { input: {} }))).toEqual(["ok", false, '{"said":"older"}']);
  expect(starts()).toBe(1);
});

/** Handlers that call others do it through their context, so their runs replay without anybody there. */
import { createServer, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type AgentSpec, HandlerError, type HandlerSpec } from "../../node/handlers/mod.ts";
import { handlerFor } from "../../node/handlers/run.ts";
import { replayRun } from "../../node/records/replay.ts";
import { agentWith, folder, record } from "./agents.ts";

const SAME = { verdict: "same" };

async function served(
  answer: (response: ServerResponse) => void,
): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => answer(response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it listens on a port");
  return { url: `http://127.0.0.1:${address.port}/`, server };
}

function agentOf(dir: string, handler: HandlerSpec): AgentSpec {
  return { ...agentWith(dir, "() => 0"), handler };
}

test("a webhook's run with progress and partial results replays when the server is gone", async () => {
  const { url, server } = await served((response) => {
    response.setHeader("content-type", "application/x-ndjson");
    response.end('{"progress":0.5,"note":"half"}\n{"partial":{"n":1}}\n{"output":{"n":2}}\n');
  });
  const dir = folder();
  const agent = agentOf(dir, { kind: "webhook", url, headers: {}, allow_private: true });
  const made = await record({ dir, agent, input: { text: "x" } });
  expect(made.ran).toMatchObject({ ok: true });
  expect(made.record.acts.filter(({ within }) => within === 0).map(({ type }) => type)).toEqual([
    "progress",
    "partial",
  ]);
  server.close();
  server.closeAllConnections();
  expect(await replayRun(made.record, agent, { live: false })).toEqual(SAME);
});

test("a webhook that was busy replays as a wish to retry", async () => {
  const { url } = await served((response) => response.writeHead(503, { "retry-after": "7" }).end("later"));
  const dir = folder();
  const agent = agentOf(dir, { kind: "webhook", url, headers: {}, allow_private: true });
  const made = await record({ dir, agent, input: 1 });
  expect(made.ran).toMatchObject({ ok: false, reason: "retry" });
  expect(await replayRun(made.record, agent, { live: false })).toEqual(SAME);
});

test("an MCP tool's run replays without its server being started", { timeout: 30_000 }, async () => {
  const dir = folder();
  const script = join(import.meta.dirname, "../handlers/servers/mcp-stdio.ts");
  const server = (argv: readonly string[]) =>
    ({ kind: "mcp", server: { type: "program", argv, env: {} }, tool: "add" }) as const;
  const agent = agentOf(dir, server([process.execPath, script]));
  const made = await record({ dir, agent, input: { a: 1, b: 2 } });
  await handlerFor(agent).close?.();
  expect(made.ran).toMatchObject({ ok: true });
  expect(await replayRun(made.record, agentOf(dir, server(["/nowhere"])), { live: false })).toEqual(SAME);
});

test("a function in a worker thread replays in one", { timeout: 30_000 }, async () => {
  const dir = folder();
  const plain = agentWith(
    dir,
    `async (input, context) => {
      const [a, b] = await Promise.all([1, 2].map((n) => context.tool("add", { n }, async ({ n }) => n + Math.random())));
      context.progress(0.5, "half");
      context.emit({ a });
      return { a, b, at: context.now(), dice: context.random() };
    }`,
  );
  if (plain.handler.kind !== "module") throw new HandlerError("error", "it is a module");
  const agent = agentOf(dir, { ...plain.handler, worker: { memory_mb: 64, fresh: false } });
  const made = await record({ dir, agent });
  expect(made.ran).toMatchObject({ ok: true });
  expect(await replayRun(made.record, agent, { live: false })).toEqual(SAME);
  expect(await replayRun(made.record, plain, { live: false })).toEqual(SAME);
});

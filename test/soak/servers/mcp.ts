/**
 * The soak's MCP server, made with the official SDK: one tool that calls the ledger, whose socket is its argument. A tool is not told of
 * fences, so it names its order, and the ledger does nothing twice that has the same name. Ends when its node does.
 */
import { request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { z } from "zod";

const CALL_MS = 10_000;
const MEET_MS = 120_000;
const TRIES = 3;
const [socketPath = ""] = process.argv.slice(2);

const order = z.object({
  nth: z.int(),
  steps: z.int(),
  pause_ms: z.number(),
  meet: z.boolean().optional(),
});

function once(body: { readonly task: string; readonly step: number; readonly meet?: boolean }): Promise<void> {
  return new Promise((resolve, reject) => {
    const timeout = body.meet === true ? MEET_MS : CALL_MS;
    const asked = request({ socketPath, path: "/", method: "POST", timeout, agent: false }, (answer) => {
      answer.resume();
      answer.on("end", () =>
        answer.statusCode === 200 ? resolve() : reject(new Error(`the ledger says ${answer.statusCode}`)),
      );
    });
    asked.on("timeout", () => asked.destroy(new Error("the ledger is silent")));
    asked.on("error", reject);
    asked.end(JSON.stringify(body));
  });
}

async function write(body: Parameters<typeof once>[0]): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await once(body);
    } catch (error) {
      if (tries === TRIES) throw error;
    }
  }
}

serveStdio(() => {
  const server = new McpServer({ name: "soak", version: "1.0.0" });
  const about = { inputSchema: order, outputSchema: z.object({ steps: z.int() }) };
  server.registerTool("write", about, async ({ nth, steps, pause_ms, meet }) => {
    for (let step = 0; step < steps; step++) {
      await write({ task: `order ${nth}`, step, ...(meet === undefined ? {} : { meet }) });
      await pause(pause_ms);
    }
    return { content: [{ type: "text", text: `${steps} steps` }], structuredContent: { steps } };
  });
  return server;
});

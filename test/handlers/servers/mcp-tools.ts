/** The tools of the MCP servers for tests, made with the official SDK. */
import { appendFileSync } from "node:fs";
import { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";

/** A line for each thing that a test wants to know of. */
function note(line: string): void {
  const file = process.env["MOOT_TEST_NOTES"];
  if (file !== undefined) appendFileSync(file, `${line}\n`);
}

const words = (text: string) => ({ content: [{ type: "text" as const, text }] });

export function toolServer(): McpServer {
  const server = new McpServer({ name: "tested", version: "1.0.0" });
  const pair = z.object({ a: z.number(), b: z.number() });
  const outputSchema = z.object({ sum: z.number() });
  server.registerTool("add", { inputSchema: pair, outputSchema }, async ({ a, b }) => ({
    ...words("the sum"),
    structuredContent: { sum: a + b },
  }));
  server.registerTool("json", { inputSchema: z.object({}) }, async () => words('{"parsed":[1,2]}'));
  server.registerTool("text", { inputSchema: z.object({}) }, async () => words("plain words"));
  server.registerTool("nothing", { inputSchema: z.object({}) }, async () => ({ content: [] }));
  server.registerTool("fail", { inputSchema: z.object({}) }, async () => ({ ...words("no such row"), isError: true }));
  server.registerTool("environment", { inputSchema: z.object({}) }, async () => words(JSON.stringify(process.env)));
  server.registerTool("pid", { inputSchema: z.object({}) }, async () => words(JSON.stringify({ pid: process.pid })));
  server.registerTool("version", { inputSchema: z.object({}) }, async (_, context) => {
    const said = Object(context.mcpReq.envelope)["io.modelcontextprotocol/protocolVersion"];
    return words(JSON.stringify({ said: said ?? "older" }));
  });
  server.registerTool("huge", { inputSchema: z.object({ bytes: z.number() }) }, async ({ bytes }) =>
    words("x".repeat(bytes)),
  );
  server.registerTool("steps", { inputSchema: z.object({}) }, async (_, context) => {
    const progressToken = context.mcpReq._meta?.progressToken;
    for (const progress of [1, 2]) {
      if (progressToken === undefined) break;
      const params = { progressToken, progress, total: 4, message: `step ${progress}` };
      await context.mcpReq.notify({ method: "notifications/progress", params });
    }
    return words('"done"');
  });
  server.registerTool("hang", { inputSchema: z.object({}) }, async (_, context) => {
    const { signal } = context.mcpReq;
    note("hanging");
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    note("cancelled");
    return words("too late");
  });
  server.registerTool("die", { inputSchema: z.object({}) }, async () => {
    process.stderr.write("out of luck\n");
    process.exit(3);
  });
  return server;
}

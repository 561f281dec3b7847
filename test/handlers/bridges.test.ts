/** An agent that speaks A2A and a tool of an MCP server at a real node, asked from another; and what their configuration may say. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parseConfig } from "../../node/config/mod.ts";
import { startNode } from "../../node/mod.ts";
import type { MootNode } from "../../node/moot-node.ts";
import { told } from "../config/helpers.ts";
import { dies, lives } from "./helpers.ts";
import { start } from "./servers/start.ts";

async function nodeOf(text: string): Promise<MootNode> {
  const dir = mkdtempSync(join(tmpdir(), "folkmoot-bridges-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const head = "network: { name: bridges }\nlisten: [/ip4/127.0.0.1/tcp/0]\n";
  const node = await startNode(parseConfig(head + text, join(dir, "moot.yaml")));
  onTestFinished(() => node.stop({ grace_ms: 0 }));
  return node;
}

test("tasks of another node reach both, and the program ends with its node", async () => {
  const server = await start("a2a.ts");
  onTestFinished(async () => await server.stop());
  const program = join(import.meta.dirname, "servers", "mcp-stdio.ts");
  const worker = await nodeOf(`agents:
  - name: remote
    handler: { a2a: ${server.url} }
    skills: [{ name: does.a2a@1, effects: none, expected_ms: 10 }]
  - name: tool
    handler: { mcp: { command: [${JSON.stringify(process.execPath)}, ${JSON.stringify(program)}], tool: pid } }
    skills: [{ name: does.mcp@1, effects: none, expected_ms: 10 }]
`);
  const [addr] = worker.status().addrs;
  const asking = await nodeOf(`join: [${addr}]\nagents: []\n`);
  await Promise.all([worker.ready(), asking.ready()]);
  const ask = async (skill: string) =>
    await asking.outcome(await asking.submit({ skill, input: {}, custodians: 1, deadline_ms: 8_000 }));
  expect(await ask("does.a2a@1")).toMatchObject({ status: "done", agent: "remote", result: { echoed: {} } });
  const found = await ask("does.mcp@1");
  expect(found).toMatchObject({ status: "done", agent: "tool", result: { pid: expect.any(Number) } });
  const pid = Number(/\d+/.exec(JSON.stringify(found.result))?.[0]);
  expect(lives(pid)).toBe(true);
  await worker.stop({ grace_ms: 0 });
  await dies(pid);
});

test.each([
  ["{ mcp: { tool: add } }", "names no server; give a command or a url"],
  [
    "{ mcp: { command: [node], url: https://example.com/mcp, tool: add } }",
    "names two servers; give a command or a url",
  ],
  ["{ mcp: { command: [./none], tool: add } }", "which is not a file"],
  ["{ mcp: { command: [node], tool: add, headers: { A: b } } }", "env belongs to command, headers to url"],
  ["{ mcp: { command: [node], tool: add, env: { 'a b': c } } }", "name a variable with letters, digits and '_'"],
  ["{ mcp: { command: [node], tool: add, arguments: { a: '{{output}}' } } }", "has {{output}} in it"],
  ["{ mcp: { url: http://169.254.169.254/mcp, tool: add } }", "allow_private: true"],
  ["{ mcp: { command: [node] } }", "the name of a tool of the server"],
  ["{ a2a: not-a-url }", "it must be a URL of http or https such as https://example.com"],
  ["{ a2a: { url: https://example.com, headers: { Authorization: 'Bearer abc' } } }", "is a secret in the file"],
  ["{ a2a: { url: https://example.com, skil: x } }", "skill"],
])("the configuration %s is refused, with a remedy", async (handler, words) => {
  const lines = await told(`agents: [{ name: a, handler: ${handler}, skills: [{ name: does.it@1 }] }]`);
  expect(lines.join("\n")).toContain(words);
});

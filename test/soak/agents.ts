/**
 * The soak's agents: 50 on each node, of every kind that calls a program, a function or a service of ours, each with several calls to the
 * ledger in one task. Written as the files that users would write; they know nothing of the tests. An input says how many calls to make and
 * how long to wait after each; `meet` has the ledger hold the answer, `deaf` ignores that the run was stopped, as careless code does.
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Calls to the ledger in one task. */
export const STEPS = 4;
export const KINDS = ["module", "worker", "exec", "webhook", "mcp"] as const;
export type Kind = (typeof KINDS)[number];
export const skillOf = (kind: Kind): string => `soak.${kind}@1`;

/** What a task asks of its agent. */
export interface Order {
  readonly nth: number;
  readonly steps: number;
  readonly pause_ms: number;
  readonly meet?: boolean;
  readonly deaf?: boolean;
}

const TIMEOUT_MS = 150_000;
const MCP_SERVER = join(import.meta.dirname, "servers/mcp.ts");

/**
 * Whoever meets is held for long, and so is the node of a deaf one: it has to be patient with an answer that
 * came meanwhile. A connection for each call: one that is kept may have been closed by the other end while this one stood still.
 */
const CALL = `import { request } from "node:http";
export const write = (socketPath, body) =>
  new Promise((resolve, reject) => {
    const timeout = body.meet || body.deaf ? 120_000 : 10_000;
    const asked = request({ socketPath, path: "/", method: "POST", timeout, agent: false }, (answer) => {
      answer.resume();
      answer.on("end", () => (answer.statusCode === 200 ? resolve(answer.statusCode) : reject(again(answer.statusCode))));
    });
    asked.on("timeout", () => asked.destroy(new Error("the ledger is silent")));
    asked.on("error", (error) => reject(again(error.message)));
    asked.end(JSON.stringify(body));
  });
const again = (why) => Object.assign(new Error(\`the ledger says \${why}\`), { retry: true });
`;

/** A deaf one waits once, long enough to be held meanwhile, and then makes all its calls, whatever it was told. */
const MODULE = `import { setTimeout as pause } from "node:timers/promises";
import { write } from "./call.js";
const SOCKET = "SOCKET_PATH";
export default async ({ steps, pause_ms, meet, deaf }, context) => {
  const { task, fence } = context;
  for (let step = 0; step < steps; step++) {
    const body = { task, fence, step, meet, deaf, pid: process.pid };
    if (deaf) await write(SOCKET, body);
    else await context.tool("write", body, () => write(SOCKET, body));
    if (deaf && step > 0) continue;
    if (!deaf) context.progress((step + 1) / steps);
    await pause(pause_ms, undefined, deaf ? {} : { signal: context.signal });
  }
  return { fence };
};
`;

const PROGRAM = `#!/usr/bin/env node
import { setTimeout as pause } from "node:timers/promises";
import { write } from "./call.js";
let text = "";
for await (const chunk of process.stdin) text += chunk;
const { task, fence, input: { steps, pause_ms, meet } } = JSON.parse(text);
try {
  for (let step = 0; step < steps; step++) {
    await write("SOCKET_PATH", { task, fence, step, meet });
    console.error(\`progress \${(step + 1) / steps}\`);
    await pause(pause_ms);
  }
  console.log(JSON.stringify({ fence }));
} catch (error) {
  console.error(error.message);
  process.exitCode = error.retry ? 75 : 1;
}
`;

/** It goes on with a call whose node has died: the fence is what stops it. */
const SERVICE = `import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { write } from "./call.js";
const server = createServer(async (request, response) => {
  try {
    let text = "";
    for await (const chunk of request) text += chunk;
    const { task, fence, input: { steps, pause_ms, meet } } = JSON.parse(text);
    for (let step = 0; step < steps; step++) {
      await write("SOCKET_PATH", { task, fence, step, meet });
      await pause(pause_ms);
    }
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ fence }));
  } catch (error) {
    response.writeHead(error.retry ? 503 : 500).end(error.message);
  }
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
`;

/** Writes the agents' files into the folder, and says what a node's \`moot.yaml\` has of them. */
export class SoakAgents {
  /** The program of the service behind the webhooks: prints its port. */
  readonly service: string;
  readonly #dir: string;
  readonly #socket: string;

  constructor(dir: string, socket: string) {
    this.#dir = dir;
    this.#socket = socket;
    this.service = join(dir, "service.js");
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, "package.json"), '{ "type": "module" }');
    writeFileSync(join(dir, "call.js"), CALL);
    writeFileSync(join(dir, "module.js"), MODULE.replace("SOCKET_PATH", socket));
    writeFileSync(join(dir, "program.js"), PROGRAM.replace("SOCKET_PATH", socket));
    writeFileSync(this.service, SERVICE.replace("SOCKET_PATH", socket));
    chmodSync(join(dir, "program.js"), 0o755);
  }

  configs(count: number, servicePort: number): readonly object[] {
    return kindsOf(count).map((kind, index) => ({
      name: `${kind}-${index}`,
      handler: this.#handlerOf(kind, servicePort),
      concurrency: 1,
      timeout_ms: TIMEOUT_MS,
      skills: [{ name: skillOf(kind), input: { type: "object" }, output: { type: "object" }, expected_ms: 500 }],
    }));
  }

  #handlerOf(kind: Kind, servicePort: number): object {
    const module = join(this.#dir, "module.js");
    switch (kind) {
      case "module":
        return { module };
      case "worker":
        return { module: { path: module, worker: true } };
      case "exec":
        return { exec: [process.execPath, join(this.#dir, "program.js")] };
      case "webhook":
        return { webhook: `http://127.0.0.1:${servicePort}/` };
      case "mcp":
        return { mcp: { command: [process.execPath, MCP_SERVER, this.#socket], tool: "write" } };
    }
  }
}

/** Kinds of so many agents: one webhook, one MCP server (a process that is always there), the rest alike of what runs in or under a node. */
export function kindsOf(count: number): readonly Kind[] {
  const own = ["module", "worker", "exec"] as const;
  const rest = Array.from({ length: Math.max(0, count - 2) }, (_, index): Kind => own[index % own.length] ?? "module");
  return (["webhook", "mcp", ...rest] as const).slice(0, count);
}

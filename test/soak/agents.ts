/**
 * The soak's agents: 50 on each node, of every kind that runs here, each with several calls to the ledger in one task. Written as the
 * files that users would write; they know nothing of the tests.
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Calls to the ledger in one task. */
export const STEPS = 4;
export const KINDS = ["module", "worker", "exec"] as const;
export type Kind = (typeof KINDS)[number];
export const skillOf = (kind: Kind): string => `soak.${kind}@1`;

const TIMEOUT_MS = 60_000;

const CALL = `import { request } from "node:http";
export const write = (socketPath, body) =>
  new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: "/", method: "POST", timeout: 5_000 }, (answer) => {
      answer.resume();
      answer.on("end", () => (answer.statusCode === 200 ? resolve(answer.statusCode) : reject(again(answer.statusCode))));
    });
    asked.on("timeout", () => asked.destroy(new Error("the ledger is silent")));
    asked.on("error", (error) => reject(again(error.message)));
    asked.end(JSON.stringify(body));
  });
const again = (why) => Object.assign(new Error(\`the ledger says \${why}\`), { retry: true });
`;

const MODULE = `import { setTimeout as pause } from "node:timers/promises";
import { write } from "./call.js";
const SOCKET = "SOCKET_PATH";
export default async ({ steps, pause_ms }, context) => {
  for (let step = 0; step < steps; step++) {
    await context.tool("write", { task: context.task, fence: context.fence, step }, (body) => write(SOCKET, body));
    context.progress((step + 1) / steps);
    await pause(pause_ms, undefined, { signal: context.signal });
  }
  return { fence: context.fence };
};
`;

const PROGRAM = `#!/usr/bin/env node
import { setTimeout as pause } from "node:timers/promises";
import { write } from "./call.js";
let text = "";
for await (const chunk of process.stdin) text += chunk;
const { task, fence, input: { steps, pause_ms } } = JSON.parse(text);
try {
  for (let step = 0; step < steps; step++) {
    await write("SOCKET_PATH", { task, fence, step });
    console.error(\`progress \${(step + 1) / steps}\`);
    await pause(pause_ms);
  }
  console.log(JSON.stringify({ fence }));
} catch (error) {
  console.error(error.message);
  process.exitCode = error.retry ? 75 : 1;
}
`;

/** Writes the agents' files into the folder, and resolves what a node's \`moot.yaml\` says of them. */
export class SoakAgents {
  readonly #dir: string;

  constructor(dir: string, socket: string) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, "package.json"), '{ "type": "module" }');
    writeFileSync(join(dir, "call.js"), CALL);
    writeFileSync(join(dir, "module.js"), MODULE.replace("SOCKET_PATH", socket));
    writeFileSync(join(dir, "program.js"), PROGRAM.replace("SOCKET_PATH", socket));
    chmodSync(join(dir, "program.js"), 0o755);
  }

  configs(count: number): readonly object[] {
    return Array.from({ length: count }, (_, index) => {
      const kind = KINDS[index % KINDS.length] ?? "module";
      return {
        name: `${kind}-${index}`,
        handler: this.#handlerOf(kind),
        concurrency: 1,
        timeout_ms: TIMEOUT_MS,
        skills: [{ name: skillOf(kind), input: { type: "object" }, output: { type: "object" }, expected_ms: 500 }],
      };
    });
  }

  #handlerOf(kind: Kind): object {
    const module = join(this.#dir, "module.js");
    if (kind === "module") return { module };
    if (kind === "worker") return { module: { path: module, worker: true } };
    return { exec: [process.execPath, join(this.#dir, "program.js")] };
  }
}

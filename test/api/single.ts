/**
 * One real node, alone in its network, with its control API: agents that count, fail, and wait until they are stopped. Its folder
 * is removed with it.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ApiClient, connectNode, readApiFile, type Served, serveApi } from "../../node/api/mod.ts";
import { parseConfig } from "../../node/config/mod.ts";
import { startNode } from "../../node/mod.ts";
import type { MootNode } from "../../node/moot-node.ts";

const AGENTS = `
export default async (input, context) => {
  switch (context.skill) {
    case "text.count@1":
      context.progress(0.5, "half way");
      return { words: input.text.split(/\\s+/).filter(Boolean).length };
    case "always.fail@1":
      throw new Error("it cannot be done");
    default:
      await new Promise((resolve) => context.signal.addEventListener("abort", resolve, { once: true }));
      throw new Error("stopped");
  }
};
`;

const CONFIG = `
network: { name: alone }
listen: [/ip4/127.0.0.1/tcp/0]
agents:
  - name: all
    handler: { module: ./agents.mjs }
    concurrency: 4
    skills:
      - name: text.count@1
        input: { type: object, required: [text], properties: { text: { type: string } } }
        effects: none
        expected_ms: 50
      - { name: always.fail@1, effects: none, expected_ms: 50 }
      - { name: never.ends@1, effects: none, expected_ms: 50 }
`;

/** A folder with a config and its agents, for nodes in this process and for `moot up`. */
export function nodeFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "moot-"));
  writeFileSync(join(dir, "agents.mjs"), AGENTS);
  writeFileSync(join(dir, "moot.yaml"), CONFIG);
  return dir;
}

export interface Single {
  readonly node: MootNode;
  readonly served: Served;
  readonly client: ApiClient;
  readonly dir: string;
  readonly data: string;
  /** What was asked for by `POST /v1/stop`. */
  readonly stops: readonly { readonly grace_ms?: number }[];
  close(): Promise<void>;
}

/** `socket`: a name in its folder to serve on instead of a port. */
export async function startSingle(socket?: string): Promise<Single> {
  const dir = nodeFolder();
  const config = parseConfig(CONFIG, join(dir, "moot.yaml"));
  const node = await startNode(config);
  const stops: { readonly grace_ms?: number }[] = [];
  const at = socket === undefined ? config.api : { kind: "unix" as const, path: join(dir, socket) };
  const served = await serveApi({ node, at, data: config.data, stop: (how) => stops.push(how) });
  const client = connectNode({ data: config.data, env: {} });
  return {
    node,
    served,
    client,
    dir,
    data: config.data,
    stops,
    close: async () => {
      await served.close();
      await node.stop({ grace_ms: 0 });
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Where it serves and its token, as a stranger who has read the file knows them. */
export function knownOf({ data }: Pick<Single, "data">): {
  readonly host: string;
  readonly port: number;
  readonly token: string;
} {
  const file = readApiFile(join(data, "api.json"));
  if (file === undefined || !("url" in file)) throw new Error("it serves no port");
  const { hostname, port } = new URL(file.url);
  return { host: hostname, port: Number(port), token: file.token };
}

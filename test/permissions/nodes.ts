/** Whole nodes in a network with a root: each with a folder, an identity, a certificate, and an agent that counts or waits. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadIdentity, parseConfig } from "../../node/config/mod.ts";
import { makeSeal } from "../../node/envelope/mod.ts";
import { startNode } from "../../node/mod.ts";
import type { MootNode } from "../../node/moot-node.ts";
import { makeRevocation } from "../../node/permissions/granting.ts";
import { grantsText } from "../../node/permissions/grants-file.ts";
import type { Grant } from "../../protocols/mod.ts";
import { grant, HOME, type Person, seals } from "./cast.ts";

const AGENT = `
export default async (input, context) => {
  if (input.wait !== true) return { words: input.text.split(" ").length };
  await new Promise((resolve) => setTimeout(resolve, input.ms));
  return { words: 0 };
};
`;

export interface Town {
  readonly root: Person;
  readonly folders: string[];
  readonly nodes: MootNode[];
}

export interface CitizenOptions {
  readonly can?: readonly string[];
  readonly limits?: Grant["value"]["limits"];
  readonly join?: MootNode;
  readonly agent?: boolean;
}

export interface Citizen {
  readonly node: MootNode;
  readonly grant: Grant;
  readonly refused: { readonly from: string; readonly clause: string; readonly detail: string }[];
}

export async function citizen(town: Town, options: CitizenOptions = {}): Promise<Citizen> {
  const dir = mkdtempSync(join(tmpdir(), "moot-town-"));
  town.folders.push(dir);
  writeFileSync(join(dir, "agent.mjs"), AGENT);
  const key = await loadIdentity(join(dir, "data"));
  const { signer } = makeSeal(key)({ kind: "name" });
  const { can = ["member"], limits = {}, agent = true } = options;
  const own = grant(town.root, { to: signer, can, limits });
  writeFileSync(join(dir, "member.grants"), grantsText(HOME, seals(own)), { mode: 0o600 });
  const skills = "[{ name: text.count@1, effects: none, expected_ms: 20 }, { name: image.count@1, expected_ms: 20 }]";
  const config = parseConfig(
    [
      `network: { name: home, roots: [${town.root.id}] }`,
      "listen: [/ip4/127.0.0.1/tcp/0]",
      `join: ${JSON.stringify(options.join?.status().addrs ?? [])}`,
      agent
        ? `agents: [{ name: all, concurrency: 4, handler: { module: ./agent.mjs }, skills: ${skills} }]`
        : "agents: []",
    ].join("\n"),
    join(dir, "moot.yaml"),
  );
  const refused: Citizen["refused"][number][] = [];
  const onRefused = (from: string, clause: string, detail: string) => refused.push({ from, clause, detail });
  const node = await startNode(config, { onRefused });
  town.nodes.push(node);
  return { node, grant: own, refused };
}

/** Signed by the root, or whoever else. */
export function revocation(by: Person, ...grants: readonly Grant[]): string {
  const entries = grants.map(({ digest, value }) => ({ grant: digest, expires_ms: value.expires_ms }));
  return makeRevocation({ key: by.key, network: HOME, grants: entries, proof: [] });
}

export async function close(town: Town): Promise<void> {
  await Promise.all(town.nodes.splice(0).map((node) => node.stop({ grace_ms: 0 })));
  for (const folder of town.folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

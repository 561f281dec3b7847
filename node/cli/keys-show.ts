/** `moot keys show`: what a file of keys or grants holds. Of a secret: that it is one, and whose. */
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { Fault, messageOf } from "../fault.ts";
import { examples } from "./options.ts";
import { brief, print, printJson } from "./output.ts";

const FILE_BYTES_MAX = 64 * 1024;

export function showCommand(): Command {
  return new Command("show")
    .description("what a file of keys or grants says; secrets are never printed")
    .argument("<file>", "a file of grants, a root's key, an identity, a network's key")
    .option("--json", "print JSON for programs")
    .addHelpText("after", examples("moot keys show member.grants", "moot keys show data/identity.key"))
    .action(async (file: string, options: { readonly json?: boolean }) => {
      const shown = await look(resolve(file));
      if (options.json === true) return printJson(shown);
      for (const line of linesOf(shown)) print(line);
    });
}

interface Shown {
  readonly kind: "grants" | "private-key" | "network-key";
  readonly peer?: string;
  readonly network?: string;
  /** Why the chain will do nowhere, as it stands; absent: for its root it will. */
  readonly why?: string;
  readonly grants?: readonly Row[];
}

type Row = ReturnType<typeof import("../permissions/rows.ts").grantRow>;

async function look(path: string): Promise<Shown> {
  const text = textOf(path);
  if (text.startsWith("/key/swarm/psk/")) return { kind: "network-key" };
  if (text.trimStart().startsWith("{")) return lookAtGrants(path);
  const { readKeyFile } = await import("../permissions/key-files.ts");
  const { peerIdFromPrivateKey } = await import("@libp2p/peer-id");
  return { kind: "private-key", peer: peerIdFromPrivateKey(await readKeyFile(path)).toString() };
}

async function lookAtGrants(path: string): Promise<Shown> {
  const { readGrants } = await import("../permissions/grants-file.ts");
  const { grantRow } = await import("../permissions/rows.ts");
  const { whyWords } = await import("../permissions/words.ts");
  const { verify } = await import("../../protocols/permissions/mod.ts");
  const { network, chain } = readGrants(path);
  const roots = chain.slice(0, 1).map(({ signer }) => signer);
  const verdict = verify(chain, { network, roots, wall: Date.now(), revoked: () => false });
  const why = verdict.ok ? {} : { why: whyWords(verdict.why) };
  const peer = chain.at(-1)?.value.audience;
  return { kind: "grants", network, ...(peer === undefined ? {} : { peer }), ...why, grants: chain.map(grantRow) };
}

function textOf(path: string): string {
  try {
    if (statSync(path).size > FILE_BYTES_MAX) throw new Error("it is too large for a key or grants");
    return readFileSync(path, "latin1");
  } catch (error) {
    throw new Fault("usage", `cannot read ${path}: ${messageOf(error)}`, { remedy: "name a file of keys or grants" });
  }
}

function linesOf({ kind, peer, network, why, grants = [] }: Shown): readonly string[] {
  if (kind === "network-key") return ["a network's key (not printed): whoever holds it gets through the outer door"];
  if (kind === "private-key") return [`a private key (not printed) of ${peer ?? ""}`];
  const head = `grants for ${peer ?? ""} in the network ${network ?? ""}${why === undefined ? "" : `: ${why}`}`;
  return [head, ...grants.flatMap(grantLines)];
}

function grantLines(row: Row): readonly string[] {
  const limits = Object.entries(row.limits).map(([name, value]) => `${name}=${String(value)}`);
  return [
    `grant ${row.grant}`,
    `  from   ${row.issuer}`,
    `  to     ${row.audience}`,
    `  can    ${brief(row.can.join(" "), 200)}`,
    ...(limits.length === 0 ? [] : [`  limits ${brief(limits.join(" "), 200)}`]),
    `  holds  ${new Date(row.not_before_ms).toISOString()} to ${new Date(row.expires_ms).toISOString()}`,
  ];
}

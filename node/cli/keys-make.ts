/** `moot keys make`, `grant` and `revoke`: what is signed or made anew. Secrets go to files and nowhere else. */
import { relative, resolve } from "node:path";
import { Command } from "commander";
import type { Digest, Network, PeerId } from "../../protocols/kernel/mod.ts";
import { Fault } from "../fault.ts";
import { collectCommands, parseAudience, parseGrantId, parseLife, parseNetworkName } from "./keys-words.ts";
import { type ClientOptions, clientOf, collect, examples, forClients } from "./options.ts";
import { print, printJson, talk } from "./output.ts";

const LIFE_MS = 24 * 3_600_000;

interface MakeOptions {
  readonly out?: string;
  readonly data: string;
  readonly json?: boolean;
}

export function makeCommand(): Command {
  return new Command("make")
    .description("make a root's key, a network's key, or a node's identity; nothing is ever overwritten")
    .argument("<what>", "root, network or member")
    .option("--out <file>", "where to (default ./root.key, ./network.key)")
    .option("--data <dir>", "of a member: its data folder", "./data")
    .option("--json", "print JSON for programs")
    .addHelpText(
      "after",
      examples(
        "moot keys make root",
        "moot keys make network --out network.key",
        "moot keys make member --data ./data",
      ),
    )
    .action(make);
}

async function make(what: string, options: MakeOptions): Promise<void> {
  switch (what) {
    case "root": {
      const { makeKeyFile } = await import("../permissions/key-files.ts");
      const file = resolve(options.out ?? "root.key");
      const peer = await nameOf(await makeKeyFile(file));
      talk(
        "next: name it in every moot.yaml of the network, network: { roots: [<the line above>] }; keep the file offline",
      );
      return told({ what, file, peer }, options);
    }
    case "network": {
      const { makeNetworkKey } = await import("../config/network-key.ts");
      const { writeNew } = await import("../permissions/key-files.ts");
      const file = resolve(options.out ?? "network.key");
      writeNew(file, makeNetworkKey());
      return told({ what, file }, options);
    }
    case "member": {
      const { loadIdentity } = await import("../config/mod.ts");
      const peer = await nameOf(await loadIdentity(resolve(options.data)));
      talk("next: have whoever holds the root grant it: moot keys grant <the line above> --can member");
      return told({ what, file: resolve(options.data, "identity.key"), peer }, options);
    }
    default:
      throw new Fault("usage", `${JSON.stringify(what.slice(0, 40))} is nothing to make`, {
        remedy: "make root, network or member",
      });
  }
}

async function nameOf(key: Parameters<typeof import("@libp2p/peer-id").peerIdFromPrivateKey>[0]): Promise<string> {
  const { peerIdFromPrivateKey } = await import("@libp2p/peer-id");
  return peerIdFromPrivateKey(key).toString();
}

function told(made: { what: string; file: string; peer?: string }, { json }: { readonly json?: boolean }): void {
  if (json === true) return printJson(made);
  print(made.peer ?? relative(process.cwd(), made.file));
}

interface GrantOptions {
  readonly can: readonly string[];
  readonly for?: number;
  readonly limit?: readonly string[];
  readonly network?: Network;
  readonly under?: string;
  readonly key?: string;
  readonly out: string;
  readonly json?: boolean;
}

export function grantCommand(): Command {
  return new Command("grant")
    .description("sign what a peer may do, for a while; writes a file of grants for that peer")
    .argument("<audience>", "the peer id of who may use it", parseAudience)
    .requiredOption("--can <command>", "member, announce/text.*, execute/text.count@1, …; repeat it", collectCommands)
    .option("--for <time>", "how long: 30m, 24h, 90d (default 24h)", parseLife)
    .option("--limit <name=value>", "a limit, such as rate_per_min=60; repeat it", collect)
    .option("--network <name>", "the network's name (with --under: that of the file)", parseNetworkName)
    .option("--under <file>", "the signer's own grants, of which this is a part")
    .option("--key <file>", "the signer's private key (default ./root.key, with --under ./data/identity.key)")
    .option("--out <file>", "where to", "member.grants")
    .option("--json", "print JSON for programs")
    .addHelpText(
      "after",
      examples(
        "moot keys grant 12D3Koo… --network my-moot --can member --for 30d",
        "moot keys grant 12D3Koo… --network my-moot --can member --can 'execute/text.*' --limit budget=10",
        "moot keys grant 12D3Koo… --under data/member.grants --can member --for 2h",
      ),
    )
    .action(grant);
}

async function grant(audience: PeerId, options: GrantOptions): Promise<void> {
  const { readKeyFile, writeNew } = await import("../permissions/key-files.ts");
  const { boundsOf } = await import("../permissions/limit-words.ts");
  const { makeGrant } = await import("../permissions/granting.ts");
  const { grantsText, readGrants } = await import("../permissions/grants-file.ts");
  const above = options.under === undefined ? undefined : readGrants(resolve(options.under));
  const network = options.network ?? above?.network;
  if (network === undefined)
    throw new Fault("usage", "a grant is of one network", { remedy: "say which with --network <name>" });
  const key = await readKeyFile(resolve(options.key ?? (above === undefined ? "root.key" : "data/identity.key")));
  const under = above?.chain ?? [];
  const terms = {
    key,
    network,
    audience,
    can: options.can,
    limits: boundsOf(options.limit ?? []),
    for_ms: options.for ?? LIFE_MS,
    under,
  };
  const chain = makeGrant(terms);
  const file = resolve(options.out);
  writeNew(
    file,
    grantsText(
      network,
      chain.map(({ seal }) => seal),
    ),
  );
  const digest = chain.at(-1)?.digest;
  const expires_ms = chain.at(-1)?.value.expires_ms;
  if (options.json === true) return printJson({ file, grant: digest, audience, expires_ms });
  print(relative(process.cwd(), file));
  talk(
    `grant ${digest}, until ${new Date(expires_ms ?? 0).toISOString()}; to end it sooner: moot keys revoke <digest>`,
  );
}

interface RevokeOptions extends ClientOptions {
  readonly key: string;
  readonly proof?: string;
  readonly of?: string;
}

export function revokeCommand(): Command {
  return forClients(new Command("revoke"))
    .description("end grants before their time: a running node keeps it and tells the others")
    .argument("<digest...>", "of the grants; whatever was passed on of them ends too", collectGrants)
    .option("--key <file>", "the private key of who issued them, or one above", "root.key")
    .option("--proof <file>", "the signer's own grants, when it may revoke what others issued")
    .option("--of <file>", "a file with the grants: the revocation is then forgotten when they would have ended")
    .addHelpText(
      "after",
      examples("moot keys revoke <digest>", "moot keys revoke <digest> --key data/identity.key --proof member.grants"),
    )
    .action(revoke);
}

function collectGrants(text: string, before: readonly Digest[] | undefined): readonly Digest[] {
  return [...(before ?? []), parseGrantId(text)];
}

async function revoke(digests: readonly Digest[], options: RevokeOptions): Promise<void> {
  const { readKeyFile } = await import("../permissions/key-files.ts");
  const { readGrants } = await import("../permissions/grants-file.ts");
  const { makeRevocation } = await import("../permissions/granting.ts");
  const { PERMISSIONS } = await import("../../protocols/permissions/mod.ts");
  const key = await readKeyFile(resolve(options.key));
  const proof = options.proof === undefined ? [] : readGrants(resolve(options.proof)).seals;
  const known = options.of === undefined ? [] : readGrants(resolve(options.of)).chain;
  const client = clientOf(options);
  const { network } = await client.keys();
  const longest = Date.now() + PERMISSIONS.certificate_ms_max;
  const grants = digests.map((grant) => {
    return { grant, expires_ms: known.find(({ digest }) => digest === grant)?.value.expires_ms ?? longest };
  });
  await client.revoke(makeRevocation({ key, network, grants, proof }));
  if (options.json === true) return printJson({ revoked: digests });
  for (const digest of digests) print(`revoked ${digest}`);
}

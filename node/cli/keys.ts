/** `moot keys`: who may be in a network and do what. Makes keys and grants, shows and revokes them. */
import { Command } from "commander";
import type { MemberRow } from "../permissions/mod.ts";
import { grantCommand, makeCommand, revokeCommand } from "./keys-make.ts";
import { showCommand } from "./keys-show.ts";
import { type ClientOptions, clientOf, examples, forClients } from "./options.ts";
import { brief, print, printJson, table, talk } from "./output.ts";

const EXAMPLES = `
Examples:
  $ moot keys make root                                            (once, kept offline)
  $ moot keys make member --data ./data                            (on the new machine: prints its peer id)
  $ moot keys grant 12D3Koo… --network my-moot --can member --for 30d
  $ moot keys show member.grants
  $ moot keys revoke <digest>

The private halves stay where they are made: a root's key in ./root.key, a node's identity in its data folder.`;

export function keysCommand(): Command {
  return new Command("keys")
    .description("who may be in a network and do what: make, grant, show, revoke, list")
    .addCommand(makeCommand())
    .addCommand(grantCommand())
    .addCommand(showCommand())
    .addCommand(revokeCommand())
    .addCommand(listCommand())
    .addHelpText("after", EXAMPLES);
}

function listCommand(): Command {
  return forClients(new Command("list"))
    .description("the members that a running node knows, and what was revoked")
    .addHelpText(
      "after",
      examples("moot keys list", "moot keys list --json | jq -r '.members[] | select(.connected) | .peer'"),
    )
    .action(async (options: ClientOptions) => {
      const keys = await clientOf(options).keys();
      if (options.json === true) return printJson(keys);
      if (keys.roots.length === 0) return talk(`the network ${keys.network} asks for no certificates`);
      const columns = [{ head: "PEER" }, { head: "STATE" }, { head: "CAN" }, { head: "UNTIL" }, { head: "GRANT" }];
      print(table(columns, keys.members.map(cells)));
      for (const { signer, grants } of keys.revocations)
        for (const { grant } of grants) print(`revoked ${grant} by ${signer}`);
    });
}

function cells({ peer, connected, can, expires_ms, grants }: MemberRow): readonly string[] {
  const until = new Date(expires_ms).toISOString();
  return [peer, connected ? "connected" : "known", brief(can.join(" "), 60), until, grants.at(-1) ?? ""];
}

/** `moot submit --dry-run`: who would bid, on what terms, and who would keep the task. Announces nothing. */
import type { ApiClient } from "../api/mod.ts";
import type { DryRun, DryRunBidder, DryRunOptions } from "../moot-node.ts";
import { EXIT } from "./exits.ts";
import { brief, duration, paint, print, printJson, shortPeer, table, talk } from "./output.ts";

const COLUMNS = [
  { head: "" },
  { head: "PEER" },
  { head: "AGENT" },
  { head: "COST", right: true },
  { head: "TAKES", right: true },
  { head: "LOAD", right: true },
  { head: "EFFECTS" },
  { head: "CONTRACT" },
] as const;
const DIGEST_CHARS = 12;

/** Exits 5 when nobody that is known would bid. */
export async function dryRun(client: ApiClient, options: DryRunOptions, json: boolean): Promise<void> {
  const found = await client.dryRun(options);
  if (!found.candidates.some(({ bids }) => bids)) process.exitCode = EXIT.noBids;
  if (json) return printJson(found);
  tell(found);
}

function tell({ skill, candidates, custodians }: DryRun): void {
  if (candidates.length === 0) talk(`nobody is known to have the skill ${skill}; a call would go out on its topic`);
  else print(table([...COLUMNS], candidates.map(rowOf)));
  for (const { agent, why } of candidates)
    if (why !== undefined) talk(`${brief(agent, 40)} would not: ${brief(why, 400)}`);
  talk(
    `kept by ${custodians.map((peer, index) => (index === 0 ? `${shortPeer(peer)} (this node)` : shortPeer(peer))).join(", ")}`,
  );
  talk(paint("dim", "by the cards that this node holds; nothing was announced", process.stderr));
}

function rowOf({ bids, peer, agent, cost, expected_ms, load_permille, effects, contract }: DryRunBidder): string[] {
  return [
    bids ? "bids" : "no",
    peer,
    brief(agent, 40),
    String(cost),
    duration(expected_ms),
    `${load_permille / 10} %`,
    brief(typeof effects === "object" ? effects.join(", ") : (effects ?? ""), 40),
    contract === undefined ? "" : contract.slice(0, DIGEST_CHARS),
  ];
}

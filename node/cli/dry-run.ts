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
  { head: "BY" },
] as const;
const DIGEST_CHARS = 12;

/** Exits 7 when this node may not announce it, 5 when nobody that is known would bid. */
export async function dryRun(client: Pick<ApiClient, "dryRun">, options: DryRunOptions, json: boolean): Promise<void> {
  const found = await client.dryRun(options);
  if (found.denied !== undefined) process.exitCode = EXIT.denied;
  else if (!found.candidates.some(({ bids }) => bids)) process.exitCode = EXIT.noBids;
  if (json) return printJson(found);
  tell(found);
}

function tell({ skill, candidates, custodians, denied }: DryRun): void {
  if (denied !== undefined)
    talk(`${paint("red", "denied:", process.stderr)} this node may not announce ${skill}: ${brief(denied, 400)}`);
  if (candidates.length === 0) talk(`nobody is known to have the skill ${skill}; a call would go out on its topic`);
  else print(table([...COLUMNS], candidates.map(rowOf)));
  for (const { agent, why } of candidates)
    if (why !== undefined) talk(`${brief(agent, 40)} would not: ${brief(why, 400)}`);
  talk(
    `kept by ${custodians.map((peer, index) => (index === 0 ? `${shortPeer(peer)} (this node)` : shortPeer(peer))).join(", ")}`,
  );
  const basis = "agents of this node as they stand now, others by their cards; nothing was announced";
  talk(paint("dim", basis, process.stderr));
}

function rowOf({ bids, peer, agent, cost, expected_ms, load_permille, effects, contract, by }: DryRunBidder): string[] {
  return [
    bids ? "bids" : "no",
    peer,
    brief(agent, 40),
    String(cost),
    duration(expected_ms),
    `${load_permille / 10} %`,
    brief(typeof effects === "object" ? effects.join(", ") : (effects ?? ""), 40),
    contract === undefined ? "" : contract.slice(0, DIGEST_CHARS),
    by === "card" ? "its card" : "as it stands",
  ];
}

/**
 * `npm run threats`: the rows of threats to the host and its resources at their full numbers, as a table of what was attempted, what passed and what was
 * not run, with the reason. A few minutes. Ends with 1 when something did not pass. Names of rows as arguments run only those.
 */
import { tryArguments } from "./arguments.ts";
import { tryLogs } from "./logs.ts";
import { tryPaths } from "./paths.ts";
import { tryFlood, tryRubbish, trySilence, trySlowReader, trySlowSender, trySpam } from "./resources.ts";
import type { Row } from "./row.ts";
import { trySecrets } from "./secrets.ts";

const RUNS = new Map<string, () => Promise<Row>>([
  ["arguments", () => tryArguments(2_000)],
  ["paths", () => tryPaths(20_000)],
  ["logs", () => tryLogs(10_000)],
  ["secrets", trySecrets],
  ["spam", () => trySpam({ spammers: 50, each: 2_000 })],
  ["flood", () => tryFlood({ spammers: 1, tasks: 40 })],
  ["rubbish", () => tryRubbish({ peers: 5, messages: 2_000, tasks: 100 })],
  ["silence", () => trySilence({ peers: 50 })],
  ["slow-sender", trySlowSender],
  ["slow-reader", trySlowReader],
]);

/** Tried elsewhere, or not at all. */
const NOT_RUN = [
  [
    "oversize, deep, many keys, far deadlines",
    "in bounds.test.ts: every limit of a decoder, one below, at and above it",
  ],
  [
    "tasks under announcements of many",
    "a bidder reserves half of its places for each caller (AUCTION-12): three callers that never award hold them all",
  ],
  ["requests to private addresses", "in test/handlers/outbound.test.ts"],
  ["control API", "in test/api/guard.test.ts"],
] as const;

const wanted = process.argv.slice(2);
let failed = false;
console.log(["AREA", "ATTACK", "ATTEMPTED", "PASSED", "FIGURES"].join("\t"));
for (const [name, run] of RUNS) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const { area, attack, attempted, passed, wrong, figures = "" } = await run();
  failed ||= passed !== attempted;
  console.log([area, attack, attempted, passed, figures].join("\t"));
  for (const words of wrong) console.log(`\t${words}`);
}
if (wanted.length === 0) for (const [attack, why] of NOT_RUN) console.log(["-", attack, "not run", "", why].join("\t"));
process.exit(failed ? 1 : 0);

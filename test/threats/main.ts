/**
 * `npm run threats`: rows of threats at their full numbers, as a table of what was attempted, what passed and what was not run, with the
 * reason. Half an hour, half of it fuzzing. Ends with 1 when something did not pass. Names of rows as arguments run only those
 * (`npm run threats -- logs idle`). `docs/threats.md` has them all, with what was measured last.
 */
import { tryIdle, tryNoCertificate, tryWrongKey } from "./admission.ts";
import { tryArguments } from "./arguments.ts";
import { tryBusy } from "./busy.ts";
import { tryFuzz } from "./fuzz.ts";
import { tryHostileFrames } from "./hostile-frames.ts";
import { tryForgedEnvelopes, tryForgedSenders, tryOtherKinds, tryReplays } from "./identity.ts";
import { tryLateGrants } from "./late-grants.ts";
import { tryLogs } from "./logs.ts";
import { tryPaths } from "./paths.ts";
import { tryPoison } from "./poison.ts";
import { tryFlood, tryRubbish, trySilence, trySlowReader, trySlowSender, trySpam } from "./resources.ts";
import type { Row } from "./row.ts";
import { trySecrets } from "./secrets.ts";

const RUNS = new Map<string, () => Promise<Row>>([
  ["wrong-key", () => tryWrongKey({ dials: 10_000 })],
  ["idle", () => tryIdle({ dials: 200, addresses: 1 })],
  ["idle-many", () => tryIdle({ dials: 200, addresses: 4 })],
  ["no-certificate", () => tryNoCertificate({ tries: 1_000 })],
  ["forged-envelopes", () => tryForgedEnvelopes(100_000)],
  ["other-kinds", () => tryOtherKinds(100_000)],
  ["forged-senders", () => tryForgedSenders(100_000)],
  ["replays", () => tryReplays(100_000)],
  ["poison", () => tryPoison(100_000)],
  ["late-grants", () => tryLateGrants({ rounds: 5 })],
  ["hostile-frames", () => tryHostileFrames({ count: 10_000 })],
  ["arguments", () => tryArguments(2_000)],
  ["paths", () => tryPaths(20_000)],
  ["logs", () => tryLogs(10_000)],
  ["secrets", trySecrets],
  ["spam-of-one", () => trySpam({ spammers: 1, each: 10_000 })],
  ["spam", () => trySpam({ spammers: 50, each: 2_000 })],
  ["flood", () => tryFlood({ spammers: 50, tasks: 40 })],
  ["rubbish", () => tryRubbish({ peers: 5, messages: 2_000, tasks: 100 })],
  ["silence", () => trySilence({ peers: 50 })],
  ["slow-sender", trySlowSender],
  ["slow-reader", trySlowReader],
  ["busy", () => tryBusy({ minutes: 2, tasks_per_s: 20 })],
  ["fuzz", () => tryFuzz({ each: 100_000, say: (text) => console.log(`\t${text}`) })],
]);

/** Tried elsewhere, or not at all. */
const NOT_RUN = [
  [
    "oversize, deep, many keys, far deadlines",
    "in bounds*.test.ts: every limit of a decoder, one below, at and above it; in full*.test.ts what is held in memory",
  ],
  ["requests to private addresses", "in test/handlers/outbound.test.ts"],
  ["control API", "in test/api/guard.test.ts"],
  ["escalation by delegation", "in test/permissions: node test/permissions/main.ts tries a million chains"],
  [
    "idle handshakes from a dozen addresses",
    "they fill the door: what a node can bear of many addresses at once is bounded",
  ],
  ["10 million inputs for each decoder, a million hostile frames", "days of two cores"],
  ["lowballers among bidders, sniping, favouritism of an initiator", "there is no test with a number"],
  ["censored look-ups, eclipse", "there is no test"],
] as const;

// What is told to end takes its processes with it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(130));

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

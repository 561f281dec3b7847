/**
 * `npm run mutants`: all mutants, one line each that nothing noticed. Ends with 1 when there is one. In virtual time, or with
 * `-- --live` those that show over libp2p only, one after another: a quarter of an hour.
 */
import { failuresOf } from "./live.ts";
import { MUTANTS } from "./mod.ts";
import { type Tried, tryAll } from "./pool.ts";

const isLive = process.argv.includes("--live");
const began = performance.now();
const all = MUTANTS.filter(({ stage }) => (stage === "libp2p") === isLive);
let done = 0;
const tell = (every: number): void => {
  done += 1;
  if (done % every === 0) process.stderr.write(`mutants: ${done} of ${all.length}\n`);
};
const tried = isLive ? await overLibp2p() : await tryAll(all, () => tell(25));
const missed = tried.filter(({ failed }) => failed.length === 0);
for (const { mutant, error = "nothing noticed" } of missed) console.log(`${mutant.clause}: ${mutant.does}: ${error}`);
const clauses = new Set(MUTANTS.map(({ clause }) => clause)).size;
const others = MUTANTS.length - tried.length;
const elsewhere = isLive ? "show in virtual time" : "show over libp2p only (-- --live)";
console.log(
  `${tried.length - missed.length} of ${tried.length} mutants of ${clauses} clauses caught in ${Math.round((performance.now() - began) / 1000)} s; ${others} more ${elsewhere}`,
);
if (missed.length > 0) process.exitCode = 1;

async function overLibp2p(): Promise<readonly Tried[]> {
  const seen: Tried[] = [];
  for (const mutant of all) {
    seen.push({ mutant, failed: await failuresOf(mutant) });
    tell(1);
  }
  return seen;
}

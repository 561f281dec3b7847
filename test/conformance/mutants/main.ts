/** `npm run mutants`: all mutants, one line each that nothing noticed. Ends with 1 when there is one. */
import { MUTANTS } from "./mod.ts";
import { tryAll } from "./pool.ts";

const began = performance.now();
let done = 0;
const tried = await tryAll(MUTANTS, () => {
  done += 1;
  if (done % 25 === 0) process.stderr.write(`mutants: ${done} of ${MUTANTS.length}\n`);
});
const missed = tried.filter(({ failed }) => failed.length === 0);
for (const { mutant, error = "nothing noticed" } of missed) console.log(`${mutant.clause}: ${mutant.does}: ${error}`);
const clauses = new Set(MUTANTS.map(({ clause }) => clause)).size;
const live = MUTANTS.length - tried.length;
console.log(
  `${tried.length - missed.length} of ${tried.length} mutants of ${clauses} clauses caught in ${Math.round((performance.now() - began) / 1000)} s; ${live} more show over libp2p only (npm test)`,
);
if (missed.length > 0) process.exitCode = 1;

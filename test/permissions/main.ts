/** `node test/permissions/main.ts [chains] [seed]`: a million random chains, or as many as it is told. Exit 1 at an escalation. */
import { tryChains } from "./chains.ts";

const count = Number(process.argv[2] ?? 1_000_000);
const seed = Number(process.argv[3] ?? 1);
const tally = tryChains(count, seed, (what) => process.stderr.write(`${what}\n`));
process.stdout.write(`${JSON.stringify({ seed, ...tally })}\n`);
process.exitCode = tally.escalations + tally.wronged === 0 ? 0 : 1;

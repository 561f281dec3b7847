/** Mutants that only libp2p shows: real nodes with one line changed, and the scripts of their clause over the wire. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { NEWEST, REQUIREMENTS, runSuite, SCRIPTS, selected } from "../../kit/mod.ts";
import { liveStage } from "../../node/conformance/live.ts";
import { startShim } from "../../node/conformance/shim.ts";
import { MUTANTS, type Mutant } from "./mutants/mod.ts";

const requirements = REQUIREMENTS.get(NEWEST) ?? [];
const BEND = join(import.meta.dirname, "mutants/bend.ts");
const MOOT = join(import.meta.dirname, "../../node/bin/moot.js");

async function failures(mutant: Mutant | undefined, clause: string): Promise<readonly string[]> {
  const env = mutant === undefined ? {} : { MUTANT: JSON.stringify(mutant), NODE_OPTIONS: `--import=${BEND}` };
  const shim = await startShim([process.execPath, MOOT, "conformance-shim"], env);
  try {
    const { address = "", network = "" } = shim.started;
    const stage = await liveStage({ address, network, networkKey: null, shim, patience_ms: 3_000, salt: address });
    const scripts = selected(SCRIPTS, requirements, { only: [clause] });
    const played = await runSuite({ stage, scripts, requirements, lanes: 4, seed: 1, clock: () => performance.now() });
    return played.flatMap(({ name, verdict }) => (verdict.type === "fail" ? [name] : []));
  } finally {
    await shim.stop();
  }
}

const live = MUTANTS.filter(({ stage }) => stage === "libp2p");

test.each(live)("$clause: a node that $does is caught", async (mutant) => {
  expect(await failures(mutant, mutant.clause)).not.toEqual([]);
  expect(await failures(undefined, mutant.clause)).toEqual([]);
});

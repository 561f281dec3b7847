/** A real node with one line changed, and what the scripts of its clause say of it over the wire. */
import { join } from "node:path";
import { NEWEST, REQUIREMENTS, runSuite, SCRIPTS, selected } from "../../../kit/mod.ts";
import { liveStage } from "../../../node/conformance/live.ts";
import { startShim } from "../../../node/conformance/shim.ts";
import type { Mutant } from "./mutant.ts";

const requirements = REQUIREMENTS.get(NEWEST) ?? [];
const BEND = join(import.meta.dirname, "bend.ts");
const MOOT = join(import.meta.dirname, "../../../node/bin/moot.js");

/** The scripts that failed. */
export async function failuresOf(mutant: Mutant): Promise<readonly string[]> {
  const env = { MUTANT: JSON.stringify(mutant), NODE_OPTIONS: `--import=${BEND}` };
  const shim = await startShim([process.execPath, MOOT, "conformance-shim"], env);
  try {
    const { address = "", network = "" } = shim.started;
    const stage = await liveStage({ address, network, networkKey: null, shim, patience_ms: 3_000, salt: address });
    const scripts = selected(SCRIPTS, requirements, { only: [mutant.clause] });
    const played = await runSuite({ stage, scripts, requirements, lanes: 4, seed: 1, clock: () => performance.now() });
    return played.flatMap(({ name, verdict }) => (verdict.type === "fail" ? [name] : []));
  } finally {
    await shim.stop();
  }
}

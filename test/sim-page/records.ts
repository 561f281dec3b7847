/** Records of small runs for the pages under test: as they come, and with texts in them that want to be more than text. */

import { choose } from "../../node/sim/choice.ts";
import type { Overrides } from "../../node/sim/compose.ts";
import { type RunRecord, runScenario } from "../../sim/mod.ts";

export function recordOf(preset: string, seed: number, overrides: Overrides = {}): RunRecord {
  const choice = choose(preset, overrides);
  if (choice.kind !== "scenario") throw new Error(`${preset} is no scenario`);
  const { record } = runScenario(choice.scenario(seed), { record: true });
  if (record === undefined) throw new Error("a record was asked for");
  return record;
}

/** Each of these would be seen: as an element with this name, as a dialog, as an error. */
export const EVIL = `</script><script>boom()</script><img src=x onerror="boom()"><!--'"&amp;`;

/** The same run, with evil in every text that a peer, a scenario or a checker may have written. */
export function hostile(record: RunRecord): RunRecord {
  const { scenario, report, peers, facts, executions, faults, said } = record;
  const [first] = facts.flatMap(({ fact }) => (fact.type === "submitted" ? [fact.task] : []));
  return {
    ...record,
    scenario: {
      ...scenario,
      name: `name ${EVIL}`,
      peers: scenario.peers.map((group) => ({ ...group, name: `group ${EVIL}` })),
    },
    report: {
      ...report,
      traceHash: `hash ${EVIL}`,
      notes: [`note ${EVIL}`],
      broken: { ...report.broken, P1: 1, [`odd ${EVIL}`]: 1 },
      breaches: [{ promise: "P1", detail: `${first?.slice(0, 8)}: breach ${EVIL}` }],
    },
    peers: peers.map((peer) => ({ ...peer, name: `peer-${peer.index} ${EVIL}`, agents: [`agent ${EVIL}`] })),
    facts: facts.map((noted) => ({ ...noted, fact: evilFact(noted.fact) })),
    executions: executions.map((run) => ({ ...run, agent: EVIL, input: JSON.stringify({ label: `label ${EVIL}` }) })),
    faults: [...faults, { at: report.virtualMs / 2, what: `fault ${EVIL}`, peers: [0] }],
    said: said.map((one) => ({ ...one, kind: `kind ${EVIL}` })),
  };
}

type Fact = RunRecord["facts"][number]["fact"];

function evilFact(fact: Fact): Fact {
  switch (fact.type) {
    case "proposed":
      return { ...fact, bid: { ...fact.bid, agent: EVIL } };
    case "chosen":
      return { ...fact, why: `why ${EVIL}` };
    case "attempt-ended":
    case "ran":
      return { ...fact, message: `message ${EVIL}` };
    case "progress":
      return { ...fact, note: EVIL };
    case "decided":
      return { ...fact, outcome: { ...fact.outcome, agent: EVIL, result: JSON.stringify(EVIL) } };
    default:
      return fact;
  }
}

/**
 * Whether the promises held, from the evidence alone. Each breach names its promise (protocols/README.md) and what was seen.
 * Safety may be asked at any time; liveness once the world has been calm for longer than the longest time-out.
 */
import { accounts } from "./checkers/account.ts";
import { majorities, oneContractor, votesHold } from "./checkers/ballots.ts";
import type { Breach, Scene } from "./checkers/breach.ts";
import { choices } from "./checkers/choice.ts";
import { memory } from "./checkers/memory.ts";
import { cancelled, finished, genuine, oneOutcome } from "./checkers/outcomes.ts";
import { checkStored } from "./checkers/progress.ts";
import { entitled } from "./checkers/words.ts";
import { attempts, capacity, fencedRuns } from "./checkers/work.ts";

export { oneContractor } from "./checkers/ballots.ts";
export type { Breach, PromiseName } from "./checkers/breach.ts";
export { sameEnds } from "./checkers/copies.ts";
export { coverage } from "./checkers/coverage.ts";
export { checkEmptied, checkReleased, overfull } from "./checkers/memory.ts";
export { boundedMessages } from "./checkers/messages.ts";
export { finished, genuine, oneOutcome } from "./checkers/outcomes.ts";
export { checkIdle, checkLiveness, checkQuiet } from "./checkers/progress.ts";
export { apart, capacity, fencedRuns, overlaps, unhurried } from "./checkers/work.ts";

/** All that must hold at every instant. */
export function checkSafety(scene: Scene): Breach[] {
  const { evidence, hosts } = scene;
  const remembers = (node: number): boolean => hosts[node]?.spec.durable !== false;
  return [
    ...oneOutcome(evidence),
    ...finished(evidence),
    ...genuine(evidence),
    ...cancelled(evidence),
    ...oneContractor(evidence),
    ...entitled(evidence),
    ...votesHold(evidence),
    ...majorities(evidence),
    ...choices(evidence, (node) => (hosts[node]?.spec.sync_us ?? 0) === 0),
    ...checkStored(evidence),
    ...accounts(evidence),
    ...fencedRuns(evidence, remembers),
    ...attempts(evidence),
    ...capacity(scene),
    ...memory(evidence),
  ];
}

/** The simulated world's public surface. Everything is deterministic: options and seed in, evidence out. */

export { silenceOf } from "./budget.ts";
export {
  type Act,
  type Announced,
  announcement,
  CALIBRATION_SKILL,
  type Compared,
  compare,
  GATES,
  type Gate,
  type GossipPlan,
  type GossipSight,
  ksOf,
  missedBy,
  modelGossip,
  sightOf,
  together,
  wassersteinOf,
} from "./calibration.ts";
export { agent, type Cast, castOf, drawn, silence } from "./cast.ts";
export {
  apart,
  type Breach,
  boundedMessages,
  capacity,
  checkLiveness,
  checkQuiet,
  checkSafety,
  coverage,
  fencedRuns,
  finished,
  genuine,
  oneContractor,
  oneOutcome,
  overlaps,
  unhurried,
} from "./checkers.ts";
export { Wheel } from "./engine/wheel.ts";
export { Evidence, type SeenAward } from "./evidence.ts";
export { drawFaults, type Faults, NO_FAULTS } from "./faults.ts";
export { type Call, type PeerSpec, type Plan, peerName, type Rewrite, type Run, type Trap } from "./host.ts";
export { liar, type Surroundings } from "./liar.ts";
export { digestOf, Notary } from "./notary.ts";
export type { Distribution, RunRecord, SimReport } from "./report.ts";
export { type Ran, type RunOptions, runScenario } from "./run.ts";
export {
  LAN,
  type NetworkModel,
  PEERS,
  type PeerGroup,
  type PlannedFault,
  type Scenario,
  type Span,
  TASKS,
  type TaskGroup,
} from "./scenario.ts";
export { type ShrinkOptions, type Shrunk, shrink } from "./shrink.ts";
export { brokenOf, distribution } from "./summary.ts";
export { drawScenario, runSwarm, type SwarmOptions, type SwarmReport } from "./swarm.ts";
export { HOME, type SubmitOptions, World, type WorldOptions } from "./world.ts";

/** The simulated world's public surface. Everything is deterministic: options and seed in, evidence out. */
export {
  type Breach,
  boundedMessages,
  capacity,
  checkLiveness,
  checkQuiet,
  checkSafety,
  fencedRuns,
  finished,
  genuine,
  oneContractor,
  oneOutcome,
  overlaps,
} from "./checkers.ts";
export { Evidence, type SeenAward } from "./evidence.ts";
export { drawFaults, type Faults, NO_FAULTS } from "./faults.ts";
export { type Call, type PeerSpec, type Plan, peerName, type Rewrite, type Run, type Trap } from "./host.ts";
export { digestOf, Notary } from "./notary.ts";
export { agent, runSwarm, type SwarmOptions, type SwarmReport } from "./swarm.ts";
export { HOME, type SubmitOptions, World, type WorldOptions } from "./world.ts";

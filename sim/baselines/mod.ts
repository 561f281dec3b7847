/** Other designs under the mesh's workload and faults, and the mesh beside them. */
export type { Figures, Survival } from "./history.ts";
export { Log } from "./log.ts";
export { Manager } from "./manager.ts";
export type { Job } from "./messages.ts";
export { type Baseline, type Central, runBaseline } from "./run.ts";
export {
  DESIGNS,
  type Design,
  type TrilemmaOptions,
  type TrilemmaRow,
  trilemmaOf,
  trilemmaScenario,
  WORKERS_MAX,
} from "./trilemma.ts";

/** Other designs under the mesh's workload and faults, and the mesh beside them. */
export { figuresOf, type History } from "./history.ts";
export { Log } from "./log.ts";
export { Manager } from "./manager.ts";
export type { Job } from "./messages.ts";
export { runBaseline } from "./run.ts";
export { DESIGNS, trilemmaOf, trilemmaScenario, WORKERS_MAX } from "./trilemma.ts";

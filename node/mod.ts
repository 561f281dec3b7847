/** A Folkmoot node as a library: load a configuration, start a node, use it, stop it. */
export { type Config, loadConfig, parseConfig } from "./config/mod.ts";
export { Fault } from "./fault.ts";
export type { MootNode, Observed, StartOptions, Status, SubmitOptions, SubmitResult } from "./moot-node.ts";
export { startNode } from "./starting.ts";

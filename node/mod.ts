/** A Folkmoot node as a library: load a configuration, start a node, use it, stop it. */
export { type Config, loadConfig, parseConfig } from "./config/mod.ts";
export { Fault } from "./fault.ts";
export type { MootNode, Observed, Status, SubmitOptions, SubmitResult } from "./moot-node.ts";
export { type StartOptions, startNode } from "./node.ts";

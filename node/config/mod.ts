/** Everything a node reads before it starts: `moot.yaml`, the network's key, its own identity. And what `moot init` writes. */

export { nearest } from "../fields/near.ts";
export { Secret } from "../fields/secret.ts";
export { checkAgentsFile, loadConfig, parseConfig, withFlags } from "./config.ts";
export { loadIdentity } from "./identity.ts";
export { initConfig } from "./init.ts";
export { readNetworkKey } from "./network-key.ts";
export type { ApiAddress, Config } from "./types.ts";

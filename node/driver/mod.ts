/** The bridge between the machines and the real world. */
export { Driver } from "./driver.ts";
export type { Host, HostEvents, Neighbour, Way } from "./port.ts";
export { Work, type WorkWatch } from "./work.ts";

/** The bridge between the machines and the real world. */
export { Driver } from "./driver.ts";
export type { Host, HostEvents, Neighbour, Way } from "./port.ts";
export { Work } from "./work.ts";

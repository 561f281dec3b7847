/**
 * What comes from the network, put to the machines: each of the host's words is one event of the driver. It keeps nothing, and
 * judges nothing: what may be said was checked before, what it means the machines decide.
 */
import type { TaskId } from "../protocols/mod.ts";
import type { Driver, HostEvents } from "./driver/mod.ts";

interface Others extends Pick<HostEvents, "onRefused" | "onChanged"> {
  /** A task that this node may keep from now on. */
  readonly onStore: (task: TaskId) => void;
}

export function arrivals(driver: Driver, { onStore, ...others }: Others): HostEvents {
  return {
    onMessage: (from, message) => {
      if ("task" in message) driver.received(message.task);
      driver.push({ type: "message", from, message });
      if (message.type === "store") onStore(message.task);
    },
    onDocument: (signer, document) => {
      if ("task" in document) driver.received(document.task);
      driver.push({ type: "heard", signer, document });
    },
    onConnected: (peer) => driver.push({ type: "connected", peer }),
    onDisconnected: (peer) => driver.push({ type: "disconnected", peer }),
    onUnreachable: (peer) => driver.push({ type: "unreachable", peer }),
    onFound: (skill, peers) => driver.push({ type: "found", skill, peers }),
    onCard: (card) => driver.push({ type: "card", card }),
    ...others,
  };
}

/** Agents of the running node that get less work than they could, for `moot doctor`: the config may be right all the same. Pure. */
import type { Status } from "../../moot-node.ts";
import type { Finding } from "./finding.ts";

export function checkStanding({ agents }: Pick<Status, "agents">): Finding[] {
  return agents.flatMap(({ name, state, why }): Finding[] => {
    if (why === "" || state === "draining") return [];
    const remedy = "mend what it says; the node tries again by itself, and moot agents shows how the agent is";
    return [
      { name: "agent", level: "warn", detail: `${name} is ${state === "ready" ? "" : `${state}: `}${why}`, remedy },
    ];
  });
}

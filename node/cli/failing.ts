/**
 * What `moot up` says about agents that cannot serve: one that failed, one that serves again, and a node none of whose agents can. Told
 * how its agents stand, when it starts and at every change. It mends nothing: the node tries again by itself.
 */
import type { AgentFact, Status } from "../moot-node.ts";
import { paint, visible } from "./output.ts";

/** An event for programs, and the same for people. */
export interface Notice {
  readonly event: "agent-failed" | "agent-ready" | "no-agents";
  readonly fields: object;
  readonly text: string;
}

const REMEDY = "mend that; it is tried again every minute, and at once when the config is saved or on SIGHUP";

export class FailingWatch {
  readonly #failed = new Set<string>();
  #warned = false;

  /** At the start: what failed before anybody could listen. */
  begin(agents: Status["agents"]): readonly Notice[] {
    const facts = agents.map(({ name: agent, state, why }) => ({ type: "agent", agent, state, why }) as const);
    return [...facts.flatMap((fact) => this.#one(fact)), ...this.#all(agents)];
  }

  /** `agents`: all of the node's, as they stand now. */
  heard(fact: AgentFact, agents: Status["agents"]): readonly Notice[] {
    return [...this.#one(fact), ...this.#all(agents)];
  }

  #one({ agent, state, why }: AgentFact): readonly Notice[] {
    if (state === "ready" && this.#failed.delete(agent)) {
      const text = paint("green", `the agent ${visible(agent)} serves again`, process.stderr);
      return [{ event: "agent-ready", fields: { agent }, text }];
    }
    if (state === "stopped") this.#failed.delete(agent);
    if (state !== "failed") return [];
    this.#failed.add(agent);
    const head = paint("red", `the agent ${visible(agent)} failed:`, process.stderr);
    return [
      {
        event: "agent-failed",
        fields: { agent, why, remedy: REMEDY },
        text: `${head} ${visible(why)}\n  remedy: ${REMEDY}`,
      },
    ];
  }

  /** Once, until one of them serves. */
  #all(agents: Status["agents"]): readonly Notice[] {
    const all = agents.length > 0 && agents.every(({ state }) => state === "failed");
    const said = this.#warned;
    this.#warned = all || (said && agents.every(({ state }) => state !== "ready"));
    if (!all || said) return [];
    const text = `NONE OF ITS AGENTS CAN SERVE (${agents.length} failed): this node only keeps and relays tasks for others`;
    return [{ event: "no-agents", fields: { failed: agents.length }, text: paint("red", text, process.stderr) }];
  }
}

/**
 * Errors that nothing caught, in the process of `moot up`: one that an agent's function left ends its run or counts for the agent, and is
 * said; any other is the node's own, and ends the process as it always would. Woken by Node, which asks nobody else then.
 */
import { writeSync } from "node:fs";
import { inspect } from "node:util";
import type { StrayFact } from "../moot-node.ts";
import { EXIT } from "./exits.ts";
import { paint, visible, visibleLines } from "./output.ts";

const STDERR = 2;

export async function catchStrays(): Promise<void> {
  // Here and not above: what runs agents is no business of the other commands.
  const { strayed } = await import("../handlers/mod.ts");
  const onError = (error: unknown) => {
    if (!strayed(error)) end(error);
  };
  process.on("uncaughtException", onError);
  process.on("unhandledRejection", onError);
}

/** What the node's own code threw leaves it in a state that nobody knows. */
function end(error: unknown): never {
  try {
    writeSync(STDERR, `moot: an error that nothing caught, and no agent's: ${visibleLines(inspect(error))}\n`);
  } finally {
    process.exit(EXIT.internal);
  }
}

export function sayStray(
  { agent, run, message, stack, late }: StrayFact,
  say: (event: string, fields: object, text: string) => void,
): void {
  const whose = run === "" ? "outside of all runs" : `${late ? "after its run" : "in its run"} of ${run.slice(0, 12)}`;
  const head = `the agent ${visible(agent)} left an error that nothing caught, ${whose}:`;
  const lines = visibleLines(stack === "" ? message : stack).replaceAll("\n", "\n  ");
  const fields = { agent, task: run === "" ? null : run, message, stack, late };
  say("agent-error", fields, `${paint("red", head, process.stderr)}\n  ${lines}`);
}

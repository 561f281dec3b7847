/** `moot status` and `moot stop`: how the node is, and its end. */
import { Command } from "commander";
import type { Status } from "../moot-node.ts";
import { type ClientOptions, clientOf, forClients, parseDuration } from "./options.ts";
import { duration, paint, plural, print, printJson, talk, visible } from "./output.ts";

export function statusCommand(): Command {
  return forClients(new Command("status"))
    .description("how this node is: address, network, connections, load")
    .addHelpText("after", "\nExamples:\n  $ moot status\n  $ moot status --json | jq -r '.addrs[0]'")
    .action(async (options: ClientOptions) => {
      const status = await clientOf(options).status();
      if (options.json === true) return printJson(status);
      const { peer, network, addrs, agents, tasks } = status;
      const mesh = status.meshReady ? paint("green", "ready") : paint("yellow", "not ready yet");
      const rows = [
        ["peer", peer],
        ["network", `${network}, mesh ${mesh}, ${plural(status.connections, "connection")}`],
        ["state", `${stateText(status)}, up for ${duration(status.uptimeMs)}, version ${status.version}`],
        ...addrs.map((address) => ["listens", address]),
        ...agents.map((agent) => [
          "agent",
          `${visible(agent.name)} (${agent.busy} of ${agent.concurrency} busy): ${agent.skills.join(", ")}${standing(agent)}`,
        ]),
        ["tasks", `${tasks.open} open, ${tasks.decided} decided`],
        [
          "process",
          `${status.process.pid}, Node ${status.process.node}, ${Math.round(status.process.rssBytes / 2 ** 20)} MiB, loop late ${status.process.loopLagMs.p99} ms (p99)`,
        ],
      ];
      for (const [name = "", text = ""] of rows) print(`${paint("dim", name.padEnd(8))} ${text}`);
    });
}

function stateText({ state, why }: Status): string {
  const text = `${state}${why === "" ? "" : `: ${visible(why)}`}`;
  return state === "ready" ? text : paint(state === "failed" ? "red" : "yellow", text);
}

/** Nothing to say of an agent that is ready. */
function standing({ state, why }: Status["agents"][number]): string {
  if (state === "ready") return "";
  return `; ${paint("yellow", state)}${why === "" ? "" : `: ${visible(why)}`}`;
}

interface StopOptions extends ClientOptions {
  readonly grace?: number;
}

export function stopCommand(): Command {
  return forClients(new Command("stop"))
    .description("ask the node to take no new work, let running work end, and close")
    .option("--grace <duration>", "let running work go on for at most this long", parseDuration)
    .addHelpText("after", "\nExamples:\n  $ moot stop\n  $ moot stop --data /var/lib/moot --grace 1m")
    .action(async (options: StopOptions) => {
      await clientOf(options).stop(options.grace);
      if (options.json === true) return printJson({ stopping: true });
      talk("the node is stopping");
    });
}

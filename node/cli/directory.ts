/** `moot peers` and `moot agents`: who is here, and who can do what. */
import { Command } from "commander";
import type { AgentRow, PeerRow } from "../api/mod.ts";
import { addAgentCommand, removeAgentCommand } from "./agents.ts";
import { type ClientOptions, clientOf, forClients, parseSkillName } from "./options.ts";
import { brief, duration, paint, plural, print, printJson, shortPeer, table, talk, visible } from "./output.ts";

export function peersCommand(): Command {
  return forClients(new Command("peers"))
    .description("who is here: the peers that this node knows")
    .addHelpText(
      "after",
      `\nExamples:\n  $ moot peers\n  $ moot peers --json | jq -r '.[] | select(.connected) | .peer'`,
    )
    .action(async (options: ClientOptions) => {
      const peers = await clientOf(options).peers();
      if (options.json === true) return printJson(peers);
      print(
        table(
          [{ head: "PEER" }, { head: "STATE" }, { head: "SKILLS" }, { head: "UP", right: true }, { head: "ADDRESSES" }],
          peers.toSorted((left, right) => Number(right.self) - Number(left.self)).map(peerCells),
        ),
      );
      if (peers.every((row) => row.self))
        talk("nobody else is known yet; on another machine: moot up --join <address above>");
    });
}

function peerCells(row: PeerRow): readonly string[] {
  const { agents, uptime_ms, issued_ms, addrs } = row.card;
  const skills = [...new Set(agents.flatMap((agent) => agent.skills.map((skill) => skill.name)))];
  const up_ms = uptime_ms + Math.max(0, Date.now() - issued_ms);
  const state = stateOf(row);
  // The peer's name stands in the first column already.
  const shown = (row.addrs.length > 0 ? row.addrs : addrs).map((address) => address.replace(`/p2p/${row.peer}`, ""));
  return [
    row.peer,
    state,
    skills.length === 0 ? "-" : brief(skills.join(", "), 60),
    duration(up_ms),
    brief(shown.join(" "), 80),
  ];
}

function stateOf({ self, connected, present }: PeerRow): string {
  if (self) return "this node";
  if (connected) return paint("green", "connected");
  return present ? "known" : paint("dim", "gone");
}

interface AgentsOptions extends ClientOptions {
  readonly skill?: string;
}

export function agentsCommand(): Command {
  return forClients(new Command("agents"))
    .description("who can do what: the agents of this network, with their skills")
    .option("--skill <skill>", "only agents with this skill", parseSkillName)
    .addHelpText(
      "after",
      "\nExamples:\n  $ moot agents\n  $ moot agents --skill text.count@1 --json\n  $ moot agents add shout.yaml",
    )
    .addCommand(addAgentCommand())
    .addCommand(removeAgentCommand())
    .action(async (options: AgentsOptions) => {
      const agents = await clientOf(options).agents(options.skill);
      if (options.json === true) return printJson(agents);
      if (agents.length === 0)
        return talk(
          options.skill === undefined ? "no agent is known yet" : `no agent with the skill ${options.skill} is known`,
        );
      const columns = [
        { head: "AGENT" },
        { head: "PEER" },
        { head: "SKILL" },
        { head: "COST", right: true },
        { head: "TAKES", right: true },
        { head: "EFFECTS" },
        { head: "SLOTS", right: true },
        { head: "STATE" },
      ];
      print(table(columns, agents.flatMap(agentCells)));
      talk(paint("dim", plural(agents.length, "agent"), process.stderr));
    });
}

function agentCells(row: AgentRow): readonly (readonly string[])[] {
  const peer = row.here
    ? `${shortPeer(row.peer)} (here)`
    : row.present
      ? shortPeer(row.peer)
      : paint("dim", `${shortPeer(row.peer)} (gone)`);
  const slots = row.busy === undefined ? String(row.concurrency) : `${row.busy}/${row.concurrency}`;
  return row.skills.map(({ name, cost, expected_ms, effects }) => [
    brief(row.agent, 40),
    peer,
    name,
    cost === undefined ? "" : String(cost),
    expected_ms === undefined ? "" : duration(expected_ms),
    effects === undefined ? "" : visible(typeof effects === "string" ? effects : effects.join(" ")),
    slots,
    standing(row),
  ]);
}

/** Of this node's own agents; what others offer is ready, as far as they say. */
function standing({ state, why = "" }: AgentRow): string {
  if (state === undefined) return "";
  const text = why === "" ? state : `${state}: ${brief(why, 80)}`;
  return state === "ready" && why === "" ? text : paint("red", text);
}

/** `moot check`: is this configuration fit to start a node with, and what do its skills promise? Starts nothing, changes nothing. */
import { Command } from "commander";
import type { Checked, Contract } from "./checking.ts";
import { lineOf } from "./doctor.ts";
import { EXIT } from "./exits.ts";
import { plural, print, printJson, table, talk } from "./output.ts";

interface CheckFlags {
  readonly config: string;
  readonly ports?: boolean;
  readonly load?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ moot check
  $ moot check --config other.yaml --ports
  $ moot check --json | jq -r '.contracts[] | .skill + " " + .contract'

Runs nothing of yours, unless --load is given: then each module is imported once, in a process of its own.
Exits 0 when a node could be started with it (warnings are no failures), else 2.`;

export function checkCommand(): Command {
  return new Command("check")
    .description("check a configuration and its skills without starting anything, and print their contracts")
    .option("--config <file>", "the configuration", "moot.yaml")
    .option("--ports", "also whether its addresses are free, and members answer")
    .option("--load", "also load modules, to see that they export a function")
    .option("--json", "print JSON for programs")
    .addHelpText("after", EXAMPLES)
    .action(async ({ config, ports = false, load = false, json }: CheckFlags) => {
      const { checkConfiguration } = await import("./checking.ts");
      const found = await checkConfiguration({ config, ports, load });
      if (!found.ok) process.exitCode = EXIT.usage;
      if (json === true) return printJson(found);
      tell(found);
    });
}

function tell({ checks, contracts, ok }: Checked): void {
  for (const one of checks) print(lineOf(one));
  if (contracts.length > 0) print(`\n${table([...COLUMNS], contracts.map(rowOf))}`);
  const warned = checks.filter(({ level }) => level === "warn").length;
  talk(ok ? `fit to start${warned === 0 ? "" : `, with ${plural(warned, "warning")}`}` : "not fit to start");
}

const COLUMNS = [
  { head: "SKILL" },
  { head: "AGENT" },
  { head: "EFFECTS" },
  { head: "TWICE" },
  { head: "CONTRACT" },
] as const;

function rowOf({ skill, agent, effects, idempotent, contract }: Contract): string[] {
  const touched = typeof effects === "string" ? effects : effects.join(", ");
  return [
    skill,
    agent,
    touched,
    idempotent ? "as once" : "more",
    contract ?? "none: its schemas have no canonical JSON",
  ];
}

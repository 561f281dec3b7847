/** `moot sim`: a network of many agents in one process, in virtual time. The simulator is loaded only when it is called. */
import { Command, InvalidArgumentError, Option } from "commander";
import type { SimOptions } from "../sim/call.ts";
import { SIM } from "../sim/limits.ts";
import { DEFAULT_PRESET, listed, MIX_NAMES, MIXES, PRESETS } from "../sim/names.ts";

const EXAMPLES = `
Presets:
${listed(PRESETS)}

Faults:
${listed(MIXES)}

Examples:
  $ moot sim
  $ moot sim both-start --seed 7
  $ moot sim bidding-10 --agents 50 --tasks 500 --faults chaos --runs 100
  $ moot sim late-joiner --report out     (open out/late-joiner-1.html)
  $ moot sim late-joiner --real            (the code that runs on libp2p, in one process)
  $ moot sim --calibrate --agents 50 --runs 10     (the model against real nodes; half an hour or more)
  $ moot sim my-scenario.yaml --json | jq .broken
  $ moot sim bidding-10 --faults chaos --runs 1000 --shrink     (keeps the smallest failing scenario)
  $ moot sim --journal one/data two/data three/data     (real nodes, started with moot up --journal)

A run is a function of its scenario and seed: the same ones give the same trace, here and elsewhere. Ends with 10 when a promise
was broken, and says which seed on which code; with --journal also with 9 when a journal diverged. Scenario files: sim/README.md.`;

export function simCommand(): Command {
  return new Command("sim")
    .description("simulate a network of agents, with faults, from a seed")
    .argument("[preset|file]", "a preset, or a scenario file in YAML", DEFAULT_PRESET)
    .option("--agents <n>", "as many peers, in the scenario's proportions", whole(1, SIM.agents))
    .option("--tasks <n>", "as many tasks, in the scenario's proportions", whole(0, SIM.tasks))
    .option("--seed <n>", "the seed (default: the file's, else 1)", whole(0, SIM.seed))
    .addOption(new Option("--faults <mix>", "what goes wrong, instead of the scenario's faults").choices(MIX_NAMES))
    .option("--runs <n>", "so many runs, one seed after the other", whole(1, SIM.runs), 1)
    .option("--workers <n>", "threads (default: as many as the machine has cores)", whole(1, SIM.workers))
    .option("--report <dir>", "write a page of each run: what happened when, who bid, who worked, what went wrong")
    .option("--real", "on real libp2p nodes under a virtual clock, in place of the modelled network (slower)")
    .option("--shrink", "cut the first failing run down, and save it as moot-sim-<seed>.yaml")
    .option("--calibrate", "hold the modelled network against real libp2p nodes: delays, copies, advertisements")
    .option("--journal <folders...>", "no simulation: what real nodes noted, played and judged by the same checkers")
    .option("--json", "print one JSON object for programs")
    .addHelpText("after", EXAMPLES)
    .action(async (what: string, options: SimOptions) => {
      const { simulate } = await import("../sim/simulate.ts");
      process.exitCode = await simulate(what, options);
    });
}

function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,10}$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

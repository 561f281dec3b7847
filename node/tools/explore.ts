/**
 * `npm run explore`: walks through all interleavings of the small worlds, tells how far it came, and prints the story of the
 * first broken promise. A state of a world is whole: what is inside each machine, its disk, clock, alarm and handlers, what is in
 * flight, what a witness has seen, and what may still go wrong. States of different worlds are different states; within one
 * world each is counted once. A world that is not "whole" was visited as far as `--states`, nearest states first.
 *
 *   --states N      visit at most so many states of each world (1000000)
 *   --world NAME    this world only
 *   --histories     tell states of a peer apart by everything that happened to it, with the machines as they are
 */
import { parseArgs } from "node:util";
import type { Exploration, Figures, SmallWorld } from "../../sim/explore/mod.ts";
import { openMachines } from "./opened.ts";

const { values } = parseArgs({
  options: {
    states: { type: "string", default: "1000000" },
    world: { type: "string" },
    histories: { type: "boolean", default: false },
  },
});

async function main(): Promise<number> {
  const states_max = Number(values.states);
  if (!Number.isSafeInteger(states_max) || states_max < 1) {
    process.stderr.write(`explore: --states takes a number, not "${values.states}"\n`);
    return 2;
  }
  if (!values.histories) openMachines();
  const { explore, Inside, story, WORLDS } = await import("../../sim/explore/mod.ts");
  const worlds = WORLDS.filter(({ name }) => values.world === undefined || values.world === name);
  if (worlds.length === 0) {
    const names = WORLDS.map(({ name }) => `"${name}"`);
    process.stderr.write(`explore: there is no world "${values.world}"; there are ${names.join(", ")}\n`);
    return 2;
  }
  process.stdout.write(`${row(["world", "states", "", "depth", "moves", "to an outcome", "states/s"])}\n`);
  let states = 0;
  const from = performance.now();
  for (const world of worlds) {
    const began = performance.now();
    const print = values.histories ? undefined : new Inside().print;
    const found = explore({ world, states_max, print, progress: progress(world) });
    process.stdout.write(`${line(found, performance.now() - began)}\n`);
    states += found.states;
    if (found.breach !== undefined) {
      process.stdout.write(`\n${story(found)}\n`);
      return 1;
    }
    if (found.doubts > 0) {
      process.stdout.write(`\n${found.doubts} messages were taken for dead and were not: see sim/explore/dead.ts\n`);
      return 1;
    }
  }
  const s = (performance.now() - from) / 1000;
  process.stdout.write(`${count(states)} distinct states, no promise broken, ${s.toFixed(0)} s\n`);
  return 0;
}

function line({ world, states, complete, depth, moves, calmed }: Exploration, ms: number): string {
  const speed = Math.round((1000 * states) / ms);
  return row([
    world.name,
    count(states),
    complete ? "whole" : "",
    count(depth),
    count(moves),
    count(calmed),
    count(speed),
  ]);
}

function row([name = "", ...cells]: readonly string[]): string {
  return name.padEnd(20) + cells.map((cell) => cell.padStart(14)).join("");
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}

function progress({ name }: SmallWorld): ((figures: Figures) => void) | undefined {
  if (!process.stderr.isTTY) return undefined;
  return ({ states, depth }) => process.stderr.write(`\r${name}: ${count(states)} states, ${depth} moves deep \r`);
}

process.exitCode = await main();

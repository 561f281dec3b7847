/** The names that a command line knows before anything of the simulator is loaded: presets and fault mixes, a line each. */
export const PRESETS = {
  "bidding-10": "10 agents of different cost, speed and size bid on 100 tasks",
  "directory-1000": "1,000 agents with 50 skills; every task finds the 20 that can do it",
  "swarm-300": "300 agents in parallel, 4,000 tool calls in 12 simulated hours, a crash every 10 minutes",
  swarm: "a small world in trouble, another one for each seed (npm run swarm: 5,000 of them)",
  "both-start": "two agents claim the same work, and a fifth of all messages comes twice",
  "late-joiner": "one agent arrives while a task is negotiated that only it can do",
  "silent-failure": "the cheapest agent promises, is throttled, and says nothing more",
  trilemma: "the mesh, a manager and an event log: one workload, one history of faults, side by side",
  "coordination-tax": "what a task costs from 10 agents to 1,000 (--agents: the largest)",
  "document-3": "three agents edit one document (not in this version)",
  "feed-100": "100 subscribers follow one feed (not in this version)",
} as const;
export type PresetName = keyof typeof PRESETS;
export const DEFAULT_PRESET = "bidding-10" satisfies PresetName;

export const MIXES = {
  none: "everything works",
  lossy: "10 % of messages are lost, 5 % come twice, 10 % up to 0.5 s late; 20 % of gossip is lost",
  churn: "every peer crashes twice on average, and comes back with what its disk holds",
  partition: "four times, some peers are cut off from the others",
  chaos: "a mix drawn from the seed: some kinds off, others wild",
  byzantine: "every fifth peer lies about results, costs and failures",
} as const;
export type Mix = keyof typeof MIXES;
export const MIX_NAMES = Object.keys(MIXES).filter((name): name is Mix => Object.hasOwn(MIXES, name));

/** A table of names for a help text. */
export function listed(names: Readonly<Record<string, string>>): string {
  const wide = Math.max(...Object.keys(names).map((name) => name.length));
  return Object.entries(names)
    .map(([name, text]) => `  ${name.padEnd(wide)}  ${text}`)
    .join("\n");
}

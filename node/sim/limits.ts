/** What a scenario file and a command line may ask of the simulator. Beyond these a run would fill the memory or the day. */
export const SIM = {
  /** Of journals that are judged together: what they say is held in memory, several times over. */
  journal_bytes: 256 * 1024 * 1024,
  file_bytes: 1024 * 1024,
  /** Groups of peers, of tasks, planned faults. */
  groups: 1_024,
  plan: 100_000,
  agents: 100_000,
  /** Real nodes in one process: some megabytes each. */
  real_agents: 500,
  tasks: 1_000_000,
  runs: 100_000,
  /** Seeds are 32-bit words: what the generator makes of a larger one would not be its own. */
  seed: 2 ** 32 - 1,
  workers: 256,
  regions: 64,
  tool_calls: 100_000,
  skills: 256,
  /** Virtual time of a run's trouble, and of the calm after it. */
  span_ms: 30 * 24 * 3600 * 1000,
  /** One-way delays. */
  delay_ms: 60_000,
  /** What a summary names of broken promises and failing seeds. */
  breaches: 100,
  /** Pages of one report: a page is some megabytes. */
  pages: 1_000,
} as const;

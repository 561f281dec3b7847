/**
 * Who plays: five peers, what their agents can do, at what price and how fast they say they are. Pure data and the config made
 * of it; the same `moot.yaml` that anybody would write.
 */
import { join } from "node:path";

const AGENTS = join(import.meta.dirname, "agents");
/** `.ts` in the repository, `.js` in a published package. */
const EXTENSION = import.meta.filename.slice(import.meta.filename.lastIndexOf("."));

export const SKILLS = {
  stats: "text.stats@1",
  terms: "text.terms@1",
  histogram: "text.histogram@1",
  summary: "text.summary@1",
  survey: "text.survey@1",
  merge: "terms.merge@1",
  rank: "terms.rank@1",
} as const;
export type SkillName = keyof typeof SKILLS;

interface Role {
  readonly agent: string;
  readonly skill: SkillName;
  /** The module that does it; absent, the module with the skill's name. `tally` is the program in awk. */
  readonly by?: "tally";
  readonly concurrency: number;
  /** A bid's score is `1000 * cost + expected_ms`, more under load; the lowest wins. */
  readonly cost: number;
  readonly expected_ms: number;
}

export interface Player {
  readonly name: string;
  /** Through whom it joins; the first is alone until somebody comes. */
  readonly joins: string | undefined;
  readonly roles: readonly Role[];
}

export const CAST: readonly Player[] = [
  {
    name: "nora",
    joins: undefined,
    roles: [
      { agent: "abacus", skill: "stats", concurrency: 2, cost: 0.01, expected_ms: 10 },
      { agent: "sprinter", skill: "histogram", concurrency: 2, cost: 0.05, expected_ms: 2 },
      { agent: "clerk", skill: "merge", concurrency: 2, cost: 0.02, expected_ms: 15 },
    ],
  },
  {
    name: "otto",
    joins: "nora",
    roles: [
      { agent: "reader", skill: "terms", concurrency: 2, cost: 0.01, expected_ms: 20 },
      { agent: "judge", skill: "rank", concurrency: 1, cost: 0.02, expected_ms: 10 },
      { agent: "surveyor", skill: "survey", concurrency: 1, cost: 0.05, expected_ms: 4_000 },
    ],
  },
  {
    name: "pia",
    joins: "otto",
    roles: [
      { agent: "tally", skill: "histogram", by: "tally", concurrency: 2, cost: 0.01, expected_ms: 30 },
      { agent: "clerk", skill: "merge", concurrency: 2, cost: 0.01, expected_ms: 20 },
      { agent: "judge", skill: "rank", concurrency: 1, cost: 0.01, expected_ms: 10 },
    ],
  },
  {
    name: "rolf",
    joins: "nora",
    roles: [
      { agent: "reader", skill: "terms", concurrency: 1, cost: 0.03, expected_ms: 15 },
      { agent: "tally", skill: "histogram", by: "tally", concurrency: 1, cost: 0.015, expected_ms: 30 },
      { agent: "scribe", skill: "summary", concurrency: 2, cost: 0.02, expected_ms: 40 },
      { agent: "surveyor", skill: "survey", concurrency: 1, cost: 0.1, expected_ms: 4_000 },
    ],
  },
  {
    name: "tess",
    joins: "otto",
    roles: [
      { agent: "abacus", skill: "stats", concurrency: 1, cost: 0.015, expected_ms: 15 },
      { agent: "reader", skill: "terms", concurrency: 1, cost: 0.02, expected_ms: 15 },
      { agent: "scribe", skill: "summary", concurrency: 2, cost: 0.025, expected_ms: 30 },
      { agent: "surveyor", skill: "survey", concurrency: 1, cost: 0.2, expected_ms: 4_000 },
    ],
  },
];

const text = { type: "string" };
const count = { type: "integer", minimum: 0 };
const list = { type: "array" };
const terms = { documents: count, terms: list };

/** Input and output of each skill: which keys, and what they hold. All are required, and there are no others. */
const CONTRACTS: Readonly<Record<SkillName, { readonly input: object; readonly output: object }>> = {
  stats: {
    input: { name: text, text },
    output: { lines: count, blank: count, characters: count, words: count, distinct: count, sentences: count },
  },
  terms: { input: { text }, output: terms },
  histogram: { input: { text }, output: { lines: count, longest: count, words: count, lengths: list } },
  summary: { input: { name: text, text, weights: list, sentences: count }, output: { of: count, sentences: list } },
  survey: { input: { sections: list, rest_ms: count }, output: { sections: list } },
  merge: { input: { parts: list }, output: terms },
  rank: { input: { ...terms, count }, output: { terms: list } },
};

/** The peer's `moot.yaml` as a value (JSON is YAML). `tally` is where the awk program was written to. */
export function configOf(player: Player, files: { readonly key: string; readonly tally: string }): object {
  return {
    network: { name: "folkmoot-demo", key: files.key },
    agents: player.roles.map(({ agent, skill, by, concurrency, cost, expected_ms }) => ({
      name: agent,
      handler: by === "tally" ? { exec: ["sh", files.tally] } : { module: join(AGENTS, skill + EXTENSION) },
      concurrency,
      timeout_ms: 30_000,
      skills: [
        {
          name: SKILLS[skill],
          input: object(CONTRACTS[skill].input),
          output: object(CONTRACTS[skill].output),
          effects: "none",
          cost,
          expected_ms,
        },
      ],
    })),
  };
}

function object(properties: object): object {
  return { type: "object", required: Object.keys(properties), additionalProperties: false, properties };
}

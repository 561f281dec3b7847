/** What the demo asks for: each skill with the shape of its result. What a stranger's agent answers is parsed before it is used. */
import { z } from "zod";
import type { Histogram } from "./agents/histogram.ts";
import type { Terms } from "./agents/lexer.ts";
import type { Ranked } from "./agents/rank.ts";
import type { Stats } from "./agents/stats.ts";
import type { Summary } from "./agents/summary.ts";
import type { Survey } from "./agents/survey.ts";
import { SKILLS, type SkillName } from "./cast.ts";

export interface Job<T> {
  readonly skill: (typeof SKILLS)[SkillName];
  readonly result: z.ZodType<T>;
}

const count = z.int().min(0);
const terms = z.object({ documents: count, terms: z.array(z.tuple([z.string(), z.number(), count])) });

const stats: Job<Stats> = {
  skill: SKILLS.stats,
  result: z.object({
    lines: count,
    blank: count,
    characters: count,
    words: count,
    distinct: count,
    sentences: count,
  }),
};
const histogram: Job<Histogram> = {
  skill: SKILLS.histogram,
  result: z.object({ lines: count, longest: count, words: count, lengths: z.array(count) }),
};
const summary: Job<Summary> = {
  skill: SKILLS.summary,
  result: z.object({
    of: count,
    sentences: z.array(z.object({ at: count, score: z.number(), text: z.string() })),
  }),
};
const survey: Job<Survey> = {
  skill: SKILLS.survey,
  result: z.object({
    sections: z.array(z.object({ name: z.string(), words: count, terms: z.array(z.string()) })),
  }),
};
const rank: Job<Ranked> = {
  skill: SKILLS.rank,
  result: z.object({
    terms: z.array(z.object({ term: z.string(), score: z.number(), documents: count })),
  }),
};
const reading: Job<Terms> = { skill: SKILLS.terms, result: terms };
const merging: Job<Terms> = { skill: SKILLS.merge, result: terms };

export const JOBS = { stats, histogram, summary, survey, rank, terms: reading, merge: merging } as const;

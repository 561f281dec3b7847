/**
 * What the page's script is given, as JSON inside the page. Times are milliseconds since the trouble began (the peers met before,
 * below zero); peers are numbered as in `peers`; every text is plain text, whatever it looks like.
 */
export interface PageData {
  /** The whole run, and the part of it in which something happened. */
  readonly end: number;
  readonly busy: number;
  readonly peers: readonly PeerData[];
  readonly network: NetworkData;
  readonly spells: readonly Spell[];
  readonly series: SeriesData;
  readonly tasks: readonly TaskData[];
  /** Of how many. */
  readonly tasksAll: number;
  /** Kinds of messages; a `Said` names its kind by number. */
  readonly kinds: readonly string[];
}

export interface PeerData {
  readonly name: string;
  readonly agents: readonly string[];
}

/** Two places, and from when to when they were connected. */
export interface LinkData {
  readonly ends: readonly [number, number];
  readonly spells: readonly (readonly [from: number, until: number])[];
}

export interface NetworkData {
  /** Peers that are drawn, each with its place in the unit square. */
  readonly places: readonly { readonly peer: number; readonly x: number; readonly y: number }[];
  readonly links: readonly LinkData[];
  /** What is not drawn, in words; empty when all is. */
  readonly omitted: string;
}

/** `down` peers are gone, `cut` ones cannot reach some others, `stalled` ones are late; `noise` strikes messages or clocks. */
export type Ailment = "down" | "cut" | "stalled" | "noise";

/** A fault from its stroke to its end. */
export interface Spell {
  readonly at: number;
  readonly until: number;
  readonly ailment: Ailment;
  readonly what: string;
  readonly peers: readonly number[];
  /** A cut: no link between `peers` and the others, none between these two, or none but between neighbours. */
  readonly shape?: "split" | "pair" | "ring";
  /** Reaches both sides of a split. */
  readonly bridge?: number;
}

export interface SeriesData {
  readonly every: number;
  readonly open: readonly number[];
  readonly running: readonly number[];
  readonly messages: readonly number[];
  readonly up: readonly number[];
}

/** What sets a task apart: the filters of the list. */
export type Flag = "broken" | "open" | "failed" | "again" | "taken" | "lost" | "twice" | "slow";

export type BarKind = "auction" | "award" | "run" | "decide";
export interface Bar {
  readonly kind: BarKind;
  readonly from: number;
  readonly until: number;
  readonly peer: number;
  /** How it ended, in words; for a title. */
  readonly how: string;
  readonly good: boolean;
}
export type MarkKind = "lost" | "ended" | "refused" | "taken" | "again" | "moved" | "proof" | "done" | "failed";
export interface Mark {
  readonly kind: MarkKind;
  readonly at: number;
  readonly text: string;
  /** After the decision: by a peer that had not heard of it. */
  readonly late: boolean;
}

export interface TaskData {
  readonly id: string;
  /** What the scenario calls it, or the beginning of its id. */
  readonly label: string;
  readonly skill: string;
  readonly asker: number;
  readonly at: number;
  /** Absent: never decided. */
  readonly end?: number;
  readonly status: string;
  readonly attempts: number;
  readonly bids: number;
  /** Absent: not counted in a run of this size. */
  readonly messages: number;
  readonly flags: readonly Flag[];
  readonly bars: readonly Bar[];
  readonly marks: readonly Mark[];
  readonly story: StoryData;
  /** Time, from, to, kind: in the order in which they were sent. Empty in large runs. */
  readonly said: readonly Said[];
}
export type Said = readonly [at: number, from: number, to: number, kind: number];

export interface StoryData {
  readonly custodians: readonly number[];
  readonly rounds: readonly RoundData[];
  readonly attempts: readonly AttemptData[];
  readonly outcome: OutcomeData | undefined;
  readonly log: readonly LogLine[];
  /** Lines that the log lacks. */
  readonly omitted: number;
  readonly breaches: readonly string[];
}

/** One announcement, and what came of it. */
export interface RoundData {
  readonly at: number;
  readonly round: number;
  readonly by: number;
  readonly reach: string;
  readonly asked: readonly number[];
  /** Agents that the conductor knew to have the skill. */
  readonly eligible: number;
  readonly bids: readonly BidData[];
  readonly refusals: readonly { readonly peer: number; readonly why: string }[];
  readonly choices: readonly ChoiceData[];
  /** Nobody acceptable answered: asked again after this long. */
  readonly pause?: number;
}
export interface BidData {
  readonly peer: number;
  readonly agent: string;
  readonly cost: number;
  readonly takes: number;
  readonly load: number;
}
export interface ChoiceData {
  readonly ballot: string;
  readonly why: string;
  /** The winner first. The lowest score wins. */
  readonly scores: readonly { readonly peer: number; readonly score: number }[];
}
export interface AttemptData {
  readonly ballot: string;
  readonly peer: number;
  readonly at: number;
  readonly until?: number;
  readonly how: string;
  readonly good: boolean;
}
export interface OutcomeData {
  readonly at: number;
  readonly status: string;
  readonly text: string;
  /** JSON text, maybe cut. */
  readonly result?: string;
}
export interface LogLine {
  readonly at: number;
  readonly peer: number;
  readonly type: string;
  readonly mood: "good" | "bad" | "key" | "plain";
  readonly text: string;
}

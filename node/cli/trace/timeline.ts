/**
 * From a task's facts to a picture of time: one lane for the task with its phases, one for each peer with what it did. The view
 * of the node that kept the facts; a span whose end it never saw ends with the last fact. Pure.
 */
import { type Ballot, ballotText, type PeerId, sameBallot, type TaskId } from "../../../protocols/kernel/mod.ts";
import type { Observed } from "../../moot-node.ts";
import { type Mood, type Sentence, sentenceOf } from "../story.ts";

export interface Span {
  readonly name: string;
  readonly kind: "storing" | "auction" | "awarding" | "work" | "run" | "deciding";
  readonly start_ms: number;
  readonly end_ms: number;
  readonly mood: Mood;
  readonly detail: string;
}

export interface Mark {
  readonly at_ms: number;
  readonly name: string;
  readonly mood: Mood;
  readonly detail: string;
}

export interface Lane {
  /** Undefined for the task's own lane. */
  readonly peer: PeerId | undefined;
  readonly roles: readonly string[];
  readonly spans: readonly Span[];
  readonly marks: readonly Mark[];
}

export interface Timeline {
  readonly task: TaskId;
  readonly observer: PeerId | undefined;
  readonly skill: string | undefined;
  readonly status: string;
  readonly start_ms: number;
  readonly end_ms: number;
  readonly lanes: readonly Lane[];
  readonly facts: readonly TaskObserved[];
  readonly story: readonly (Sentence & { readonly at_ms: number; readonly type: string })[];
}

export type TaskObserved = Extract<Observed, { task: unknown }>;
type Of<T extends TaskObserved["type"]> = Extract<TaskObserved, { type: T }>;

export function timelineOf(task: TaskId, observed: readonly Observed[]): Timeline {
  const facts = observed.filter((fact): fact is TaskObserved => "task" in fact && fact.task === task);
  const [first] = facts;
  const last = facts.at(-1);
  const start_ms = first?.at_ms ?? 0;
  const end_ms = Math.max(start_ms + 1, last?.at_ms ?? start_ms);
  const decided = facts.findLast((fact) => fact.type === "decided");
  return {
    task,
    observer: first?.node,
    skill: skillIn(facts),
    status: decided?.outcome.status ?? "open",
    start_ms,
    end_ms,
    lanes: [{ peer: undefined, roles: [], spans: phases(facts, end_ms), marks: [] }, ...peerLanes(facts, end_ms)],
    facts,
    story: facts.map((fact) => ({ ...sentenceOf(fact), at_ms: fact.at_ms, type: fact.type })),
  };
}

function skillIn(facts: readonly TaskObserved[]): string | undefined {
  return facts.find((fact) => fact.type === "submitted" || fact.type === "running")?.skill;
}

/** What the task as a whole was doing: each phase lasts until the next begins. */
function phases(facts: readonly TaskObserved[], end_ms: number): Span[] {
  const begun: Omit<Span, "end_ms">[] = [];
  for (const fact of facts) {
    const phase = phaseOf(fact);
    const before = begun.at(-1);
    if (phase !== undefined && before?.name !== phase.name) begun.push({ ...phase, start_ms: fact.at_ms });
  }
  const stop = facts.findLast((fact) => fact.type === "decided")?.at_ms ?? end_ms;
  return begun
    .filter((span) => span.start_ms < stop || begun.length === 1)
    .map((span, index) => ({ ...span, end_ms: Math.max(span.start_ms, begun[index + 1]?.start_ms ?? stop) }));
}

type Phase = Omit<Span, "start_ms" | "end_ms">;

function phaseOf(fact: TaskObserved): Phase | undefined {
  switch (fact.type) {
    case "submitted":
      return { name: "storing", kind: "storing", mood: "plain", detail: "a majority of the custodians stores it" };
    case "called":
      return { name: `bids, round ${fact.round}`, kind: "auction", mood: "plain", detail: sentenceOf(fact).text };
    case "unanswered":
      return { name: `pause after round ${fact.round}`, kind: "auction", mood: "bad", detail: sentenceOf(fact).text };
    case "chosen":
      return { name: `award ${ballotText(fact.ballot)}`, kind: "awarding", mood: "key", detail: sentenceOf(fact).text };
    case "agreed":
      return { name: `work ${ballotText(fact.ballot)}`, kind: "work", mood: "good", detail: sentenceOf(fact).text };
    case "awarded":
      return fact.reattached
        ? { name: `work ${ballotText(fact.ballot)}`, kind: "work", mood: "good", detail: sentenceOf(fact).text }
        : undefined;
    case "prepared":
      return {
        name: `prepare ${ballotText(fact.ballot)}`,
        kind: "awarding",
        mood: "key",
        detail: sentenceOf(fact).text,
      };
    case "accepted":
    case "found":
      return { name: "deciding", kind: "deciding", mood: "plain", detail: "the custodians vote on its outcome" };
    default:
      return undefined;
  }
}

function peerLanes(facts: readonly TaskObserved[], end_ms: number): Lane[] {
  const peers = new Set(facts.flatMap(peersOf));
  return [...peers]
    .map(
      (peer): Lane => ({
        peer,
        roles: rolesOf(peer, facts),
        spans: spansOf(peer, facts, end_ms),
        marks: marksOf(peer, facts),
      }),
    )
    .filter((lane) => lane.spans.length + lane.marks.length > 0 || lane.roles.length > 0)
    .toSorted((left, right) => rank(left) - rank(right));
}

const ORDER = ["initiator", "contractor", "custodian", "bidder"];

function rank(lane: Lane): number {
  return Math.min(...lane.roles.map((role) => ORDER.indexOf(role)), ORDER.length);
}

function peersOf(fact: TaskObserved): readonly PeerId[] {
  switch (fact.type) {
    case "submitted":
      return fact.custodians;
    case "called":
      return fact.asked;
    case "proposed":
    case "refused":
      return [fact.bidder];
    case "awarded":
    case "agreed":
    case "award-refused":
    case "attempt-ended":
    case "progress":
      return [fact.contractor];
    case "standing-by":
    case "equivocation":
      return [fact.conductor];
    default:
      return [fact.node];
  }
}

function rolesOf(peer: PeerId, facts: readonly TaskObserved[]): string[] {
  const submitted = facts.find((fact) => fact.type === "submitted");
  const has = (test: (fact: TaskObserved) => boolean) => facts.some(test);
  const ran = has(
    (fact) => (fact.type === "awarded" && fact.contractor === peer) || (fact.type === "running" && fact.node === peer),
  );
  return [
    ...(submitted?.custodians[0] === peer ? ["initiator"] : []),
    ...(ran ? ["contractor"] : []),
    ...(submitted?.custodians.includes(peer) === true && submitted.custodians[0] !== peer ? ["custodian"] : []),
    ...(!ran && has((fact) => fact.type === "proposed" && fact.bidder === peer) ? ["bidder"] : []),
  ];
}

/** Its attempts as the conductor saw them, and its own runs when it is the observer. */
function spansOf(peer: PeerId, facts: readonly TaskObserved[], end_ms: number): Span[] {
  return facts.flatMap((fact, index) => {
    if (fact.type === "awarded" && fact.contractor === peer) return [attemptSpan(fact, facts.slice(index + 1), end_ms)];
    if (fact.type === "running" && fact.node === peer) return [runSpan(fact, facts.slice(index + 1), end_ms)];
    return [];
  });
}

function attemptSpan(award: Of<"awarded">, after: readonly TaskObserved[], last_ms: number): Span {
  const end = after.find((fact) => endsAttempt(fact, award.ballot));
  const done = end?.type === "decided" && end.outcome.status === "done" && end.outcome.contractor === award.contractor;
  const mood: Mood = done ? "good" : end === undefined ? "key" : "bad";
  const how = end === undefined ? "its end was not seen" : sentenceOf(end).text;
  return {
    name: `ballot ${ballotText(award.ballot)}`,
    kind: "work",
    start_ms: award.at_ms,
    end_ms: end?.at_ms ?? last_ms,
    mood,
    detail: `${sentenceOf(award).text}; ${how}`,
  };
}

function endsAttempt(fact: TaskObserved, ballot: Ballot): boolean {
  if (fact.type === "decided") return true;
  if (fact.type === "attempt-ended" || fact.type === "award-refused") return sameBallot(fact.ballot, ballot);
  return fact.type === "awarded" && !sameBallot(fact.ballot, ballot);
}

function runSpan(start: Of<"running">, after: readonly TaskObserved[], last_ms: number): Span {
  const end = after.find(
    (fact) => (fact.type === "ran" || fact.type === "stopped") && sameBallot(fact.ballot, start.ballot),
  );
  const mood: Mood = end === undefined ? "key" : end.type === "ran" && end.ok ? "good" : "bad";
  const detail = end === undefined ? sentenceOf(start).text : `${sentenceOf(start).text}; ${sentenceOf(end).text}`;
  return {
    name: `runs ${start.agent}`,
    kind: "run",
    start_ms: start.at_ms,
    end_ms: end?.at_ms ?? last_ms,
    mood,
    detail,
  };
}

function marksOf(peer: PeerId, facts: readonly TaskObserved[]): Mark[] {
  return facts.flatMap((fact) => {
    if (actorOf(fact) !== peer) return [];
    const { text, mood } = sentenceOf(fact);
    return [{ at_ms: fact.at_ms, name: markName(fact), mood, detail: text }];
  });
}

/** Whose deed a fact is. */
function actorOf(fact: TaskObserved): PeerId {
  switch (fact.type) {
    case "proposed":
    case "refused":
      return fact.bidder;
    case "agreed":
    case "award-refused":
    case "attempt-ended":
    case "progress":
      return fact.contractor;
    case "equivocation":
      return fact.conductor;
    default:
      return fact.node;
  }
}

function markName(fact: TaskObserved): string {
  switch (fact.type) {
    case "proposed":
      return `bid ${fact.bid.cost}`;
    case "refused":
      return `refused: ${fact.reason}`;
    case "progress":
      return `${fact.done_permille / 10} %`;
    case "attempt-ended":
      return fact.reason;
    case "decided":
      return fact.outcome.status;
    default:
      return fact.type;
  }
}

/**
 * What a witness outside saw of a run: facts that peers noted, awards that left their conductors, executions of handlers,
 * messages, what users asked for and were told, peers that came and went. Checkers read this and nothing else; machines never
 * see it. What belongs to one task is found by its id, so that judging a run costs no more than it was long.
 */
import {
  type Answer,
  type AwardDocument,
  type Ballot,
  type Fact,
  type Kept,
  type OutcomeDocument,
  type PeerId,
  type Signed,
  type Skill,
  type TaskId,
  taskIdOf,
} from "../protocols/mod.ts";
import type { Run } from "./host.ts";

type CustodyRecord = Extract<Kept, { readonly kind: "custody" }>;

/** An award as its conductor kept or sent it; nobody's contractor when the conductor keeps the ballot. */
export interface SeenAward {
  readonly at: number;
  readonly node: number;
  readonly task: TaskId;
  readonly ballot: Ballot;
  readonly signer: PeerId;
  readonly contractor: PeerId | null;
  readonly document: Signed<AwardDocument>;
}
/** A task on a disk: since when, and whether as decided. */
export interface Holding {
  readonly since: number;
  readonly decided: boolean;
}
/** What a user granted a task. */
export interface Terms {
  readonly attempts_max: number;
  readonly lease_ms: number;
  readonly deadline_ms: number;
}
/** A submit, and the deadline of its task. */
export interface Asked {
  readonly node: number;
  readonly at: number;
  readonly due: number;
}
export interface Submitted {
  readonly task: TaskId;
  readonly node: number;
  readonly at: number;
  readonly due: number;
}
export interface Refusal {
  readonly node: number;
  readonly from: PeerId;
  readonly clause: string;
  readonly detail: string;
}
type Seen = { readonly at: number; readonly node: number };
/** What a peer noted, as it stands in the trace. */
export type Note = Seen & { readonly fact: Fact };

/** All that was seen of one task, in the order in which it was seen. */
export interface TaskEvidence {
  readonly task: TaskId;
  readonly facts: readonly Note[];
  readonly awards: readonly SeenAward[];
  readonly runs: readonly Run[];
}
type Growing<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer Item)[] ? Item[] : T[K] };

const NOBODY: ReadonlyMap<number, Holding> = new Map();

export class Evidence {
  readonly trace: Note[] = [];
  readonly runs: Run[] = [];
  readonly awards: SeenAward[] = [];
  /** Tasks whose `submit` was answered with yes. */
  readonly acknowledged: Submitted[] = [];
  /** What users asked for, by the number of their request. */
  readonly asked = new Map<number, Asked>();
  readonly answers = new Map<number, Answer>();
  /** Tool calls that executions made. */
  toolCalls = 0;
  readonly bytes = new Map<TaskId, number>();
  readonly overbooked: string[] = [];
  /** What peers held beyond their limits. */
  readonly overfull: string[] = [];
  readonly refusals: Refusal[] = [];
  /** Tasks that users wanted to have cancelled. */
  readonly cancels: (Seen & { readonly task: TaskId; readonly granted: boolean })[] = [];
  /** The patience of users, by the number of their request. */
  readonly terms = new Map<number, Terms>();
  /** Peers that say what their machines did not say: what they sign is held against nobody. */
  readonly liars = new Set<number>();
  /** Rare things that only the world sees, for coverage. */
  readonly marks = new Map<string, number>();
  readonly #skills = new Map<TaskId, Skill>();
  readonly #holders = new Map<TaskId, Map<number, Holding>>();
  readonly #termsBy = new Map<TaskId, Terms>();
  readonly #seals = new Set<string>();
  readonly #sent = new Map<TaskId, Map<string, number>>();
  readonly #lives = new Map<number, { readonly from: number; until: number }[]>();
  readonly #nodes = new Map<PeerId, number>();
  /** What belongs to each task, as far as it was asked for. */
  readonly #byTask = new Map<TaskId, Growing<TaskEvidence>>();
  readonly #indexed = { facts: 0, awards: 0, runs: 0, answers: 0 };

  // --- noting ---

  note({ at, node }: Seen, fact: Fact): void {
    this.trace.push({ at, node, fact });
    if (fact.type === "submitted") this.#skills.set(fact.task, fact.skill);
  }

  /** What a custodian wrote; an award that a conductor gives itself is never sent: its disk is the witness. */
  kept(seen: Seen, { document, awarded, decided }: CustodyRecord): void {
    const task = taskIdOf(document.digest);
    const holders = this.#holders.get(task) ?? new Map<number, Holding>();
    const { since = seen.at } = holders.get(seen.node) ?? {};
    this.#holders.set(task, holders.set(seen.node, { since, decided }));
    if (awarded !== undefined) this.award(seen, awarded);
  }
  award(seen: Seen, document: Signed<AwardDocument>): void {
    const { seal, signer, value } = document;
    if (this.#seals.has(seal)) return;
    this.#seals.add(seal);
    const { task, ballot, contractor } = value;
    this.awards.push({ ...seen, task, ballot, signer, contractor, document });
  }

  /** A stream message or publication of a task, and its size. */
  count(task: TaskId | undefined, type: string, bytes: number): void {
    if (task === undefined) return;
    this.bytes.set(task, (this.bytes.get(task) ?? 0) + bytes);
    const counts = this.#sent.get(task) ?? new Map<string, number>();
    this.#sent.set(task, counts.set(type, (counts.get(type) ?? 0) + 1));
  }

  mark(what: string): void {
    this.marks.set(what, (this.marks.get(what) ?? 0) + 1);
  }

  came(at: number, { index, id }: { readonly index: number; readonly id: PeerId }): void {
    const lives = this.#lives.get(index) ?? [];
    lives.push({ from: at, until: Number.POSITIVE_INFINITY });
    this.#lives.set(index, lives);
    this.#nodes.set(id, index);
  }
  went(at: number, { index, syncing }: { readonly index: number; readonly syncing: number }): void {
    const last = this.#lives.get(index)?.at(-1);
    if (last !== undefined) last.until = at;
    if (syncing > 0) this.mark("write torn by a crash");
  }

  // --- reading ---

  /** All facts of a type, or those of one task. */
  facts<T extends Fact["type"]>(type: T, task?: TaskId): (Extract<Fact, { type: T }> & Seen)[] {
    const found: (Extract<Fact, { type: T }> & Seen)[] = [];
    for (const { at, node, fact } of task === undefined ? this.trace : this.of(task).facts)
      if (isFact(fact, type)) found.push({ ...fact, at, node });
    return found;
  }

  skillOf(task: TaskId): Skill | undefined {
    return this.#skills.get(task);
  }

  of(task: TaskId): TaskEvidence {
    this.#index();
    return this.#taskOf(task);
  }
  /** All tasks that anything was seen of, in the order of appearance. */
  tasks(): readonly TaskEvidence[] {
    this.#index();
    return [...this.#byTask.values()];
  }

  /** The first outcome that anybody saw decided. */
  outcome(task: TaskId): OutcomeDocument | undefined {
    for (const { fact } of this.of(task).facts) if (fact.type === "decided") return fact.outcome;
    return undefined;
  }

  /** Stream messages to others and publications of a task: all, or those of one type. */
  messages(task: TaskId, type?: string): number {
    let count = 0;
    for (const [key, times] of this.#sent.get(task) ?? []) if (type === undefined || key === type) count += times;
    return count;
  }

  /** Without publications. */
  streamed(task: TaskId): number {
    let count = 0;
    for (const [key, times] of this.#sent.get(task) ?? []) if (!key.startsWith("publish ")) count += times;
    return count;
  }

  /** Who has ever had this task on disk as its custodian. */
  holders(task: TaskId): ReadonlyMap<number, Holding> {
    return this.#holders.get(task) ?? NOBODY;
  }
  termsOf(task: TaskId): Terms | undefined {
    if (this.#indexed.answers === this.answers.size) return this.#termsBy.get(task);
    this.#indexed.answers = this.answers.size;
    for (const [ref, answer] of this.answers) {
      const terms = this.terms.get(ref);
      if (answer.ok && terms !== undefined) this.#termsBy.set(answer.task, terms);
    }
    return this.#termsBy.get(task);
  }

  /** Whether a peer crashed between two instants, both included. */
  crashed(node: number, from: number, until: number): boolean {
    return (this.#lives.get(node) ?? []).some((life) => life.until >= from && life.until <= until);
  }
  /** How often it crashed. */
  crashes(node: number): number {
    return (this.#lives.get(node) ?? []).filter((life) => life.until < Number.POSITIVE_INFINITY).length;
  }
  /** The index of a peer that has been up. */
  nodeOf(peer: PeerId): number | undefined {
    return this.#nodes.get(peer);
  }
  up(node: number, at: number): boolean {
    return (this.#lives.get(node) ?? []).some((life) => life.from <= at && at < life.until);
  }

  /** Each thing goes to its task once, when the first reader comes after it. */
  #index(): void {
    const { trace, awards, runs } = this;
    const done = this.#indexed;
    for (; done.facts < trace.length; done.facts++) {
      const seen = trace[done.facts];
      if (seen !== undefined && "task" in seen.fact) this.#taskOf(seen.fact.task).facts.push(seen);
    }
    for (; done.awards < awards.length; done.awards++) {
      const award = awards[done.awards];
      if (award !== undefined) this.#taskOf(award.task).awards.push(award);
    }
    for (; done.runs < runs.length; done.runs++) {
      const run = runs[done.runs];
      if (run !== undefined) this.#taskOf(run.task).runs.push(run);
    }
  }

  #taskOf(task: TaskId): Growing<TaskEvidence> {
    const known = this.#byTask.get(task);
    if (known !== undefined) return known;
    const fresh = { task, facts: [], awards: [], runs: [] };
    this.#byTask.set(task, fresh);
    return fresh;
  }
}

function isFact<T extends Fact["type"]>(fact: Fact, type: T): fact is Extract<Fact, { type: T }> {
  return fact.type === type;
}

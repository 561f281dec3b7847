/**
 * What a witness outside saw of a run: facts that peers noted, awards that left their conductors, executions of handlers,
 * messages. Checkers read this and nothing else; machines never see it.
 */
import type {
  Answer,
  AwardDocument,
  Ballot,
  Fact,
  OutcomeDocument,
  PeerId,
  Signed,
  Skill,
  TaskId,
} from "../protocols/mod.ts";
import type { Run } from "./host.ts";

/** An award as its conductor kept or sent it; nobody's contractor when the conductor keeps the ballot. */
export interface SeenAward {
  readonly at: number;
  readonly node: number;
  readonly task: TaskId;
  readonly ballot: Ballot;
  readonly signer: PeerId;
  readonly contractor: PeerId | null;
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

export class Evidence {
  readonly trace: (Seen & { readonly fact: Fact })[] = [];
  readonly runs: Run[] = [];
  readonly awards: SeenAward[] = [];
  /** Tasks whose `submit` was answered with yes. */
  readonly acknowledged: Submitted[] = [];
  readonly answers = new Map<number, Answer>();
  /** Tool calls that executions made. */
  toolCalls = 0;
  readonly overbooked: string[] = [];
  readonly refusals: Refusal[] = [];
  readonly bytes = new Map<TaskId, number>();
  readonly #skills = new Map<TaskId, Skill>();
  readonly #seals = new Set<string>();
  readonly #sent = new Map<TaskId, Map<string, number>>();

  facts<T extends Fact["type"]>(type: T, task?: TaskId): (Extract<Fact, { type: T }> & Seen)[] {
    const found: (Extract<Fact, { type: T }> & Seen)[] = [];
    for (const { at, node, fact } of this.trace) {
      if (isFact(fact, type) && (task === undefined || ("task" in fact && fact.task === task)))
        found.push({ ...fact, at, node });
    }
    return found;
  }

  /** The first outcome that anybody saw decided. */
  outcome(task: TaskId): OutcomeDocument | undefined {
    for (const { fact } of this.trace) if (fact.type === "decided" && fact.task === task) return fact.outcome;
    return undefined;
  }

  /** Stream messages to others and publications of a task: all, or those of one type. */
  messages(task: TaskId, type?: string): number {
    let count = 0;
    for (const [key, times] of this.#sent.get(task) ?? []) if (type === undefined || key === type) count += times;
    return count;
  }

  note({ at, node }: Seen, fact: Fact): void {
    this.trace.push({ at, node, fact });
    if (fact.type === "submitted") this.#skills.set(fact.task, fact.skill);
  }
  skillOf(task: TaskId): Skill | undefined {
    return this.#skills.get(task);
  }
  award(seen: Seen, { seal, signer, value }: Signed<AwardDocument>): void {
    if (this.#seals.has(seal)) return;
    this.#seals.add(seal);
    const { task, ballot, contractor } = value;
    this.awards.push({ ...seen, task, ballot, signer, contractor });
  }

  /** A stream message or publication of a task, and its size. */
  count(task: TaskId | undefined, type: string, bytes: number): void {
    if (task === undefined) return;
    this.bytes.set(task, (this.bytes.get(task) ?? 0) + bytes);
    const counts = this.#sent.get(task) ?? new Map<string, number>();
    this.#sent.set(task, counts.set(type, (counts.get(type) ?? 0) + 1));
  }
}

function isFact<T extends Fact["type"]>(fact: Fact, type: T): fact is Extract<Fact, { type: T }> {
  return fact.type === type;
}

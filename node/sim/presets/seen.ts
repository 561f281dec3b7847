/** A recorded run, asked what stories are made of: who bid, who held which ballot, what ran when. Reads the record, adds nothing. */
import { ballotText, type Fact, type PeerId, type TaskId } from "../../../protocols/mod.ts";
import type { Run, RunRecord } from "../../../sim/mod.ts";

type Kind = Fact["type"];
type At<K extends Kind> = Extract<Fact, { type: K }> & { readonly at: number; readonly node: number };

export class Seen {
  readonly record: RunRecord;
  readonly tasks: readonly TaskId[];
  readonly #facts = new Map<TaskId, RunRecord["facts"][number][]>();
  readonly #runs = new Map<TaskId, Run[]>();
  readonly #names: ReadonlyMap<PeerId, string>;
  readonly #skills = new Map<TaskId, string>();

  constructor(record: RunRecord) {
    this.record = record;
    this.#names = new Map(record.peers.map(({ id, name }) => [id, name]));
    for (const seen of record.facts) {
      if (!("task" in seen.fact)) continue;
      put(this.#facts, seen.fact.task, seen);
      if (seen.fact.type === "submitted") this.#skills.set(seen.fact.task, seen.fact.skill);
    }
    for (const run of record.executions) put(this.#runs, run.task, run);
    this.tasks = [...this.#skills.keys()];
  }

  name(peer: PeerId | undefined): string {
    return (peer === undefined ? undefined : this.#names.get(peer)) ?? "nobody";
  }
  skill(task: TaskId): string {
    return this.#skills.get(task) ?? "";
  }
  /** Facts of one kind about a task, in the order of time. */
  facts<K extends Kind>(task: TaskId, kind: K): readonly At<K>[] {
    return (this.#facts.get(task) ?? []).flatMap(({ at, node, fact }) =>
      isKind(fact, kind) ? [{ ...fact, at, node }] : [],
    );
  }
  first<K extends Kind>(task: TaskId, kind: K): At<K> | undefined {
    return this.facts(task, kind)[0];
  }
  runs(task: TaskId): readonly Run[] {
    return this.#runs.get(task) ?? [];
  }
  /** Who bid for a task, each once. */
  bidders(task: TaskId): readonly string[] {
    return [...new Set(this.facts(task, "proposed").map(({ bidder }) => this.name(bidder)))];
  }
  /** Contractors by ballot: more than one in any of them would break P2. */
  holders(task: TaskId): ReadonlyMap<string, ReadonlySet<string>> {
    const holders = new Map<string, Set<string>>();
    for (const { ballot, contractor } of this.facts(task, "awarded")) {
      const of = holders.get(ballotText(ballot)) ?? new Set();
      holders.set(ballotText(ballot), of.add(this.name(contractor)));
    }
    return holders;
  }
  done(task: TaskId): boolean {
    return this.first(task, "decided")?.outcome.status === "done";
  }
}

function isKind<K extends Kind>(fact: Fact, kind: K): fact is Extract<Fact, { type: K }> {
  return fact.type === kind;
}

function put<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

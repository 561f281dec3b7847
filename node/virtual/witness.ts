/**
 * What somebody outside saw of a run: every event and effect in the journal, and the evidence that the simulator's checkers read.
 * Machines and hosts never see it.
 */
import type { Effect, Fact, Peer, PeerEvent, PeerId, TaskId } from "../../protocols/mod.ts";
import { Evidence, type Run } from "../../sim/mod.ts";
import type { Clock } from "./clock.ts";
import type { Journal } from "./journal.ts";

interface Asked {
  /** Among all requests of the run. */
  readonly ref: number;
  readonly at: number;
  readonly due: number;
}

interface Told {
  readonly index: number;
  readonly peer: Peer | undefined;
}

export class Witness {
  readonly evidence = new Evidence();
  readonly journal: Journal;
  readonly decided = new Set<TaskId>();
  /** What tasks are called in the scenario. */
  readonly labels = new Map<string, string>();
  /** Executions under way, by node. */
  readonly running = new Map<number, Set<Run>>();
  onFact: (fact: Fact) => void = () => undefined;
  readonly #clock: Pick<Clock, "now_us">;
  /** By node and its own number for them, which begins anew with each process: the last one of a number is the one answered. */
  readonly #requests = new Map<string, Asked>();
  /** Tasks to be cancelled, by the same numbers. */
  readonly #wishes = new Map<string, TaskId>();
  #refs = 0;

  constructor(clock: Pick<Clock, "now_us">, journal: Journal) {
    this.#clock = clock;
    this.journal = journal;
  }

  get now_ms(): number {
    return this.#clock.now_us / 1000;
  }

  /** A machine was told something, and wants this done: before anybody meddles with it. */
  told({ index: node, peer }: Told, event: PeerEvent, effects: readonly Effect[]): void {
    this.#audit(node, peer?.load() ?? [], event.type);
    this.journal.event(this.#clock.now_us, node, event);
    if (event.type === "submit") this.#asked(node, event, effects);
    else if (event.type === "cancel") {
      this.#wishes.set(`${node} ${event.ref}`, event.task);
      this.#requests.delete(`${node} ${event.ref}`);
      this.evidence.cancels.push({ at: this.now_ms, node, task: event.task, granted: false });
    }
  }

  #audit(node: number, loads: ReturnType<Peer["load"]>, after: PeerEvent["type"]): void {
    for (const { agent, busy, concurrency } of loads) {
      if (busy >= 0 && busy <= concurrency) continue;
      const what = `${agent} of peer ${node} has ${busy} of ${concurrency} after ${after}`;
      this.evidence.overbooked.push(`${this.now_ms} ms: ${what}`);
    }
  }

  #asked(node: number, { ref, request }: Extract<PeerEvent, { type: "submit" }>, effects: readonly Effect[]): void {
    const asked = { ref: ++this.#refs, at: this.now_ms, due: this.now_ms + request.deadline_ms };
    this.#requests.set(`${node} ${ref}`, asked);
    this.#wishes.delete(`${node} ${ref}`);
    this.evidence.terms.set(asked.ref, request);
    const label = labelIn(request.input);
    for (const effect of effects)
      if (effect.type === "note" && effect.fact.type === "submitted" && label !== undefined)
        this.labels.set(effect.fact.task, label);
  }

  /** What a process says and does, also when nobody ever hears of it. */
  effect(node: number, effect: Effect): void {
    this.journal.effect(this.#clock.now_us, node, effect);
    const seen = { at: this.now_ms, node };
    switch (effect.type) {
      case "send": {
        const { message } = effect;
        if ("task" in message) this.evidence.count(message.task, message.type, sizeOf(message));
        if (message.type === "accept-proposal" || message.type === "accept") this.evidence.award(seen, message.award);
        return;
      }
      case "publish": {
        const { document } = effect;
        if ("task" in document) this.evidence.count(document.task, `publish ${document.kind}`, sizeOf(document));
        return;
      }
      case "keep":
        if (effect.record?.kind === "custody") this.evidence.kept(seen, effect.record);
        return;
      case "answer":
        return this.#answered(node, effect);
      case "refuse":
        this.evidence.refusals.push({ node, from: effect.from, clause: effect.clause, detail: effect.detail });
        return;
      case "note":
        this.evidence.note(seen, effect.fact);
        if (effect.fact.type === "decided") this.decided.add(effect.fact.task);
        return this.onFact(effect.fact);
      default:
        return;
    }
  }

  #answered(node: number, { ref, answer }: Extract<Effect, { type: "answer" }>): void {
    // A wish is granted when its user is told so: not before that is on the disk.
    const wish = this.#wishes.get(`${node} ${ref}`);
    if (wish !== undefined && answer.ok)
      this.evidence.cancels.push({ at: this.now_ms, node, task: wish, granted: true });
    this.#wishes.delete(`${node} ${ref}`);
    const asked = this.#requests.get(`${node} ${ref}`);
    if (asked === undefined) return;
    this.#requests.delete(`${node} ${ref}`);
    this.evidence.answers.set(asked.ref, answer);
    if (answer.ok) this.evidence.acknowledged.push({ task: answer.task, node, at: asked.at, due: asked.due });
  }

  // --- nodes and handlers ---

  came(station: { readonly index: number; readonly id: PeerId }): void {
    this.evidence.came(this.now_ms, station);
  }
  /** `syncing`: turns whose effects waited for the disk. */
  went({ index, syncing }: { readonly index: number; readonly syncing: number }): void {
    this.evidence.went(this.now_ms, { index, syncing });
    for (const run of this.running.get(index) ?? []) {
      run.ended = this.now_ms;
      run.end = "crashed";
    }
    this.running.delete(index);
  }
  started(run: Run): void {
    this.evidence.runs.push(run);
    const running = this.running.get(run.node) ?? new Set<Run>();
    this.running.set(run.node, running.add(run));
  }
  ended(run: Run): void {
    this.running.get(run.node)?.delete(run);
  }
}

function sizeOf(what: object): number {
  return Buffer.byteLength(JSON.stringify(what));
}

/** Inputs of a scenario say what their task is called. */
function labelIn(input: string): string | undefined {
  const value: unknown = JSON.parse(input);
  const named = typeof value === "object" && value !== null && "label" in value ? value.label : undefined;
  return typeof named === "string" ? named : undefined;
}

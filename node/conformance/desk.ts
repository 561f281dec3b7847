/** The peer under test in virtual time, while it is up: its machines, its alarm, its disk and the work of its agents. */
import {
  type AgentCard,
  type Answer,
  type Effect,
  type Kept,
  NEVER,
  type Network,
  type Open,
  Peer,
  type PeerEvent,
  type PeerId,
  type PermissionOptions,
  parseSkill,
  recordSchema,
  type Seal,
  withContracts,
} from "../../protocols/mod.ts";
import { digestOf } from "../envelope/mod.ts";
import type { Agenda } from "./agenda.ts";
import { COST, EXPECTED_MS, NARROW_SKILL, WORK_PLACES, WORK_SKILL, workOf } from "./agents.ts";
import { requestOf } from "./request.ts";

/** An event without its time. */
export type Untimed = PeerEvent extends infer E ? (E extends PeerEvent ? Omit<E, "now" | "wall"> : never) : never;

export interface DeskOptions {
  readonly self: PeerId;
  readonly network: Network;
  readonly seed: number;
  readonly seal: Seal;
  readonly open: Open;
  readonly agenda: Agenda;
  readonly permissions: PermissionOptions | undefined;
  /** Effects that concern others than this peer. */
  readonly perform: (effect: Effect) => void;
}

type Run = Extract<Effect, { type: "run" }>;

export class Desk {
  readonly #options: DeskOptions;
  /** As text, so that nothing survives a restart but what could. */
  readonly #disk = new Map<string, string>();
  readonly #answers = new Map<number, Answer>();
  readonly #running = new Map<string, { readonly deaf: boolean; readonly since: number }>();
  #peer: Peer | undefined;
  /** Of this life: what the last one began is gone. */
  #life = 0;
  #alarm = 0;
  #ref = 0;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  start(): void {
    const { self, network, seed, seal, open } = this.#options;
    this.#life += 1;
    this.#running.clear();
    this.#peer = new Peer({
      self,
      network,
      version: "0.0.0",
      seed: seed + this.#life,
      seal,
      durable: true,
      addrs: [],
      agents: agents(),
      digestOf,
      permissions: this.#options.permissions,
    });
    const schema = recordSchema(open);
    const kept = [...this.#disk].map(([key, text]): { key: string; record: Kept } => ({
      key,
      record: schema.parse(JSON.parse(text)),
    }));
    this.receive({ type: "start", kept });
  }

  /** What it had on disk is gone; for a start that follows. */
  wipe(): void {
    this.#disk.clear();
  }

  get topics(): readonly number[] {
    return this.#peer?.topics() ?? [];
  }

  receive(event: Untimed): void {
    const { now, wall } = this.#options.agenda;
    for (const effect of this.#peer?.receive({ ...event, now, wall }) ?? []) this.#perform(effect);
  }

  /** Whether a chain will do in the hands of that peer; a code when it will not. */
  judge(peer: PeerId, chain: readonly string[]): string | undefined {
    const verdict = this.#peer?.judge(peer, chain, this.#options.agenda.wall);
    return verdict?.ok === true ? undefined : (verdict?.why ?? "missing");
  }

  /** What its user asks; undefined while it has not answered. */
  ask(event: (ref: number) => Untimed): () => Answer | undefined {
    const ref = ++this.#ref;
    this.receive(event(ref));
    return () => this.#answers.get(ref);
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case "keep":
        if (effect.record === null) this.#disk.delete(effect.key);
        else this.#disk.set(effect.key, JSON.stringify(effect.record));
        return;
      case "wake":
        return this.#wake(effect.at);
      case "run":
        return this.#run(effect);
      case "stop":
        return this.#stop(effect.task, effect.fence);
      case "answer":
        this.#answers.set(effect.ref, effect.answer);
        return;
      default:
        this.#options.perform(effect);
    }
  }

  #wake(at: number): void {
    const alarm = ++this.#alarm;
    if (at === NEVER) return;
    this.#later(at - this.#options.agenda.now, () => {
      if (alarm === this.#alarm) this.receive({ type: "alarm" });
    });
  }

  #run({ task, skill, fence, input, lineage }: Run): void {
    const work = workOf(JSON.parse(input));
    const path = [...(lineage?.path ?? []), skill];
    const from = { root: lineage?.root ?? task, parent: task, fence, depth: path.length, path };
    for (const { skill: wanted, sub_tasks } of work?.below ?? [])
      this.#later(0, () => {
        const ref = ++this.#ref;
        const terms = { skill: wanted, custodians: 1, ...(sub_tasks === undefined ? {} : { sub_tasks }) };
        const request = { ...requestOf(terms), nonce: `below-${ref}`.padEnd(16, "x"), lineage: from };
        this.receive({ type: "submit", ref, request });
      });
    const key = `${task} ${fence}`;
    this.#running.set(key, { deaf: work?.deaf ?? false, since: this.#options.agenda.now });
    const { progress } = work ?? {};
    if (progress !== undefined)
      this.#later(0, () => this.receive({ type: "progress", task, done_permille: progress, note: "" }));
    const { partials = 0, every_ms = 0, after_ms = 0 } = work ?? {};
    for (let nth = 0; nth < partials; nth++)
      this.#later(nth * every_ms, () => {
        if (this.#running.has(key)) this.receive({ type: "partial", task, fence, value: String(nth) });
      });
    const ms = partials * every_ms + after_ms;
    this.#later(ms, () => {
      if (!this.#running.delete(key)) return;
      const failed = work === undefined ? "this is no work" : work.fail;
      const result =
        failed === undefined
          ? ({ ok: true, output: JSON.stringify(work?.answer), ms } as const)
          : ({
              ok: false,
              reason: work?.retry === true ? "retry" : "error",
              message: failed,
              retryable: work?.retry ?? false,
              ms,
            } as const);
      this.receive({ type: "ran", task, fence, result });
    });
  }

  #stop(task: Run["task"], fence: number): void {
    const key = `${task} ${fence}`;
    const run = this.#running.get(key);
    if (run === undefined || run.deaf) return;
    this.#running.delete(key);
    const ms = this.#options.agenda.now - run.since;
    const result = { ok: false, reason: "cancelled", message: "stopped", retryable: false, ms } as const;
    this.#later(0, () => this.receive({ type: "ran", task, fence, result }));
  }

  #later(after_ms: number, what: () => void): void {
    const life = this.#life;
    this.#options.agenda.after(after_ms, () => {
      if (life === this.#life) what();
    });
  }
}

function agents(): AgentCard[] {
  const both: AgentCard[] = [
    { name: "conformance", description: "", concurrency: WORK_PLACES, skills: [card(WORK_SKILL)] },
    { name: "narrow", description: "", concurrency: 1, skills: [card(NARROW_SKILL)] },
  ];
  return both.map((agent) => withContracts(agent, digestOf));
}

function card(text: string): AgentCard["skills"][number] {
  const name = parseSkill(text);
  if (name === undefined) throw new Error(`${text} is a skill`);
  return { name, description: "", effects: "none", cost: COST, expected_ms: EXPECTED_MS, idempotent: true };
}

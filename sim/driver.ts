/**
 * Performs the effects of machines in the modelled world, as `node/driver` does on libp2p: hands events in one at a time, keeps
 * before it says, and crashes where a trap is set.
 */
import {
  type CardDocument,
  type Effect,
  type Fact,
  NEVER,
  type PeerEvent,
  type Signed,
  type TaskId,
} from "../protocols/mod.ts";
import { overfull } from "./checkers.ts";
import { codeOf } from "./codes.ts";
import type { Ground } from "./ground.ts";
import { Handlers } from "./handlers.ts";
import type { Host } from "./host.ts";
import type { Kademlia } from "./kademlia.ts";
import type { Network } from "./network.ts";

/** A message as it was said, for those who draw it. */
export interface Said {
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly kind: string;
  readonly task: TaskId | undefined;
}

export interface DriverOptions {
  readonly ground: Ground;
  readonly network: Network;
  readonly kademlia: Kademlia;
  /** Looks at every peer's load after every event, and now and then at all that one holds. */
  readonly audit: boolean;
  readonly cards_max: number | undefined;
  readonly crash: (host: Host) => void;
  readonly onFact: ((node: number, fact: Fact) => void) | undefined;
}

/** A look at all that a peer holds costs more than most events. */
const LOOK_EVERY = 64;

export class Driver {
  readonly #options: DriverOptions;
  readonly #handlers: Handlers;
  readonly labels = new Map<TaskId, string>();
  /** What the task that is being submitted is called. */
  submitting: string | undefined;
  /** Cards as peers make them, while somebody collects them. */
  fresh: Signed<CardDocument>[] | undefined;
  said: Said[] | undefined;
  events = 0;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.#handlers = new Handlers(options.ground);
  }

  receive(host: Host, event: PeerEvent): void {
    const { peer } = host;
    if (peer === undefined) return;
    const { ground, audit } = this.#options;
    this.events += 1;
    if (host.slow_us > 0) host.busy_until = Math.max(ground.now_us, host.busy_until) + host.slow_us;
    const effects = peer.receive(event);
    if (audit) this.#auditLoad(host, event.type);
    if (audit && this.events % LOOK_EVERY === 0) this.#auditSizes(host);
    const { sync_us = 0 } = host.spec;
    if (sync_us === 0) this.#performAll(host, effects);
    else this.#sync(host, effects, sync_us);
  }

  /** As on libp2p: one sync for all that a turn keeps, and nothing of the turn before it. */
  #sync(host: Host, effects: readonly Effect[], sync_us: number): void {
    const { now_us } = this.#options.ground;
    const writes = effects.some(({ type }) => type === "keep");
    const done_at = Math.max(now_us, host.synced_at) + (writes ? sync_us : 0);
    if (done_at <= now_us && host.syncing === 0) return this.#performAll(host, effects);
    const { boots } = host;
    host.synced_at = done_at;
    host.syncing += 1;
    this.#options.ground.after_us(done_at - now_us, () => {
      if (host.peer === undefined || host.boots !== boots) return;
      host.syncing -= 1;
      this.#performAll(host, effects);
    });
  }

  #auditLoad({ peer, index }: Host, after: PeerEvent["type"]): void {
    const { evidence, now } = this.#options.ground;
    for (const { agent, busy, concurrency } of peer?.load() ?? []) {
      if (busy >= 0 && busy <= concurrency) continue;
      evidence.overbooked.push(`${now} ms: ${agent} of peer ${index} has ${busy} of ${concurrency} after ${after}`);
    }
  }

  #auditSizes(host: Host): void {
    const { evidence, now } = this.#options.ground;
    for (const what of overfull(host, this.#options.cards_max)) evidence.overfull.push(`after ${now} ms ${what}`);
  }

  #performAll(host: Host, effects: readonly Effect[]): void {
    if (!host.watched) {
      for (const effect of effects) this.#perform(host, effect);
      return;
    }
    for (const effect of effects) {
      const fate = host.fuse-- <= 0 ? "before" : host.trap?.(effect);
      if (fate === "before") return this.#options.crash(host);
      for (const done of host.rewrite?.(effect) ?? [effect]) this.#perform(host, done);
      if (fate === "after") return this.#options.crash(host);
    }
  }

  #perform(host: Host, effect: Effect): void {
    const { ground, network, kademlia } = this.#options;
    switch (effect.type) {
      case "keep":
        return this.#keep(host, effect);
      case "send":
        if (this.said !== undefined) this.#write(host, effect);
        return network.send(host, effect.to, effect.message);
      case "publish":
        return network.publish(host, effect.shard, effect.document);
      case "run":
        return this.#handlers.run(host, effect);
      case "stop":
        return this.#handlers.stop(host, effect);
      case "answer":
        return this.#answer(effect);
      case "refuse": {
        const { from, clause, detail } = effect;
        ground.evidence.refusals.push({ node: host.index, from, clause, detail });
        return;
      }
      case "advertise":
        this.fresh?.push(effect.card);
        return kademlia.advertise(host, effect.card, effect.skills);
      case "look-up":
        return kademlia.lookUp(host, effect.skill);
      case "fetch-card":
        return kademlia.fetch(host, effect.peer);
      case "learned":
        return;
      case "hang-up": {
        const other = ground.hostOf(effect.peer);
        if (other !== undefined) network.cut(host, other, false);
        return;
      }
      case "note":
        return this.#note(host, effect.fact);
      case "wake":
        return this.wake(host, effect.at);
    }
  }

  #keep(host: Host, { key, record }: Extract<Effect, { type: "keep" }>): void {
    host.keep(key, record);
    const { evidence, now } = this.#options.ground;
    if (record?.kind === "custody") evidence.kept({ at: now, node: host.index }, record);
  }

  #write(host: Host, { to, message }: Extract<Effect, { type: "send" }>): void {
    const { ground } = this.#options;
    const task = "task" in message ? message.task : undefined;
    this.said?.push({ at: ground.now, from: host.index, to: ground.hostOf(to)?.index ?? -1, kind: message.type, task });
  }

  #answer({ ref, answer }: Extract<Effect, { type: "answer" }>): void {
    const { evidence } = this.#options.ground;
    if (evidence.answers.has(ref)) throw new Error(`request ${ref} was answered twice`);
    evidence.answers.set(ref, answer);
    const asked = evidence.asked.get(ref);
    if (answer.ok && asked !== undefined) evidence.acknowledged.push({ task: answer.task, ...asked });
  }

  #note(host: Host, fact: Fact): void {
    const { ground, onFact } = this.#options;
    ground.log(codeOf(fact.type), host.index, "task" in fact ? fact.task : undefined);
    if (fact.type === "submitted" && this.submitting !== undefined) this.labels.set(fact.task, this.submitting);
    ground.evidence.note({ at: ground.now, node: host.index }, fact);
    onFact?.(host.index, fact);
  }

  /** The peer's one alarm: the last one asked for rings. */
  wake(host: Host, at: number): void {
    const { ground } = this.#options;
    const alarm = ++host.alarm;
    if (at === NEVER) return;
    const { late_ms } = ground.links.faults;
    const late_us = late_ms > 0 ? 1000 * ground.random.below(late_ms) : 0;
    ground.ring(Math.max(ground.now_us, host.worldTime(at)) + late_us, host, alarm);
  }
}

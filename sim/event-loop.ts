/**
 * What happens when: takes events in the order of their time and brings each to the host it is for, if that is up and free to take
 * it. Every part of a world schedules here, and only here does a machine get an event. What comes of an event is the driver's
 * business; what a copy of a publication sets off, gossip's.
 */
import type { Instant, Message, PeerEvent, TaskId } from "../protocols/mod.ts";
import { CODES, codeOf } from "./codes.ts";
import type { Engine } from "./engine/engine.ts";
import type { Gossip, Publication } from "./gossip.ts";
import type { Host } from "./host.ts";

/** What the wheel carries. */
const CALL = 0;
const MESSAGE = 1;
const HOP = 2;
const ALARM = 3;
export type Payload = (() => void) | Message | Publication | null;

export interface EventLoopOptions {
  readonly engine: Engine<Payload>;
  readonly hosts: readonly Host[];
  readonly gossip: Gossip;
  /** Hands a peer that is up its next event. */
  readonly receive: (host: Host, event: PeerEvent) => void;
}

export class EventLoop {
  readonly #engine: Engine<Payload>;
  readonly #hosts: readonly Host[];
  readonly #gossip: Gossip;
  readonly #receive: EventLoopOptions["receive"];

  constructor({ engine, hosts, gossip, receive }: EventLoopOptions) {
    this.#engine = engine;
    this.#hosts = hosts;
    this.#gossip = gossip;
    this.#receive = receive;
  }

  // --- scheduling ---

  after_us(delay_us: number, fire: () => void): void {
    this.#schedule(this.#now_us + delay_us, CALL, -1, -1, fire);
  }
  arrive(delay_us: number, from: Host, to: Host, message: Message): void {
    this.#schedule(this.#now_us + delay_us, MESSAGE, to.index, from.index, message);
  }
  hop(delay_us: number, from: Host, to: Host, publication: Publication): void {
    this.#schedule(this.#now_us + delay_us, HOP, to.index, from.index, publication);
  }
  ring(at_us: number, host: Host, alarm: number): void {
    this.#schedule(at_us, ALARM, host.index, alarm, null);
  }
  get #now_us(): number {
    return this.#engine.now_us;
  }
  #schedule(at: number, kind: number, node: number, peer: number, payload: Payload): void {
    this.#engine.schedule(at, kind, node, peer, payload);
  }

  // --- firing ---

  /** Whether it became true in time; asked before every event. */
  runUntil(truth: () => boolean, max_ms: number): boolean {
    const until = this.#now_us + Math.round(1000 * max_ms);
    while (!truth()) {
      if (!this.#engine.step(until)) return false;
      this.#fire();
    }
    return true;
  }

  #fire(): void {
    const { kind, node, peer, payload } = this.#engine.wheel;
    if (kind === CALL) {
      if (typeof payload === "function") payload();
    } else if (payload !== null && typeof payload !== "function") this.#reach(kind, node, peer, payload);
    else if (kind === ALARM) this.#alarm(node, peer);
  }

  /** Something reaches a host, or waits until that can take it. */
  #reach(kind: number, node: number, peer: number, payload: Message | Publication): void {
    const host = this.#hosts[node];
    const from = this.#hosts[peer];
    if (host?.peer === undefined || from === undefined) return;
    if (this.#waits(host)) return this.#schedule(freeAt(host), kind, node, peer, payload);
    const { now, wall } = host.instant(this.#now_us);
    if ("seen" in payload) {
      if (!this.#gossip.received(from, host, payload)) return;
      const { signer, document } = payload;
      this.#engine.enter(codeOf(document.kind), node, signer.index, payload.task);
      this.#receive(host, { now, wall, type: "heard", signer: signer.id, document });
    } else {
      const task = "task" in payload ? payload.task : undefined;
      this.#engine.enter(codeOf(payload.type), node, peer, task);
      this.#receive(host, { now, wall, type: "message", from: from.id, message: payload });
    }
  }

  #alarm(node: number, alarm: number): void {
    const host = this.#hosts[node];
    if (host?.peer === undefined || host.alarm !== alarm) return;
    if (this.#waits(host)) return this.#schedule(freeAt(host), ALARM, node, alarm, null);
    this.#engine.enter(CODES.alarm, node, -1, undefined);
    this.#receive(host, { ...host.instant(this.#now_us), type: "alarm" });
  }

  /** A paused or busy peer takes its events later, in order. */
  #waits(host: Host): boolean {
    return host.paused_until > this.#now_us || host.busy_until > this.#now_us;
  }

  /** An event from beside the network: of a user, a handler, a connection. */
  tell(host: Host, make: (instant: Instant) => PeerEvent): void {
    if (host.peer === undefined) return;
    if (this.#waits(host)) {
      // What waits in a process dies with it.
      const { boots } = host;
      this.#schedule(freeAt(host), CALL, -1, -1, () => host.boots === boots && this.tell(host, make));
      return;
    }
    const event = make(host.instant(this.#now_us));
    const task: TaskId | undefined = "task" in event ? event.task : undefined;
    this.#engine.enter(codeOf(event.type), host.index, -1, task);
    this.#receive(host, event);
  }
}

function freeAt(host: Host): number {
  return Math.max(host.paused_until, host.busy_until);
}

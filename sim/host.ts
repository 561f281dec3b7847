/**
 * One machine room of the world: a peer with its disk, its clocks, its connections and the handlers it runs. A crash loses
 * all but the disk. The world pushes events in and performs the effects; nothing here schedules anything.
 */
import {
  type AgentCard,
  type Effect,
  type Instant,
  type Kept,
  NEVER,
  type Network,
  type Peer,
  type PeerId,
  parsePeerId,
  type RunResult,
  type Skill,
  type TaskId,
} from "../protocols/mod.ts";

/** A call of a handler, as it sees it. */
export interface Call {
  readonly node: number;
  readonly agent: string;
  readonly task: TaskId;
  readonly skill: Skill;
  readonly input: string;
  readonly fence: number;
  readonly left_ms: number;
}

/** How a handler will go. `hang` ends only when it is stopped; a deaf one does not hear that. */
export type Plan =
  | "hang"
  | {
      readonly after_ms: number;
      readonly result: RunResult;
      readonly progress_every_ms?: number;
      readonly tool_calls?: number;
      readonly deaf?: boolean;
    };

export interface PeerSpec {
  readonly agents: readonly AgentCard[];
  readonly durable?: boolean;
  readonly handler?: (call: Call) => Plan;
  readonly network?: Network;
  /** Comes up this late. */
  readonly joins_ms?: number;
  /** From asking the disk to having it: a crash in between loses the write and all that was to follow it. */
  readonly sync_us?: number;
  readonly region?: number;
  /** A planted bug: what it was told to keep is gone after a crash. */
  readonly forgetKeeps?: boolean;
}

/** One execution of a handler, as a witness outside saw it. */
export interface Run extends Call {
  readonly deaf: boolean;
  readonly started: number;
  ended: number | undefined;
  end: "ran" | "stopped" | "crashed" | undefined;
}

/** Crash here, before or after this effect is performed. */
export type Trap = (effect: Effect) => "before" | "after" | undefined;
/** What a liar does in place of what its machine said. */
export type Rewrite = (effect: Effect) => readonly Effect[];

/** The peers that a peer is connected with; somebody may want to know when they change. */
class Neighbours extends Set<Host> {
  onChange: ((other: Host, up: boolean) => void) | undefined;

  override add(other: Host): this {
    if (this.onChange !== undefined && !this.has(other)) this.onChange(other, true);
    return super.add(other);
  }
  override delete(other: Host): boolean {
    const was = super.delete(other);
    if (was) this.onChange?.(other, false);
    return was;
  }
  override clear(): void {
    for (const other of this) this.onChange?.(other, false);
    super.clear();
  }
}

/** Calendar time at the beginning of every world: 2025-06-15. */
const EPOCH_MS = 1_750_000_000_000;

export class Host {
  readonly index: number;
  readonly id: PeerId;
  readonly spec: PeerSpec;
  readonly disk = new Map<string, Kept>();
  readonly connected = new Neighbours();
  readonly running = new Map<string, Run>();
  /** Absent: down. */
  peer: Peer | undefined;
  boots = 0;
  /** World times here and below are in µs. */
  booted_at = 0;
  /** The calendar is wrong by this much. */
  skew_ms = 0;
  /** The monotonic clock gains this much. */
  drift_ppm = 0;
  /** Each event takes this long. */
  slow_us = 0;
  #usual_us = 0;
  #slowed_us: readonly number[] = [];
  /** Until then it is busy with earlier events, and its disk with earlier writes. */
  busy_until = 0;
  synced_at = 0;
  /** Turns whose effects wait for the disk. */
  syncing = 0;
  /** Grows with every `wake`: only the last one rings. */
  alarm = 0;
  paused_until = 0;
  /** Effects until a scheduled crash. */
  fuse = NEVER;
  trap: Trap | undefined;
  rewrite: Rewrite | undefined;

  constructor(index: number, spec: PeerSpec) {
    this.index = index;
    this.id = peerName(index);
    this.spec = spec;
  }

  /** The monotonic clock starts anew with every boot; the calendar goes on, a little wrong. */
  instant(at_us: number): Instant {
    return { now: this.now(at_us), wall: this.wall(at_us) };
  }
  now(at_us: number): number {
    const up_us = at_us - this.booted_at;
    return Math.floor((up_us + (up_us * this.drift_ppm) / 1e6) / 1000) + 1000 * this.boots;
  }
  wall(at_us: number): number {
    return EPOCH_MS + Math.floor(at_us / 1000) + this.skew_ms;
  }
  /** The first world time at which this peer's monotonic clock shows `now`. */
  worldTime(now: number): number {
    const up_us = 1000 * (now - 1000 * this.boots);
    if (this.drift_ppm === 0) return up_us + this.booted_at;
    return Math.ceil(up_us / (1 + this.drift_ppm / 1e6)) + 1 + this.booted_at;
  }
  /** Whether effects must be looked at one by one. */
  get watched(): boolean {
    return this.fuse !== NEVER || this.trap !== undefined || this.rewrite !== undefined;
  }

  /** From now on: an overloaded machine. */
  burden(event_us: number): void {
    this.#usual_us = event_us;
    this.#slowed([]);
  }
  /** For a while, beside whatever else slows it down: as slow as the slowest. Ends with the call of what is returned. */
  slow(event_us: number): () => void {
    this.#slowed([...this.#slowed_us, event_us]);
    return () => this.#slowed(this.#slowed_us.toSpliced(this.#slowed_us.indexOf(event_us), 1));
  }
  /** As slow as it always is. */
  hurry(): void {
    this.#slowed([]);
  }
  #slowed(slowed_us: readonly number[]): void {
    this.#slowed_us = slowed_us;
    this.slow_us = Math.max(this.#usual_us, ...slowed_us);
  }

  keep(key: string, record: Kept | null): void {
    if (this.spec.forgetKeeps === true) return;
    if (record === null) this.disk.delete(key);
    else this.disk.set(key, record);
  }

  /** Loses everything that was not kept. */
  crash(at: number): void {
    this.peer = undefined;
    this.fuse = NEVER;
    this.alarm += 1;
    this.paused_until = 0;
    this.busy_until = 0;
    this.synced_at = 0;
    this.syncing = 0;
    this.connected.clear();
    for (const run of this.running.values()) {
      run.ended = at;
      run.end = "crashed";
    }
    this.running.clear();
    if (this.spec.durable === false) this.disk.clear();
  }
}

/** `12D3KooWSim…`, numbered in base 9 because base58 has no zero. */
export function peerName(index: number): PeerId {
  const digits = [...index.toString(9)].map((digit) => String(Number(digit) + 1)).join("");
  const id = parsePeerId(`12D3KooWSim${digits.padStart(34, "1")}`);
  if (id === undefined) throw new Error("a simulated peer has a peer id");
  return id;
}

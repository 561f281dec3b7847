/** The judgements among the protocol's vectors as scenes: a peer that has been told this, and hears that. And a life of two peers. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { makeOpen } from "../../node/envelope/mod.ts";
import { type Decode, decoder } from "../../node/host/decode.ts";
import { type Cast, NETWORK, NOW_MS } from "../../node/tools/vectors/cast.ts";
import { unpacked } from "../../node/tools/vectors/print.ts";
import {
  type AgentCard,
  type Effect,
  type Kept,
  Peer,
  type PeerId,
  PROTOCOLS,
  type ProtocolName,
  parseSkill,
} from "../../protocols/mod.ts";
import { must } from "../host/helpers.ts";

const FILE = join(import.meta.dirname, "../../protocols/vectors/judgements.json");
/** Whoever has these may hand them on; a call is whoever's it comes from. */
const ANYBODYS = /^(store|query|cfp|digest|not-understood)$/;

const bytes = z
  .union([z.string(), z.object({ parts: z.array(z.object({ base64: z.string(), times: z.int() })) })])
  .transform(unpacked);
const spoken = z.object({ from: z.string(), protocol: z.string().transform(protocolNamed), frame: bytes });
const file = z.object({
  cases: z.array(
    z.object({
      name: z.string(),
      receiver: z.string(),
      before: z.array(spoken),
      message: spoken,
      clause: z.string().optional(),
    }),
  ),
});

const vote = z.object({ task: z.string(), ballot: z.unknown() });

function protocolNamed(id: string): ProtocolName {
  for (const name of ["directory", "auction", "claim"] as const) if (PROTOCOLS[name].id === id) return name;
  throw new Error(`there is no protocol ${id}`);
}

export interface Said {
  readonly from: string;
  readonly protocol: ProtocolName;
  readonly frame: Buffer;
}

export interface Scene {
  readonly name: string;
  readonly receiver: string;
  readonly before: readonly Said[];
  readonly message: Said;
  /** It breaks no clause, leads to something, and would not from just anybody. */
  readonly counts: boolean;
}

export function judged(): readonly Scene[] {
  const { cases } = file.parse(JSON.parse(readFileSync(FILE, "utf8")));
  return cases.map(({ clause, ...scene }) => {
    const type = z.object({ type: z.string() }).parse(JSON.parse(scene.message.frame.toString("utf8"))).type;
    const known = !/not here|forgotten|overtaken|sign of life|for others/.test(scene.name);
    return { ...scene, counts: clause === undefined && known && !ANYBODYS.test(type) };
  });
}

const counter: AgentCard = {
  name: "counter",
  description: "",
  concurrency: 2,
  skills: [{ name: must(parseSkill("text.count@1")), description: "", effects: "none", cost: 0, expected_ms: 100 }],
};

export class Stage {
  readonly #cast: Cast;
  readonly #decode: Decode = decoder(makeOpen(NETWORK));

  constructor(cast: Cast) {
    this.#cast = cast;
  }

  peerOf(name: string): PeerId {
    return this.#actor(name).peer;
  }

  #actor(name: string) {
    return must(Object.values(this.#cast).find((one) => one.name === name));
  }

  machine(name: string): Peer {
    const { peer, seal } = this.#actor(name);
    const agents = name === "dave" ? [counter] : [];
    return new Peer({ self: peer, network: NETWORK, version: "0", seed: 1, seal, durable: true, addrs: [], agents });
  }

  /** What the scene's message leads to, said by whoever says it there, or by somebody else in other words. */
  play(scene: Scene, instead: { readonly from?: PeerId; readonly frame?: Buffer } = {}): readonly Effect[] {
    const machine = this.machine(scene.receiver);
    const at = { now: 0, wall: NOW_MS };
    machine.receive({ ...at, type: "start", kept: [] });
    for (const one of scene.before) this.hear(machine, one, at);
    const { message } = scene;
    const from = instead.from ?? this.peerOf(message.from);
    return this.hear(machine, { ...message, frame: instead.frame ?? message.frame }, { ...at, from });
  }

  /** Nothing, when it is no message. */
  hear(
    machine: Pick<Peer, "receive">,
    { from, protocol, frame }: Said,
    at: { readonly now: number; readonly wall: number; readonly from?: PeerId },
  ): readonly Effect[] {
    const decoded = this.#decode(protocol, frame);
    if (!decoded.ok) return [];
    const { now, wall } = at;
    return machine.receive({
      now,
      wall,
      type: "message",
      from: at.from ?? this.peerOf(from),
      message: decoded.message,
    });
  }

  live(scenes: readonly Scene[]): Life {
    return new Life(this, scenes);
  }
}

/** A custodian and a contractor that have lived through a task, and its end. */
export class Life {
  readonly #stage: Stage;
  readonly #peers = new Map<string, { machine: Peer; readonly kept: Map<string, Kept> }>();
  #now = 0;
  runs = 0;
  #decided: string | undefined;

  constructor(stage: Stage, scenes: readonly Scene[]) {
    this.#stage = stage;
    for (const name of ["bob", "dave"]) this.#peers.set(name, { machine: stage.machine(name), kept: new Map() });
    for (const name of this.#peers.keys()) this.#start(name);
    const told = (words: string) => must(scenes.find(({ name }) => name === words));
    const [outcome, award] = [told("a contractor's outcome"), told("an award")];
    for (const one of [...outcome.before, outcome.message]) this.hear(outcome.receiver, one, 1);
    this.#vote(outcome.message);
    this.hear(award.receiver, award.message, 1);
    // All of them were heard once: what comes now is a repetition.
    for (const { receiver, before, message } of scenes)
      for (const one of [...before, message]) this.hear(receiver, one, 1);
    this.#end();
  }

  /** The runs are over: their outcomes go out, and are not made again. */
  #end(): void {
    const { machine } = must(this.#peers.get("dave"));
    for (const { task, fence } of this.#ran) {
      const result = { ok: true, output: "3", ms: 1 } as const;
      this.#perform("dave", machine.receive({ ...this.#at(1), type: "ran", task, fence, result }));
    }
  }

  readonly #ran: Extract<Effect, { type: "run" }>[] = [];

  /** A second custodian votes for the outcome that the first has voted for, which decides the task. */
  #vote({ frame }: Said): void {
    const { task, ballot } = vote.parse(JSON.parse(frame.toString("utf8")));
    const kept = [...must(this.#peers.get("bob")).kept.values()];
    const custody = must(kept.find((record) => record.kind === "custody"));
    const { digest } = must(custody.accepted).value.outcome;
    const words = JSON.stringify({ type: "accepted", task, ballot, digest });
    this.hear("bob", { from: "carol", protocol: "claim", frame: Buffer.from(words) }, 1);
  }

  get isDecided(): boolean {
    return this.#decided !== undefined;
  }

  /** So much later. What it changed of what was kept of the outcome, in words. */
  hear(name: string, message: Said, later_ms: number): string | undefined {
    const one = must(this.#peers.get(name));
    this.#perform(name, this.#stage.hear(one.machine, message, this.#at(later_ms)));
    return this.#changed(one.kept);
  }

  restart(): void {
    for (const [name, one] of this.#peers) {
      one.machine = this.#stage.machine(name);
      this.#start(name);
    }
  }

  #start(name: string): void {
    const { machine, kept } = must(this.#peers.get(name));
    this.#perform(
      name,
      machine.receive({ ...this.#at(1), type: "start", kept: [...kept].map(([key, record]) => ({ key, record })) }),
    );
  }

  #at(later_ms: number) {
    this.#now += later_ms;
    return { now: this.#now, wall: NOW_MS + this.#now };
  }

  #perform(name: string, effects: readonly Effect[]): void {
    const { kept } = must(this.#peers.get(name));
    for (const effect of effects) {
      if (effect.type === "keep" && effect.record === null) kept.delete(effect.key);
      else if (effect.type === "keep" && effect.record !== null) kept.set(effect.key, effect.record);
      else if (effect.type === "run") {
        this.runs += 1;
        this.#ran.push(effect);
      }
    }
  }

  /** The outcome that was voted for last in what is kept. */
  #changed(kept: ReadonlyMap<string, Kept>): string | undefined {
    for (const record of kept.values()) {
      if (record.kind !== "custody" || !record.decided || record.accepted === undefined) continue;
      const { digest } = record.accepted.value.outcome;
      if (this.#decided !== undefined && this.#decided !== digest) return "a decided task has another outcome";
      this.#decided = digest;
    }
    return undefined;
  }
}

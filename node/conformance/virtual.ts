/**
 * The stage in virtual time: one peer's machines with the node's own decoder, validator and envelopes, a disk in memory and a clock
 * that jumps to whatever comes next. No socket, no thread, no waiting: a script of minutes takes milliseconds. What is below
 * messages (streams, libp2p's own protocols) is not here; scripts that need it say so.
 */
import { createHash } from "node:crypto";
import { TopicValidatorResult } from "@libp2p/gossipsub";
import {
  ACTORS,
  type Actor,
  type Bytes,
  type Heard,
  type Json,
  type Oddity,
  type Opened,
  type Protocol,
  type Scene,
  type Stage,
  type UserAnswer,
} from "../../kit/mod.ts";
import {
  type Answer,
  type Effect,
  type Message,
  type Network,
  type Open,
  type PeerId,
  parseDigest,
  parseNetwork,
  parsePeerId,
  parseTaskId,
  type Seal,
  Signed,
} from "../../protocols/mod.ts";
import { makeOpen } from "../envelope/mod.ts";
import { type Decode, decoder } from "../host/decode.ts";
import { messageId } from "../host/gossip.ts";
import { close, validators } from "../host/records.ts";
import { topicOf } from "../host/topics.ts";
import { Validator } from "../host/validator.ts";
import { Agenda } from "./agenda.ts";
import { Desk } from "./desk.ts";
import { type Identity, identityOf, openSeal, sealOf } from "./envelopes.ts";
import { requestOf } from "./request.ts";

const NAME = "conformance";
/** One way. */
const HOP_MS = 1;

export function virtualStage(): Stage {
  return {
    name: "virtual time",
    network: NAME,
    pace: { soon_ms: 1_000, moment_ms: 500 },
    realTime: false,
    lacks: (need) => (need === "libp2p" ? "virtual time has no layers below messages" : undefined),
    open: async (cast, seed) => new VirtualScene(cast, seed),
    close: async () => undefined,
  };
}

class VirtualScene implements Scene {
  readonly self: string;
  readonly heard: Heard[] = [];
  readonly #agenda = new Agenda();
  readonly #network: Network;
  readonly #open: Open;
  readonly #decode: Decode;
  readonly #validator: Validator;
  readonly #actors = new Map<Actor, Identity>();
  readonly #names = new Map<string, Actor>();
  readonly #present = new Set<Actor>();
  /** gossipsub's cache of what was seen, by its ids. */
  readonly #seen = new Set<string>();
  /** Whoever had a message rejected. */
  readonly #shunned = new Set<Actor>();
  readonly #desk: Desk;

  constructor(cast: readonly Actor[], seed: number) {
    const me = identityOf(`${seed} P`);
    this.self = me.id;
    this.#network = must(parseNetwork(NAME));
    this.#open = makeOpen(this.#network);
    this.#decode = decoder(this.#open);
    for (const actor of ACTORS) {
      const identity = identityOf(`${seed} ${actor}`);
      this.#actors.set(actor, identity);
      this.#names.set(identity.id, actor);
    }
    this.#validator = new Validator({
      network: this.#network,
      open: this.#open,
      wall: () => this.#agenda.wall,
      onDocument: (signer, document) => this.#desk.receive({ type: "heard", signer, document }),
    });
    this.#desk = new Desk({
      self: must(parsePeerId(me.id)),
      network: this.#network,
      seed,
      seal: sealer(me),
      open: this.#open,
      agenda: this.#agenda,
      perform: (effect) => this.#perform(effect),
    });
    this.#desk.start();
    for (const actor of cast) this.#connect(actor);
  }

  idOf(actor: Actor): string {
    return this.#identity(actor).id;
  }
  now_ms(): number {
    return this.#agenda.now;
  }
  wall_ms(): number {
    return this.#agenda.wall;
  }
  async pass(until_ms: number): Promise<void> {
    const before = this.heard.length;
    this.#agenda.run(until_ms, () => this.heard.length > before);
  }

  seal(signer: string, payload: string, oddity?: Oddity): string {
    const actor = ACTORS.find((one) => one === signer);
    const identity = actor === undefined ? identityOf(`${this.self} ${signer}`) : this.#identity(actor);
    return sealOf(identity, payload, oddity);
  }
  open(seal: string): Opened | undefined {
    return openSeal(seal);
  }
  sha256(text: string): string {
    return createHash("sha256").update(text).digest("hex");
  }

  send(actor: Actor, protocol: Protocol, frame: string | Bytes): void {
    const bytes = typeof frame === "string" ? Buffer.from(frame) : Buffer.from(frame.base64, "base64");
    this.#agenda.after(HOP_MS, () => {
      if (!this.#present.has(actor)) return;
      const decoded = this.#decode(protocol, bytes);
      if (decoded.ok) this.#desk.receive({ type: "message", from: this.#peer(actor), message: decoded.message });
    });
  }

  throwIn(actor: Actor, protocol: Protocol, frame: string | Bytes): void {
    this.send(actor, protocol, frame);
  }

  async raw(): Promise<boolean> {
    throw new Error("virtual time has no streams");
  }

  publish(actor: Actor, shard: number | "all", { base64 }: Bytes): void {
    const data = Buffer.from(base64, "base64");
    this.#agenda.after(HOP_MS, () => {
      const topic = topicOf(this.#network, shard);
      const id = messageId(topic, data);
      if (!this.#present.has(actor) || this.#seen.has(id) || this.#shunned.has(actor)) return;
      this.#seen.add(id);
      if (shard !== "all" && !this.#desk.topics.includes(shard)) return;
      // Its score falls so far that gossipsub listens to it no more.
      if (this.#validator.judge(topic, data) === TopicValidatorResult.Reject) this.#shunned.add(actor);
    });
  }

  async leave(actor: Actor): Promise<void> {
    if (this.#present.delete(actor)) this.#desk.receive({ type: "disconnected", peer: this.#peer(actor) });
  }
  async join(actor: Actor): Promise<void> {
    this.#connect(actor);
  }
  connected(actor: Actor): boolean {
    return this.#present.has(actor);
  }

  async record(_actor: Actor, key: string, { base64 }: Bytes): Promise<boolean> {
    const [, namespace = ""] = key.split("/");
    const known = validators({ open: this.#open, wall: () => this.#agenda.wall });
    close(known);
    const validate = known[namespace];
    try {
      if (validate === undefined) return false;
      await validate(Buffer.from(key), Buffer.from(base64, "base64"));
      return true;
    } catch {
      return false;
    }
  }

  submit(request: Json): () => UserAnswer | undefined {
    return said(this.#desk.ask((ref) => ({ type: "submit", ref, request: requestOf(request) })));
  }
  cancel(id: string): () => UserAnswer | undefined {
    const task = must(parseTaskId(id));
    return said(this.#desk.ask((ref) => ({ type: "cancel", ref, task })));
  }
  async restart(empty: boolean): Promise<void> {
    if (empty) this.#desk.wipe();
    this.#desk.start();
    for (const actor of this.#present) this.#desk.receive({ type: "connected", peer: this.#peer(actor) });
  }
  async drain(): Promise<void> {
    this.#desk.receive({ type: "drain" });
  }
  async close(): Promise<void> {}

  #perform(effect: Effect): void {
    switch (effect.type) {
      case "send":
        return this.#deliver(effect.to, effect.message);
      case "publish": {
        const document = JSON.parse(JSON.stringify(effect.document)) as Json;
        for (const to of this.#present)
          this.#hear(to, { type: "document", signer: this.self, on: effect.shard, document });
        return;
      }
      case "hang-up": {
        const actor = this.#names.get(effect.peer);
        if (actor !== undefined) this.#agenda.after(0, () => void this.leave(actor));
        return;
      }
    }
  }

  #deliver(to: PeerId, message: Message): void {
    const actor = this.#names.get(to);
    if (actor !== undefined && this.#present.has(actor))
      return this.#hear(actor, { type: "message", message: JSON.parse(JSON.stringify(message)) as Json });
    this.#agenda.after(HOP_MS, () => this.#desk.receive({ type: "unreachable", peer: to }));
  }

  #hear(to: Actor, what: Heard["what"]): void {
    this.#agenda.after(HOP_MS, () => {
      if (this.#present.has(to)) this.heard.push({ to, at_ms: this.#agenda.now, what });
    });
  }

  #connect(actor: Actor): void {
    if (this.#present.has(actor)) return;
    this.#present.add(actor);
    this.#desk.receive({ type: "connected", peer: this.#peer(actor) });
  }

  #peer(actor: Actor): PeerId {
    return must(parsePeerId(this.idOf(actor)));
  }
  #identity(actor: Actor): Identity {
    return must(this.#actors.get(actor));
  }
}

function said(answer: () => Answer | undefined): () => UserAnswer | undefined {
  return () => {
    const found = answer();
    if (found === undefined) return undefined;
    return found.ok ? { ok: true, task: found.task } : { ok: false, why: found.reason };
  };
}

/** The machines' own way of sealing, on the kit's envelopes. */
function sealer(identity: Identity): Seal {
  const signer = must(parsePeerId(identity.id));
  return (document) => {
    const payload = JSON.stringify(document);
    const digest = must(parseDigest(createHash("sha256").update(payload).digest("hex")));
    return new Signed(document, { signer, digest, seal: sealOf(identity, payload) });
  };
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the stage made something that is not well formed");
  return value;
}

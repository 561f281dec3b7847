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
  type Need,
  type Oddity,
  type Opened,
  ownChain,
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
  type PermissionOptions,
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
import { bytesOf, type Identity, identityOf, openSeal, sealOf } from "./envelopes.ts";
import { Hall } from "./hall.ts";
import { requestOf } from "./request.ts";

const NAME = "conformance";
/** One way. */
const HOP_MS = 1;
/** Streams, and blobs, which are nothing else. */
const BELOW: ReadonlySet<Need> = new Set(["libp2p", "blobs", "put", "fetch"]);

export function virtualStage(): Stage {
  return {
    name: "virtual time",
    network: NAME,
    pace: { soon_ms: 1_000, moment_ms: 500 },
    realTime: false,
    lacks: (need) => (BELOW.has(need) ? "virtual time has no layers below messages" : undefined),
    open: async (cast, seed, rooted = false) => new VirtualScene(cast, seed, rooted),
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
  /** In a network with roots. */
  readonly #hall: Hall | undefined;

  constructor(cast: readonly Actor[], seed: number, rooted: boolean) {
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
      permissions: rooted ? this.#permissions() : undefined,
      perform: (effect) => this.#perform(effect),
    });
    this.#hall = rooted ? this.#makeHall() : undefined;
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
  bytes(text: string): Bytes {
    return bytesOf(text);
  }
  sha256(text: string | Bytes): string {
    const bytes = typeof text === "string" ? Buffer.from(text) : Buffer.from(text.base64, "base64");
    return createHash("sha256").update(bytes).digest("hex");
  }

  send(actor: Actor, protocol: Protocol, frame: string | Bytes): void {
    const bytes = typeof frame === "string" ? Buffer.from(frame) : Buffer.from(frame.base64, "base64");
    this.#agenda.after(HOP_MS, () => {
      if (!this.#isIn(actor)) return;
      const decoded = this.#decode(protocol, bytes);
      if (decoded.ok) this.#desk.receive({ type: "message", from: this.#peer(actor), message: decoded.message });
    });
  }

  throwIn(actor: Actor, protocol: Protocol, frame: string | Bytes): void {
    this.send(actor, protocol, frame);
  }

  raw(): never {
    throw new Error("virtual time has no streams");
  }
  ask(): never {
    throw new Error("virtual time has no streams");
  }
  serve(): void {} // whoever asks is asked for as a need
  bar(): void {
    throw new Error("virtual time lets actors have no doors");
  }
  async admit(actor: Actor, frame: string | Bytes): Promise<Json | undefined> {
    const bytes = typeof frame === "string" ? Buffer.from(frame) : Buffer.from(frame.base64, "base64");
    return this.#present.has(actor) ? this.#hall?.show(this.#peer(actor), bytes) : undefined;
  }

  publish(actor: Actor, shard: number | "all", { base64 }: Bytes): void {
    const data = Buffer.from(base64, "base64");
    this.#agenda.after(HOP_MS, () => {
      const topic = topicOf(this.#network, shard);
      const id = messageId(topic, data);
      if (!this.#isIn(actor) || this.#seen.has(id) || this.#shunned.has(actor)) return;
      this.#seen.add(id);
      if (shard !== "all" && !this.#desk.topics.includes(shard)) return;
      // Its score falls so far that gossipsub listens to it no more.
      if (this.#validator.judge(topic, data) === TopicValidatorResult.Reject) this.#shunned.add(actor);
    });
  }

  async leave(actor: Actor): Promise<void> {
    const peer = this.#peer(actor);
    const isKnown = this.#hall?.leave(peer) ?? true;
    if (this.#present.delete(actor) && isKnown) this.#desk.receive({ type: "disconnected", peer });
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
  put(): never {
    throw new Error("virtual time has no blobs");
  }
  fetch(): never {
    throw new Error("virtual time has no blobs");
  }
  async restart(empty: boolean): Promise<void> {
    if (empty) this.#desk.wipe();
    this.#desk.start();
    for (const actor of this.#present) this.#enter(actor);
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
        for (const to of [...this.#present].filter((actor) => this.#isIn(actor)))
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
    if (actor !== undefined && this.#isIn(actor))
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
    this.#enter(actor);
  }

  /** In a network with roots it is not there yet: it hears P's chain. */
  #enter(actor: Actor): void {
    const hall = this.#hall;
    if (hall === undefined) return this.#desk.receive({ type: "connected", peer: this.#peer(actor) });
    hall.enter(this.#peer(actor));
    this.#hear(actor, { type: "message", message: { grants: hall.chain } });
  }

  #isIn(actor: Actor): boolean {
    return this.#present.has(actor) && this.#hall?.isOut(this.#peer(actor)) !== true;
  }

  #permissions(): PermissionOptions {
    const seal = (signer: string, payload: string) => this.seal(signer, payload);
    const chain = ownChain(seal, { network: NAME, peer: this.self, wall_ms: this.wall_ms() });
    const root = must(openSeal(must(chain[0]))).signer;
    return { roots: [must(parsePeerId(root))], open: this.#open, chain };
  }

  #makeHall(): Hall {
    return new Hall({
      agenda: this.#agenda,
      desk: this.#desk,
      chain: this.#permissions().chain,
      part: (peer) => {
        const actor = this.#names.get(peer);
        if (actor !== undefined) void this.leave(actor);
      },
    });
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

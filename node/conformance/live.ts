/**
 * The stage on libp2p: actors with keys of their own for each script, over TCP, around a peer that is known by its address. What
 * the wire cannot give comes from a control shim, when there is one. Times are real.
 */
import { createHash } from "node:crypto";
import { multiaddr } from "@multiformats/multiaddr";
import {
  ACTORS,
  type Actor,
  type BlobReply,
  type Bytes,
  type Heard,
  type Json,
  type Need,
  type Oddity,
  type Opened,
  type Pace,
  type Protocol,
  type Scene,
  type Served,
  type Stage,
  type UserAnswer,
  type Wired,
} from "../../kit/mod.ts";
import { BLOB_PROTOCOL } from "../../protocols/mod.ts";
import { LiveActor } from "./actor.ts";
import { NARROW_SKILL, WORK_SKILL } from "./agents.ts";
import { bytesOf, type Identity, identityOf, openSeal, sealOf } from "./envelopes.ts";
import { getRequest, putRequest, valueIn } from "./kad.ts";
import { wishOf } from "./request.ts";
import type { Shim } from "./shim.ts";
import { Town } from "./town.ts";
import { Where } from "./where.ts";

export interface LiveOptions {
  /** With `/p2p/<peer id>`. */
  readonly address: string;
  readonly network: string;
  readonly networkKey: Uint8Array | null;
  readonly shim: Shim | undefined;
  /** For a prompt answer; absent: 5 s. */
  readonly patience_ms?: number | undefined;
  /** So that two runs against one peer do not play the same peers. */
  readonly salt: string;
}

/** Patience for a prompt answer, and how long silence is waited for: a busy machine is slow, and no peer is judged for that. */
const PATIENCE_MS = 5_000;
const MOMENT_MS = 500;

/** Rejects with Error when the peer cannot be reached. */
export async function liveStage(options: LiveOptions): Promise<Stage> {
  const where = new Where(options.address);
  const traits = await traitsOf(options, where);
  const town = new Town(options, where);
  return {
    name: "libp2p",
    network: options.network,
    pace: paceOf(options),
    realTime: true,
    lacks: (need) => lacks(need, traits, options.shim),
    open: async (cast, seed, rooted = false) => {
      await town.become(rooted);
      return LiveScene.open(cast, seed, { ...options, where, rooted });
    },
    close: async () => undefined,
  };
}

/** What a shim may be unable to do, in words, where the need's name says too little. */
const DOES: ReadonlyMap<Need, string> = new Map([
  ["roots", "start it in a network with roots"],
  ["put", "give it a blob"],
  ["fetch", "have it fetch a blob"],
  ["sub-tasks", "have its agent submit tasks"],
]);

function paceOf({ patience_ms = PATIENCE_MS }: LiveOptions): Pace {
  return { soon_ms: patience_ms, moment_ms: Math.min(MOMENT_MS, patience_ms) };
}

function lacks(need: Need, { skills, gossips, dht, blobs }: Traits, shim: Shim | undefined): string | undefined {
  switch (need) {
    case "topics":
      return gossips ? undefined : "the peer is on no topic";
    case "dht":
      return dht ? undefined : "the peer serves no DHT";
    case "blobs":
      return blobs ? undefined : "the peer speaks no /moot/blob/1";
    case "libp2p":
      return undefined;
    case "work":
    case "narrow": {
      const skill = need === "work" ? WORK_SKILL : NARROW_SKILL;
      if (skills === undefined) return "the peer shows no card, so nobody knows its skills";
      return skills.has(skill) ? undefined : `the peer offers no ${skill}`;
    }
    case "submit":
    case "cancel":
    case "restart":
    case "drain":
    case "wipe":
    case "roots":
    case "put":
    case "fetch":
    case "sub-tasks":
      if (shim === undefined) return `"${need}" needs a control shim (--shim)`;
      return shim.can.has(need) ? undefined : `the control shim cannot ${DOES.get(need) ?? need}`;
    default:
      return `"${need}" is for virtual time`;
  }
}

/** What the peer under test is by its own word. */
interface Traits {
  /** Undefined when it shows no card. */
  readonly skills: ReadonlySet<string> | undefined;
  readonly gossips: boolean;
  /** A server of the network's DHT. */
  readonly dht: boolean;
  readonly blobs: boolean;
}

async function traitsOf(options: LiveOptions, where: Where): Promise<Traits> {
  const scene = await LiveScene.open(["A"], 0, { ...options, where, rooted: false });
  const more = async () => ({
    gossips: scene.gossips,
    dht: await scene.dht(),
    blobs: await scene.serves(BLOB_PROTOCOL),
  });
  try {
    scene.send("A", "directory", JSON.stringify({ type: "want", peers: [where.peer] }));
    const until = scene.now_ms() + paceOf(options).soon_ms;
    for (let read = 0; scene.now_ms() < until; await scene.pass(until)) {
      for (; read < scene.heard.length; read++) {
        const found = skillsIn(scene.heard[read], where.peer);
        if (found !== undefined) return { skills: found, ...(await more()) };
      }
    }
    return { skills: undefined, ...(await more()) };
  } finally {
    await scene.close();
  }
}

function skillsIn(heard: Heard | undefined, peer: string): ReadonlySet<string> | undefined {
  if (heard?.what.type !== "message") return undefined;
  const message = heard.what.message as { readonly type?: string; readonly cards?: readonly unknown[] };
  if (message.type !== "cards") return undefined;
  for (const seal of message.cards ?? []) {
    const opened = typeof seal === "string" ? openSeal(seal) : undefined;
    if (opened?.signer !== peer) continue;
    const { agents = [] } = opened.document as {
      readonly agents?: readonly { readonly skills: readonly { readonly name: string }[] }[];
    };
    return new Set(agents.flatMap(({ skills }) => skills.map(({ name }) => name)));
  }
  return undefined;
}

interface LiveSceneOptions extends LiveOptions {
  readonly where: Where;
  readonly rooted: boolean;
}

class LiveScene implements Scene {
  readonly heard: Heard[] = [];
  readonly self: string;
  readonly #options: LiveSceneOptions;
  readonly #identities = new Map<Actor, Identity>();
  readonly #actors = new Map<Actor, LiveActor>();
  #wake: () => void = () => undefined;
  #drained = false;

  private constructor(seed: number, options: LiveSceneOptions) {
    this.#options = options;
    this.self = options.where.peer;
    for (const actor of ACTORS) this.#identities.set(actor, identityOf(`${options.salt} ${seed} ${actor}`));
  }

  static async open(cast: readonly Actor[], seed: number, options: LiveSceneOptions): Promise<LiveScene> {
    const scene = new LiveScene(seed, options);
    try {
      await Promise.all(cast.map((actor) => scene.#start(actor)));
      return scene;
    } catch (error) {
      await scene.close();
      throw error;
    }
  }

  async #start(name: Actor): Promise<void> {
    const { network, networkKey, where, rooted } = this.#options;
    const hear = (what: Heard["what"]): void => {
      this.heard.push({ to: name, at_ms: this.now_ms(), what });
      this.#wake();
    };
    const identity = this.#identity(name);
    const actor = await LiveActor.start({ identity, network, networkKey, rooted, address: () => where.address, hear });
    this.#actors.set(name, actor);
  }

  idOf(actor: Actor): string {
    return this.#identity(actor).id;
  }
  now_ms(): number {
    return performance.now();
  }
  wall_ms(): number {
    return Date.now();
  }
  pass(until_ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, until_ms - this.now_ms()));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  seal(signer: string, payload: string, oddity?: Oddity): string {
    const actor = ACTORS.find((one) => one === signer);
    const identity = actor === undefined ? identityOf(`${this.#options.salt} ${signer}`) : this.#identity(actor);
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
    this.#actors
      .get(actor)
      ?.say(protocol, typeof frame === "string" ? Buffer.from(frame) : Buffer.from(frame.base64, "base64"));
  }
  throwIn(actor: Actor, protocol: Protocol, frame: string | Bytes): void {
    this.#actors
      .get(actor)
      ?.throwIn(protocol, typeof frame === "string" ? Buffer.from(frame) : Buffer.from(frame.base64, "base64"));
  }
  async raw(actor: Actor, protocol: Wired, { base64 }: Bytes, until_ms: number): Promise<boolean> {
    const patience_ms = until_ms - this.now_ms();
    return this.#actors.get(actor)?.raw(protocol, Buffer.from(base64, "base64"), patience_ms) ?? false;
  }
  async admit(actor: Actor, frame: string | Bytes, until_ms: number): Promise<Json | undefined> {
    const bytes = typeof frame === "string" ? Buffer.from(frame) : Buffer.from(frame.base64, "base64");
    return this.#actors.get(actor)?.admit(bytes, patience(until_ms - this.now_ms()));
  }
  bar(actor: Actor): void {
    this.#actors.get(actor)?.bar();
  }
  serve(actor: Actor, what: Served): void {
    this.#actors.get(actor)?.serve(what);
  }
  async ask(actor: Actor, request: Json, about: { bytes: number; until_ms: number }): Promise<BlobReply> {
    const signal = patience(about.until_ms - this.now_ms());
    const asked = this.#actors.get(actor)?.askBlob({ request, bytes: about.bytes, signal });
    return (await asked) ?? { head: undefined, contents: { base64: "" } };
  }
  publish(actor: Actor, shard: number | "all", { base64 }: Bytes): void {
    this.#actors.get(actor)?.publish(shard, Buffer.from(base64, "base64"));
  }

  async leave(actor: Actor): Promise<void> {
    await this.#actors.get(actor)?.leave();
  }
  async join(actor: Actor): Promise<void> {
    await this.#actors.get(actor)?.join();
  }
  dht(): Promise<boolean> {
    return this.serves(this.#kad);
  }
  async serves(protocol: string): Promise<boolean> {
    const [actor] = this.#actors.values();
    return (await actor?.serves(protocol)) ?? false;
  }
  get #kad(): string {
    return `/moot/${this.#options.network}/kad/1.0.0`;
  }
  get gossips(): boolean {
    return [...this.#actors.values()].some((actor) => actor.gossips);
  }
  connected(actor: Actor): boolean {
    return this.#actors.get(actor)?.connected ?? false;
  }

  async record(actor: Actor, key: string, { base64 }: Bytes): Promise<boolean> {
    const protocol = this.#kad;
    const [name, value] = [Buffer.from(key), Buffer.from(base64, "base64")];
    await this.#actors.get(actor)?.ask(protocol, putRequest(name, value));
    const answer = await this.#actors.get(actor)?.ask(protocol, getRequest(name));
    return answer !== undefined && valueIn(answer)?.equals(value) === true;
  }

  submit(request: Json): () => UserAnswer | undefined {
    return this.#asked({ do: "submit", request: wishOf(request) });
  }
  cancel(task: string): () => UserAnswer | undefined {
    return this.#asked({ do: "cancel", task });
  }
  put({ base64 }: Bytes): () => UserAnswer | undefined {
    return this.#asked({ do: "put", base64 });
  }
  fetch(ref: Json): () => UserAnswer | undefined {
    return this.#asked({ do: "fetch", ref });
  }
  async restart(empty: boolean): Promise<void> {
    const { address } = await this.#told({ do: "restart", ...(empty ? { empty } : {}) });
    if (address !== undefined) this.#options.where.address = multiaddr(address);
    await Promise.all([...this.#actors.values()].map((actor) => actor.leave().then(() => actor.join())));
  }
  async drain(): Promise<void> {
    this.#drained = true;
    await this.#told({ do: "drain" });
  }

  async close(): Promise<void> {
    // It has left, or will: the next script needs one that is there.
    if (this.#drained) {
      const { address } = await this.#told({ do: "restart" });
      if (address !== undefined) this.#options.where.address = multiaddr(address);
    }
    await Promise.all([...this.#actors.values()].map((actor) => actor.stop().catch(() => undefined)));
  }

  #asked(command: Parameters<Shim["ask"]>[0]): () => UserAnswer | undefined {
    let answer: UserAnswer | undefined;
    this.#told(command).then(
      ({ ok, task, blob, why = "" }) => {
        const more = { ...(task === undefined ? {} : { task }), ...(blob === undefined ? {} : { blob }) };
        answer = ok ? { ok, ...more } : { ok, why };
        this.#wake();
      },
      (error: unknown) => {
        answer = { ok: false, why: String(error) };
      },
    );
    return () => answer;
  }

  #told(command: Parameters<Shim["ask"]>[0]): ReturnType<Shim["ask"]> {
    const { shim } = this.#options;
    return shim === undefined ? Promise.reject(new Error("there is no control shim")) : shim.ask(command);
  }

  #identity(actor: Actor): Identity {
    const identity = this.#identities.get(actor);
    if (identity === undefined) throw new Error(`${actor} is no actor`);
    return identity;
  }
}

/** Timers know whole milliseconds. */
function patience(ms: number): AbortSignal {
  return AbortSignal.timeout(Math.max(1, Math.ceil(ms)));
}

/**
 * A running node: identity, store, libp2p host, handlers and one peer's machines behind the face of `moot-node.ts`. Started once,
 * stopped once. It decides nothing about tasks: what it is asked, it puts to the machines.
 */
import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import {
  type AgentCard,
  type Kept,
  LIMITS,
  type Network,
  Peer,
  type PeerId,
  parseNetwork,
  parsePeerId,
  parseSkill,
  recordSchema,
  type Skill,
  shardsOf,
  type TaskId,
} from "../protocols/mod.ts";
import { type Config, loadIdentity } from "./config/mod.ts";
import { Driver, type Host, Work } from "./driver/mod.ts";
import { makeOpen, makeSeal } from "./envelope/mod.ts";
import { Fault } from "./fault.ts";
import type { AgentSpec } from "./handlers/mod.ts";
import { startHost } from "./host/mod.ts";
import type { Joining, MootNode, Observed, Status, SubmitOptions, SubmitResult } from "./moot-node.ts";
import { isReady, READY } from "./readiness.ts";
import { resultOf } from "./reporting.ts";
import { openStore, type Store } from "./store/mod.ts";
import { submit } from "./submitting.ts";
import { packageVersion } from "./version.ts";

export interface StartOptions {
  /** A machine broke its promise or the disk failed: the node has stopped itself. */
  readonly onFatal?: (error: unknown) => void;
  /** A peer broke a clause. */
  readonly onRefused?: (from: PeerId, clause: string, detail: string) => void;
}

const VERSION = packageVersion();
const GRACE_MS = 30_000;
const POLL_MS = 50;

export async function startNode(config: Config, options: StartOptions = {}): Promise<MootNode> {
  const network = must(parseNetwork(config.network.name), "a network name that the configuration checked");
  const key = await loadIdentity(config.data);
  const self = must(parsePeerId(peerIdFromPrivateKey(key).toString()), "an identity is a peer id");
  const open = makeOpen(network);
  const store = openStore(config.data);
  try {
    const kept = keptIn(store, recordSchema(open));
    const node = new RunningNode({ config, network, self, store, options });
    await node.start({ key, open, seal: makeSeal(key), kept });
    return node;
  } catch (error) {
    store.close();
    throw error;
  }
}

class RunningNode implements MootNode {
  readonly self: PeerId;
  readonly #config: Config;
  readonly #network: Network;
  readonly #store: Store;
  readonly #options: StartOptions;
  readonly #driver: Driver;
  readonly #work: Work;
  readonly #facts = new EventEmitter<{ fact: [Observed] }>();
  readonly #since = performance.now();
  #state: Status["state"] = "starting";
  #host: Host | undefined;
  #peer: Peer | undefined;
  #stopping: Promise<void> | undefined;
  #addrs = "";
  #begun_at = 0;

  constructor(parts: { config: Config; network: Network; self: PeerId; store: Store; options: StartOptions }) {
    this.self = parts.self;
    this.#config = parts.config;
    this.#network = parts.network;
    this.#store = parts.store;
    this.#options = parts.options;
    this.#facts.setMaxListeners(0);
    this.#driver = new Driver({
      store: parts.store,
      onFact: (fact) => this.#facts.emit("fact", fact),
      onRefused: (from, clause, detail) => this.#options.onRefused?.(from, clause, detail),
      onFatal: (error) => this.#fatal(error),
    });
    this.#work = new Work(parts.config.agents, (event) => this.#driver.push(event));
  }

  async start(parts: {
    key: Parameters<typeof makeSeal>[0];
    open: ReturnType<typeof makeOpen>;
    seal: ReturnType<typeof makeSeal>;
    kept: { key: string; record: Kept }[];
  }): Promise<void> {
    const config = this.#config;
    const driver = this.#driver;
    const agents = config.agents.map(cardOf);
    checkCard(agents);
    const host = await startHost({
      key: parts.key,
      seal: parts.seal,
      open: parts.open,
      network: this.#network,
      networkKey: config.network.key,
      listen: config.listen,
      join: config.join,
      shards: shardsOf(agents),
      events: {
        onMessage: (from, message) => {
          if ("task" in message) driver.received(message.task);
          driver.push({ type: "message", from, message });
        },
        onDocument: (signer, document) => {
          if ("task" in document) driver.received(document.task);
          driver.push({ type: "heard", signer, document });
        },
        onConnected: (peer) => driver.push({ type: "connected", peer }),
        onDisconnected: (peer) => driver.push({ type: "disconnected", peer }),
        onUnreachable: (peer) => driver.push({ type: "unreachable", peer }),
        onFound: (skill, peers) => driver.push({ type: "found", skill, peers }),
        onCard: (card) => driver.push({ type: "card", card }),
        onRefused: (from, clause, detail) => this.#options.onRefused?.(from, clause, detail),
        onChanged: () => this.#changed(),
      },
    });
    this.#host = host;
    const seed = randomBytes(4).readUInt32LE();
    const peer = new Peer({
      self: this.self,
      network: this.#network,
      version: VERSION,
      seed,
      seal: parts.seal,
      durable: true,
      addrs: host.addrs(),
      agents,
    });
    this.#peer = peer;
    this.#addrs = host.addrs().join();
    this.#state = "ready";
    this.#begun_at = performance.now();
    driver.begin({ peer, host, work: this.#work, kept: parts.kept });
  }

  #changed(): void {
    const addrs = this.#host?.addrs() ?? [];
    if (addrs.join() === this.#addrs || this.#state !== "ready") return;
    this.#addrs = addrs.join();
    this.#driver.push({ type: "addresses", addrs });
  }

  // --- what it is asked ---

  status(): Status {
    const busy = new Map(this.#machines.load().map((load) => [load.agent, load.busy]));
    return {
      peer: this.self,
      network: this.#network,
      version: VERSION,
      addrs: this.#running.addrs(),
      uptimeMs: Math.floor(performance.now() - this.#since),
      state: this.#state,
      meshReady: this.#meshReady(),
      connections: this.#running.connections().length,
      agents: this.#config.agents.map(({ name, concurrency, skills }) => ({
        name,
        skills: skills.map((skill) => skill.name),
        busy: busy.get(name) ?? 0,
        concurrency,
      })),
      tasks: this.#machines.counts(),
      process: { pid: process.pid, node: process.version, rssBytes: process.memoryUsage.rss() },
    };
  }

  async ready(signal?: AbortSignal): Promise<void> {
    while (!this.#meshReady()) {
      signal?.throwIfAborted();
      if (this.#stopping !== undefined) throw new Fault("network", "the node stopped before the mesh was ready");
      await pause(POLL_MS);
    }
  }

  #meshReady(): boolean {
    if (this.#state !== "ready") return false;
    const host = this.#running;
    return isReady({
      neighbours: host.neighbours(),
      known: new Set(this.#machines.known().map(({ peer }) => peer)),
      joins: this.#config.join.length > 0,
      grafted: host.meshReady(),
      seeking: host.seeking(),
    });
  }

  submit(options: SubmitOptions): Promise<TaskId> {
    return submit(options, {
      cards: () => this.#machines.known().map(({ card }) => card),
      ask: (request) => this.#driver.ask((ref) => ({ type: "submit", ref, request })),
      young: () => this.#state === "ready" && performance.now() - this.#begun_at < READY.young_ms,
      meshReady: () => this.#meshReady(),
    });
  }

  async cancel(task: TaskId): Promise<void> {
    const answer = await this.#driver.ask((ref) => ({ type: "cancel", ref, task }));
    if (!answer.ok) throw new Fault(answer.reason, answer.message);
  }

  outcome(task: TaskId, signal?: AbortSignal): Promise<SubmitResult> {
    const known = this.#result(task);
    if (known !== undefined) return Promise.resolve(known);
    if (this.#machines.task(task) === undefined) return Promise.reject(unknownTask(task));
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        this.#facts.off("fact", onFact);
        signal?.removeEventListener("abort", onAbort);
        settle();
      };
      const onFact = (fact: Observed) => {
        if (fact.type !== "decided" || fact.task !== task) return;
        // After the whole batch, so that the messages which announce the decision are counted.
        setImmediate(() => {
          const result = this.#result(task);
          end(() => (result === undefined ? reject(unknownTask(task)) : resolve(result)));
        });
      };
      const onAbort = () => end(() => reject(signal?.reason));
      this.#facts.on("fact", onFact);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  #result(task: TaskId): SubmitResult | undefined {
    const view = this.#machines.task(task);
    if (view?.outcome === undefined) return undefined;
    return resultOf(view, view.outcome, { facts: this.facts(task), messages: this.messages(task) });
  }

  peers(): ReturnType<MootNode["peers"]> {
    const connected = new Set(this.#running.connections());
    return this.#machines
      .known()
      .map((known) => ({ ...known, connected: connected.has(known.peer), addrs: known.card.addrs }));
  }
  joining(): Joining {
    return { joined: this.peers().some(({ connected }) => connected), ways: this.#running.ways() };
  }
  tasks(): ReturnType<MootNode["tasks"]> {
    return this.#machines.tasks();
  }
  task(id: TaskId): ReturnType<MootNode["task"]> {
    return this.#machines.task(id);
  }
  facts(task: TaskId): readonly Observed[] {
    return this.#store.facts(task).map((line) => JSON.parse(line) as Observed);
  }
  candidates(skill: Skill): ReturnType<MootNode["candidates"]> {
    return this.#machines.candidates(skill);
  }
  messages(task: TaskId): SubmitResult["messages"] {
    const { sent, received } = this.#driver.count(task);
    return { sent, received };
  }
  watch(listener: (fact: Observed) => void): () => void {
    this.#facts.on("fact", listener);
    return () => this.#facts.off("fact", listener);
  }

  // --- the end ---

  stop({ grace_ms = GRACE_MS }: { readonly grace_ms?: number } = {}): Promise<void> {
    this.#stopping ??= this.#stop(grace_ms);
    return this.#stopping;
  }

  /** Takes no new work, lets what runs end and be decided, tells the others, closes. */
  async #stop(grace_ms: number): Promise<void> {
    this.#state = "draining";
    this.#driver.push({ type: "drain" });
    const until = performance.now() + grace_ms;
    await this.#driver.settled();
    await this.#work.idle(grace_ms);
    while (performance.now() < until && this.#proposing()) await pause(POLL_MS);
    this.#work.stopAll();
    await this.#work.idle(Math.min(2_000, grace_ms));
    await this.#close();
  }

  /** Whether a result of ours waits to be decided. */
  #proposing(): boolean {
    return this.#machines.working() > 0;
  }

  async #close(): Promise<void> {
    this.#driver.close();
    await this.#host?.stop();
    this.#store.close();
    this.#state = "stopped";
    this.#facts.removeAllListeners();
  }

  #fatal(error: unknown): void {
    this.#state = "stopped";
    this.#work.stopAll();
    this.#stopping ??= this.#close();
    if (this.#options.onFatal === undefined) throw error;
    this.#options.onFatal(error);
  }

  get #machines(): Peer {
    return must(this.#peer, "a started node has a peer");
  }
  get #running(): Host {
    return must(this.#host, "a started node has a host");
  }
}

function unknownTask(task: TaskId): Fault {
  return new Fault("unknown-task", `this node is no custodian of ${task}`, {
    remedy: "ask the node that it was submitted to, or another of its custodians",
  });
}

function keptIn(store: Store, schema: ReturnType<typeof recordSchema>): { key: string; record: Kept }[] {
  const kept: { key: string; record: Kept }[] = [];
  for (const [key, value] of store.entries()) {
    const record = schema.safeParse(JSON.parse(value));
    if (!record.success) {
      const remedy =
        "it was written by another version, or with another identity or network name; restore those, or start with a new data folder";
      throw new Fault(
        "store-damaged",
        `the record ${key} cannot be read: ${record.error.issues[0]?.message ?? "unknown"}`,
        { remedy },
      );
    }
    kept.push({ key, record: record.data });
  }
  return kept;
}

function cardOf({ name, concurrency, skills }: AgentSpec): AgentCard {
  return {
    name,
    description: "",
    concurrency,
    skills: skills.map((skill) => ({
      name: must(parseSkill(skill.name), "a skill name that the configuration checked"),
      description: skill.description ?? "",
      input: { ...skill.input },
      output: { ...skill.output },
      effects: typeof skill.effects === "string" ? skill.effects : [...skill.effects],
      cost: skill.cost,
      expected_ms: skill.expected_ms,
    })),
  };
}

/** A card that others would refuse is refused here, where its owner can mend it. */
function checkCard(agents: readonly AgentCard[]): void {
  const bytes = Buffer.byteLength(JSON.stringify(agents));
  const room = LIMITS.card_bytes - 4096;
  if (bytes <= room) return;
  const remedy = "shorten the schemas and descriptions, or spread the agents over several nodes";
  throw new Fault("config", `the agents' contracts take ${bytes} bytes of JSON; a card holds ${room}`, { remedy });
}

function must<T>(value: T | undefined, claim: string): T {
  if (value === undefined) throw new Fault("internal", claim);
  return value;
}

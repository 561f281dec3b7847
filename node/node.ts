/**
 * A running node: identity, store, libp2p host, handlers and one peer's machines behind the face of `moot-node.ts`. Started once,
 * stopped once. It decides nothing about tasks: what it is asked, it puts to the machines.
 */
import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import {
  charsOf,
  type Kept,
  type Network,
  Peer,
  type PeerId,
  parseNetwork,
  parsePeerId,
  recordSchema,
  type Skill,
  shardsOf,
  type TaskId,
} from "../protocols/mod.ts";
import { BLOBS, Blobs } from "./blobs/mod.ts";
import { cardOf, checkCard } from "./cards.ts";
import { type Config, loadIdentity } from "./config/mod.ts";
import { Driver, Work } from "./driver/mod.ts";
import { dryRunOf } from "./dry-run.ts";
import { digestOf, makeOpen, makeSeal } from "./envelope/mod.ts";
import { Fault } from "./fault.ts";
import type { AgentSpec, Standing } from "./handlers/mod.ts";
import { type StreamingHost, startHost } from "./host/mod.ts";
import type {
  AgentFact,
  AgentsChange,
  DryRun,
  DryRunOptions,
  Joining,
  MootNode,
  Observed,
  Status,
  SubmitOptions,
  SubmitResult,
} from "./moot-node.ts";
import { type Keys, keysOf, Membership, needRoots, noticeOf } from "./permissions/mod.ts";
import { isReady, READY } from "./readiness.ts";
import { Journal, RECORDS, Records, recordsOf } from "./records/mod.ts";
import { resultOf } from "./reporting.ts";
import { openStore, type Store } from "./store/mod.ts";
import { misfitOf, skillOf, submit } from "./submitting.ts";
import { packageVersion } from "./version.ts";
import { Vitals } from "./vitals.ts";

export interface StartOptions {
  /** A machine broke its promise or the disk failed: the node has stopped itself. */
  readonly onFatal?: (error: unknown) => void;
  /** A peer broke a clause. */
  readonly onRefused?: (from: PeerId, clause: string, detail: string) => void;
  /** A record or the journal cannot be written. The node goes on without. */
  readonly onTrouble?: (fault: Fault) => void;
}

const VERSION = packageVersion();
const GRACE_MS = 30_000;
const POLL_MS = 50;
/** An agent that takes longer to start is not on the first card. */
const AGENTS_START_MS = 3_000;
const NODE_DRAINS = "its node drains";

export async function startNode(config: Config, options: StartOptions = {}): Promise<MootNode> {
  const network = must(parseNetwork(config.network.name), "a network name that the configuration checked");
  const key = await loadIdentity(config.data);
  const self = must(parsePeerId(peerIdFromPrivateKey(key).toString()), "an identity is a peer id");
  const open = makeOpen(network);
  const store = openStore(config.data);
  try {
    const kept = keptIn(store, recordSchema(open));
    const membership = Membership.open({ config, network, self, open });
    const node = new RunningNode({ config, network, self, store, options, membership });
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
  readonly #membership: Membership | undefined;
  readonly #begun = Promise.withResolvers<void>();
  readonly #options: StartOptions;
  readonly #driver: Driver;
  readonly #work: Work;
  readonly #onTrouble = (fault: Fault): void => this.#options.onTrouble?.(fault);
  readonly #facts = new EventEmitter<{ fact: [Observed] }>();
  readonly #since = performance.now();
  readonly #vitals = new Vitals();
  #state: Status["state"] = "starting";
  #host: StreamingHost | undefined;
  #blobs: Blobs | undefined;
  #peer: Peer | undefined;
  #journal: Journal | undefined;
  #stopping: Promise<void> | undefined;
  #addrs = "";
  #begun_at = 0;
  /** Calendar time. */
  #draining_ms: number | undefined;

  constructor(parts: {
    config: Config;
    network: Network;
    self: PeerId;
    store: Store;
    options: StartOptions;
    membership: Membership | undefined;
  }) {
    this.#membership = parts.membership;
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
    this.#work = new Work(parts.config.agents, (event) => this.#driver.push(event), this);
  }

  async start(parts: {
    key: Parameters<typeof makeSeal>[0];
    open: ReturnType<typeof makeOpen>;
    seal: ReturnType<typeof makeSeal>;
    kept: { key: string; record: Kept }[];
  }): Promise<void> {
    const config = this.#config;
    const driver = this.#driver;
    this.#record();
    this.#blobs = await this.#openBlobs();
    const agents = config.agents.map(cardOf);
    checkCard(agents, charsOf(this.#membership?.chain ?? []));
    const host = await startHost({
      key: parts.key,
      seal: parts.seal,
      open: parts.open,
      network: this.#network,
      networkKey: config.network.key,
      listen: config.listen,
      join: config.join,
      shards: shardsOf(agents),
      admission: this.#admission(),
      events: {
        onMessage: (from, message) => {
          if ("task" in message) driver.received(message.task);
          driver.push({ type: "message", from, message });
          if (message.type === "store") this.#keepsSoon(message.task);
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
    await this.#blobs.begin(host);
    await this.#work.started(AGENTS_START_MS);
    const seed = randomBytes(4).readUInt32LE();
    const made = {
      self: this.self,
      network: this.#network,
      version: VERSION,
      seed,
      seal: parts.seal,
      digestOf,
      durable: true,
      addrs: host.addrs(),
      agents: this.#work.offered().map(cardOf),
      permissions: this.#membership?.permissions,
    };
    const journal = config.journal
      ? new Journal({ ...config.journal, data: config.data, onEnd: this.#onTrouble })
      : undefined;
    const peer = new Peer(journal === undefined ? made : journal.options(made));
    this.#journal = journal;
    this.#peer = peer;
    this.#addrs = host.addrs().join();
    this.#work.watch({
      onOffer: (ready) => {
        host.hear(shardsOf(this.#work.agents().map(({ spec }) => cardOf(spec))));
        driver.push({ type: "agents", agents: ready.map(cardOf) });
      },
      onStanding: (agent, { state, why }) => this.#tell({ type: "agent", agent, state, why }),
    });
    this.#state = "ready";
    this.#begun_at = performance.now();
    driver.begin({ peer: journal?.watch(peer) ?? peer, host, work: this.#work, kept: parts.kept });
    this.#begun.resolve();
    for (const { task } of peer.tasks()) this.#blobs.keeps(task);
    this.#membership?.watch((chain) => driver.push({ type: "granted", chain }), this.#onTrouble);
  }

  /** Whom to let in, where the network names roots. */
  #admission() {
    const driver = this.#driver;
    return this.#membership?.admission({
      judge: (peer, chain) => this.#peer?.judge(peer, chain, Date.now()),
      begun: this.#begun.promise,
      onPresented: (peer, chain) => driver.push({ type: "presented", peer, chain }),
      onConnected: (peer) => driver.push({ type: "connected", peer }),
      onDenied: (peer, why) => this.#options.onRefused?.(peer, "PERM-2", why),
      onBarred: this.#onTrouble,
    });
  }

  #tell(fact: AgentFact): void {
    this.#facts.emit("fact", { ...fact, at_ms: Date.now(), node: this.self });
  }

  #changed(): void {
    const addrs = this.#host?.addrs() ?? [];
    if (addrs.join() === this.#addrs || this.#state !== "ready") return;
    this.#addrs = addrs.join();
    this.#driver.push({ type: "addresses", addrs });
  }

  /** Every run of its agents leaves a record, unless the configuration says otherwise. */
  #record(): void {
    const { file, data, records = RECORDS } = this.#config;
    if ("off" in records && records.off) return;
    const { max_bytes, retention_ms } = records;
    const kept = new Records({ data, config: file, max_bytes, retention_ms, onError: this.#onTrouble });
    this.#work.recordTo(kept);
    void kept.start();
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
      agents: this.#work.agents().map(({ spec: { name, concurrency, skills }, standing }) => ({
        name,
        skills: skills.map((skill) => skill.name),
        busy: busy.get(name) ?? 0,
        concurrency,
        ...this.#shown(standing),
      })),
      tasks: this.#machines.counts(),
      process: this.#vitals.read(),
    };
  }

  /** While the node drains, so does every agent that would take work. */
  #shown({ state, why, since_ms }: Standing): Pick<Status["agents"][number], "state" | "why" | "sinceMs"> {
    if (this.#draining_ms === undefined || (state !== "ready" && state !== "starting"))
      return { state, why, sinceMs: since_ms };
    return { state: "draining", why: NODE_DRAINS, sinceMs: this.#draining_ms };
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

  async submit(options: SubmitOptions): Promise<TaskId> {
    const input = this.blobs.offered(options.input);
    const offered = { ...options, input };
    const task = await submit(offered, {
      cards: () => this.#machines.known().map(({ card }) => card),
      ask: (request) => this.#driver.ask((ref) => ({ type: "submit", ref, request })),
      young: () => this.#state === "ready" && performance.now() - this.#begun_at < READY.young_ms,
      meshReady: () => this.#meshReady(),
    });
    this.blobs.keeps(task);
    return task;
  }

  get blobs(): Blobs {
    return must(this.#blobs, "a started node has blobs");
  }

  /** When the machines have handled what came: only then it is known whether the task is kept. */
  #keepsSoon(task: TaskId): void {
    void this.#driver.settled().then(() => this.#blobs?.keeps(task));
  }

  async #openBlobs(): Promise<Blobs> {
    const { data, blobs: config = BLOBS } = this.#config;
    const openInput = (task: TaskId) => {
      const view = this.#peer?.task(task);
      return view === undefined || view.outcome !== undefined ? undefined : view.input;
    };
    const onRefused = (from: PeerId, clause: string, detail: string) => this.#options.onRefused?.(from, clause, detail);
    // Who comes before the machines do waits for them.
    const mayRead = (peer: PeerId, tasks: readonly TaskId[]) => this.#peer?.mayRead(peer, tasks, Date.now()) ?? false;
    const blobs = await Blobs.open({ self: this.self, data, config, openInput, mayRead, onRefused });
    this.#work.fetchWith(blobs);
    return blobs;
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
  records(task: TaskId): ReturnType<MootNode["records"]> {
    return recordsOf(this.#config.data, task);
  }
  dryRun(options: DryRunOptions): DryRun {
    const machines = this.#machines;
    const skill = skillOf(options.skill);
    const { contract, budget, input } = options;
    const custodians = machines.custodians(options.custodians, randomBytes(16).toString("hex"));
    const known = { candidates: machines.candidates(skill), peers: machines.known(), custodians };
    return dryRunOf({ skill, contract, budget, ...known, misfit: misfitOf(input) });
  }
  candidates(skill: Skill): ReturnType<MootNode["candidates"]> {
    return this.#machines.candidates(skill);
  }
  messages(task: TaskId): SubmitResult["messages"] {
    const { sent, received } = this.#driver.count(task);
    return { sent, received };
  }
  keys(): Keys {
    const machines = this.#machines;
    const connected = new Set(this.#running.connections());
    return keysOf({
      network: this.#network,
      membership: this.#membership,
      peers: machines.known().map(({ peer }) => ({ peer, connected: connected.has(peer) })),
      rights: (peer) => machines.rights(peer, Date.now()),
      revocations: machines.revocations(),
    });
  }

  async revoke(seal: string): Promise<void> {
    needRoots(this.#membership);
    const document = noticeOf(seal, this.#network);
    this.#driver.push({ type: "heard", signer: this.self, document });
    await this.#driver.settled();
    const held = this.#machines.revocations().some(({ digest }) => digest === document.revocation.digest);
    if (!held) throw new Fault("overloaded", "the revocation was not kept: its grants are over, or there are too many");
    this.#running.publish("all", document);
  }

  setAgents(specs: readonly AgentSpec[]): AgentsChange {
    const cards = specs.map(cardOf);
    checkCard(cards, charsOf(this.#membership?.chain ?? []));
    return this.#work.setAgents(specs);
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
    this.#draining_ms = Date.now();
    this.#driver.push({ type: "drain" });
    for (const { spec, standing } of this.#work.agents()) {
      const { state, why } = this.#shown(standing);
      if (state !== standing.state) this.#tell({ type: "agent", agent: spec.name, state, why });
    }
    const until = performance.now() + grace_ms;
    await this.#driver.settled();
    await this.#work.idle(grace_ms);
    while (performance.now() < until && this.#proposing()) await pause(POLL_MS);
    this.#work.stopAll();
    await this.#work.idle(Math.min(2_000, grace_ms));
    await this.#work.cancelled();
    await this.#close();
  }

  /** Whether a result of ours waits to be decided. */
  #proposing(): boolean {
    return this.#machines.working() > 0;
  }

  async #close(): Promise<void> {
    this.#vitals.close();
    this.#driver.close();
    await this.#blobs?.close();
    this.#membership?.stop();
    await this.#work.close();
    await this.#host?.stop();
    this.#journal?.close();
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
  get #running(): StreamingHost {
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

function must<T>(value: T | undefined, claim: string): T {
  if (value === undefined) throw new Fault("internal", claim);
  return value;
}

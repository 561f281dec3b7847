/**
 * A running node: identity, store, libp2p host, handlers and one peer's machines behind the face of `moot-node.ts`. Started once,
 * stopped once (`starting.ts` opens what it stands on). It decides nothing about tasks: what it is asked, it puts to the machines.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import {
  charsOf,
  type Kept,
  type Network,
  type Peer,
  type PeerId,
  type Skill,
  shardsOf,
  type TaskId,
} from "../protocols/mod.ts";
import { arrivals } from "./arrivals.ts";
import type { Blobs } from "./blobs/mod.ts";
import { cardOf, checkCard } from "./cards.ts";
import type { Config } from "./config/mod.ts";
import { drained } from "./draining.ts";
import { Driver, Work } from "./driver/mod.ts";
import { dryRunOf } from "./dry-run.ts";
import type { makeOpen, makeSeal } from "./envelope/mod.ts";
import { Fault, messageOf, must } from "./fault.ts";
import type { AgentSpec } from "./handlers/mod.ts";
import { type StreamingHost, startHost } from "./host/mod.ts";
import { Lifetime } from "./lifetime.ts";
import type {
  AgentFact,
  AgentsChange,
  DryRun,
  DryRunOptions,
  Joining,
  MootNode,
  NodeFact,
  Observed,
  StartOptions,
  Status,
  StrayFact,
  SubmitOptions,
  SubmitResult,
} from "./moot-node.ts";
import { Observations } from "./observations.ts";
import { machinesOf, openBlobs, recordsFor, VERSION } from "./parts.ts";
import { type Keys, keysOf, type Membership, needRoots, noticeOf } from "./permissions/mod.ts";
import { isReady } from "./readiness.ts";
import { type Journal, recordsOf } from "./records/mod.ts";
import { resultOf } from "./reporting.ts";
import { agentsShown, ownAgents, standingShown } from "./standings.ts";
import type { Store } from "./store/mod.ts";
import { misfitOf, sizeOf, skillOf, submit } from "./submitting.ts";
import { Vitals } from "./vitals.ts";

const GRACE_MS = 30_000;
const POLL_MS = 50;
/** An agent that takes longer to start is not on the first card. */
const AGENTS_START_MS = 3_000;

export class RunningNode implements MootNode {
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
  readonly #onRefused = (from: PeerId, clause: string, detail: string): void =>
    this.#options.onRefused?.(from, clause, detail);
  readonly #observations: Observations;
  readonly #life = new Lifetime((fact) => this.#tell(fact));
  readonly #vitals = new Vitals();
  #host: StreamingHost | undefined;
  #blobs: Blobs | undefined;
  #peer: Peer | undefined;
  #journal: Journal | undefined;
  #stopping: Promise<void> | undefined;
  #addrs = "";

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
    this.#observations = new Observations(parts.store);
    this.#driver = new Driver({
      store: parts.store,
      onFact: (fact) => this.#observations.tell(fact),
      onRefused: this.#onRefused,
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
    const records = recordsFor(config, this.#onTrouble);
    if (records !== undefined) {
      this.#work.recordTo(records);
      void records.start();
    }
    const blobPorts = { self: this.self, peer: () => this.#peer, onRefused: this.#onRefused };
    this.#blobs = await openBlobs(config, blobPorts);
    this.#work.fetchWith(this.#blobs);
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
      events: arrivals(driver, {
        onStore: (task) => this.#keepsSoon(task),
        onRefused: this.#onRefused,
        onChanged: () => this.#changed(),
      }),
    });
    this.#host = host;
    await this.#blobs.begin(host);
    await this.#work.started(AGENTS_START_MS);
    const addrs = host.addrs();
    const permissions = this.#membership?.permissions;
    const resting = this.#work.resting();
    const onto = { self: this.self, network: this.#network, seal: parts.seal, addrs, agents, resting, permissions };
    const { peer, driven, journal } = machinesOf(config, onto, this.#onTrouble);
    this.#journal = journal;
    this.#peer = peer;
    this.#addrs = addrs.join();
    this.#work.watch({
      onOffer: (specs, resting) => {
        const agents = specs.map(cardOf);
        host.hear(shardsOf(agents));
        driver.push({ type: "agents", agents, resting });
      },
      onStanding: (agent, { state, why }) => this.#tell({ type: "agent", agent, state, why }),
      onStray: (agent, { task: run, message, stack, late }) =>
        this.#tell({ type: "stray", agent, run, message, stack, late }),
    });
    this.#life.become("ready");
    driver.begin({ peer: driven, host, work: this.#work, kept: parts.kept });
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
      onDenied: (peer, why) => this.#onRefused(peer, "PERM-2", why),
      onBarred: this.#onTrouble,
    });
  }

  #tell(fact: NodeFact | AgentFact | StrayFact): void {
    this.#observations.tell({ ...fact, at_ms: Date.now(), node: this.self });
  }

  #changed(): void {
    const addrs = this.#host?.addrs() ?? [];
    if (addrs.join() === this.#addrs || this.#life.state !== "ready") return;
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
      ...this.#life.shown(),
      meshReady: this.#meshReady(),
      connections: this.#running.connections().length,
      agents: agentsShown(this.#work.agents(), busy, this.#life.draining_ms),
      tasks: this.#machines.counts(),
      process: this.#vitals.read(),
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
    if (this.#life.state !== "ready") return false;
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
      young: () => this.#life.isYoung,
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

  async cancel(task: TaskId): Promise<void> {
    const answer = await this.#driver.ask((ref) => ({ type: "cancel", ref, task }));
    if (!answer.ok) throw new Fault(answer.reason, answer.message);
  }

  async outcome(task: TaskId, signal?: AbortSignal): Promise<SubmitResult> {
    const known = this.#result(task);
    if (known !== undefined) return known;
    if (this.#machines.task(task) === undefined) throw unknownTask(task);
    await this.#observations.decided(task, signal);
    const result = this.#result(task);
    if (result === undefined) throw unknownTask(task);
    return result;
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
    return this.#observations.of(task);
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
    const denied = machines.denial({ skill, ...sizeOf(options) });
    const own = ownAgents(this.#work.agents(), machines.load(), this.#life.draining_ms);
    return dryRunOf({ self: this.self, own, denied, skill, contract, budget, ...known, misfit: misfitOf(input) });
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
    return this.#observations.watch(listener);
  }

  // --- the end ---

  stop({ grace_ms = GRACE_MS }: { readonly grace_ms?: number } = {}): Promise<void> {
    // Without machines nothing was taken that could be drained.
    this.#stopping ??= this.#peer === undefined ? this.#close() : this.#stop(grace_ms);
    return this.#stopping;
  }

  /** Takes no new work, lets what runs end and be decided, tells the others, closes. */
  async #stop(grace_ms: number): Promise<void> {
    this.#life.become("draining");
    this.#driver.push({ type: "drain" });
    for (const { spec, standing } of this.#work.agents()) {
      const { state, why } = standingShown(standing, this.#life.draining_ms);
      if (state !== standing.state) this.#tell({ type: "agent", agent: spec.name, state, why });
    }
    const proposing = () => this.#machines.working() > 0;
    await drained({ driver: this.#driver, work: this.#work, proposing }, grace_ms);
    await this.#close();
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
    if (this.#life.state !== "failed") this.#life.become("stopped");
    this.#observations.close();
  }

  #fatal(error: unknown): void {
    if (this.#life.state !== "failed") this.#life.become("failed", messageOf(error));
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

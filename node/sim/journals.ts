/**
 * `moot sim --journal`: what the nodes of a real network noted, seen as a run of the simulator's. Each journal is played into a peer of
 * this code, and every effect compared; then the lives of all nodes are laid side by side, a message never before it was sent, as
 * evidence for the simulator's checkers, which judge the promises over all of them. Reads files alone.
 *
 * Time is what the nodes' calendars said, as far as it agrees with that order. The modelled network has no part in it: what was lost
 * on the way is what the journals say was lost.
 */
import { readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { type Effect, Peer, type PeerEvent, type PeerId, type PeerOptions } from "../../protocols/mod.ts";
import { type Breach, checkSafety, finished, oneOutcome, type PeerSpec, type Run } from "../../sim/mod.ts";
import { Fault } from "../fault.ts";
import { type JournalVerdict, type MakePeer, replayJournal } from "../records/journal-replay.ts";
import { journalsIn, partsIn } from "../records/places.ts";
import { Journal } from "../virtual/journal.ts";
import { Witness } from "../virtual/witness.ts";
import { SIM } from "./limits.ts";

/** One event of a node, and what its machines answered. */
interface Step {
  readonly event: PeerEvent;
  readonly effects: readonly Effect[];
}

export interface Life {
  readonly folder: string;
  readonly peer: PeerId;
  readonly verdict: JournalVerdict;
  readonly options: PeerOptions;
  readonly steps: readonly Step[];
}

export interface Judged {
  readonly lives: readonly Pick<Life, "folder" | "peer" | "verdict">[];
  readonly nodes: number;
  readonly tasks: number;
  /** Why only some promises were judged; absent: all that hold at every instant were. */
  readonly partly?: string;
  /** Absent when a journal diverged: then there is nothing to judge. */
  readonly breaches?: readonly Breach[];
  /** Messages that one of these nodes heard from another, and such as none was seen to send. */
  readonly heard: { readonly matched: number; readonly unsent: number };
  /** Of all that was told and said, in its order. */
  readonly traceHash: string;
}

/** `places`: lives of nodes, their folders of journals, or their data folders. `make`: as in `replayJournal`. Throws Fault "usage", "too-large" or "store-damaged". */
export function judgeJournals(places: readonly string[], make: MakePeer = (options) => new Peer(options)): Judged {
  const folders = places.flatMap(livesAt);
  const bytes = folders.flatMap(partsIn).reduce((sum, part) => sum + statSync(part).size, 0);
  if (bytes > SIM.journal_bytes)
    throw new Fault("too-large", `the journals have ${bytes} bytes; at most ${SIM.journal_bytes} are judged together`, {
      remedy: "name single lives of the nodes (<data>/journal/<life>), or play one with moot replay",
    });
  const lives = folders.map((folder) => played(folder, make));
  const told = lives.map(({ folder, peer, verdict }) => ({ folder, peer, verdict }));
  const nodes = [...new Set(lives.map(({ peer }) => peer))];
  const scene = new Scene(lives, nodes);
  if (lives.some(({ verdict }) => verdict.verdict === "diverged"))
    return { lives: told, nodes: nodes.length, tasks: 0, heard: scene.heard, traceHash: "" };
  scene.play();
  const { evidence } = scene.witness;
  const partly = whyPartly(lives, scene);
  const breaches = partly === undefined ? checkSafety(scene) : [...oneOutcome(evidence), ...finished(evidence)];
  const tasks = evidence.tasks().length;
  const { heard } = scene;
  const traceHash = scene.witness.journal.digest;
  return {
    lives: told,
    nodes: nodes.length,
    tasks,
    ...(partly === undefined ? {} : { partly }),
    breaches,
    heard,
    traceHash,
  };
}

function livesAt(place: string): string[] {
  const path = resolve(place);
  if (partsIn(path).length > 0) return [path];
  const found = [path, journalsIn(path)].flatMap((home) =>
    (statSync(home, { throwIfNoEntry: false })?.isDirectory() === true ? readdirSync(home) : [])
      .map((name) => join(home, name))
      .filter((folder) => /^\d{1,16}$/.test(basename(folder)) && partsIn(folder).length > 0),
  );
  if (found.length > 0) return found.sort((one, other) => Number(basename(one)) - Number(basename(other)));
  const remedy = "name a node's data folder, <data>/journal, or one life in there; moot up --journal makes them";
  throw new Fault("usage", `${place} holds no journal`, { remedy });
}

function played(folder: string, make: MakePeer): Life {
  const steps: Step[] = [];
  const made: PeerOptions[] = [];
  const verdict = replayJournal(folder, (options) => {
    made.push(options);
    const peer = make(options);
    return {
      receive: (event) => {
        const effects = peer.receive(event);
        steps.push({ event, effects });
        return effects;
      },
    };
  });
  const [options] = made;
  if (options === undefined) throw new Fault("store-damaged", `the journal ${folder} ends before it begins`);
  return { folder, peer: options.self, verdict, options, steps };
}

/** What is missing would look like a breach: an award that nobody is seen to have made, a vote that nobody gave. */
function whyPartly(lives: readonly Life[], { witness }: Scene): string | undefined {
  const cut = lives.find(({ verdict }) => !verdict.whole);
  if (cut !== undefined) return `${cut.folder} has no end: its node was killed, and its last moments are in no journal`;
  const firsts = lives.filter((life) => lives.find(({ peer }) => peer === life.peer) === life);
  const old = firsts.find(({ steps: [first] }) => first?.event.type === "start" && first.event.kept.length > 0);
  if (old !== undefined) return `${old.folder} is not the first life of its node`;
  const { evidence } = witness;
  for (const { facts } of evidence.tasks())
    for (const { fact } of facts) {
      const named = fact.type === "submitted" ? fact.custodians : fact.type === "awarded" ? [fact.contractor] : [];
      const absent = named.find((peer) => evidence.nodeOf(peer) === undefined);
      if (absent !== undefined) return `there is no journal of ${absent}, which took part`;
    }
  return undefined;
}

/** All lives side by side. */
class Scene {
  readonly hosts: readonly {
    readonly index: number;
    readonly id: PeerId;
    readonly spec: PeerSpec;
    readonly peer: undefined;
  }[];
  readonly heard = { matched: 0, unsent: 0 };
  readonly #clock = { now_us: 0 };
  readonly witness: Witness;
  readonly #queues: readonly { life: Life; at: number }[][];
  /** Sent by one of the nodes to another, and not heard yet. */
  readonly #underWay = new Map<string, number>();
  readonly #runs = new Map<string, Run>();
  readonly #nodes: readonly PeerId[];
  readonly #indexes: ReadonlyMap<string, number>;
  #first_ms: number | undefined;

  constructor(lives: readonly Life[], nodes: readonly PeerId[]) {
    this.#nodes = nodes;
    this.#indexes = new Map(nodes.map((peer, index) => [peer, index]));
    this.witness = new Witness(this.#clock, new Journal((peer) => this.indexOf(peer), false));
    this.#queues = nodes.map((peer) => lives.filter((life) => life.peer === peer).map((life) => ({ life, at: 0 })));
    this.hosts = nodes.map((id, index) => {
      const agents = lives.findLast(({ peer }) => peer === id)?.options.agents ?? [];
      // A disk that takes its time: what a real node notes comes after what it tells.
      return { index, id, spec: { agents, durable: true, sync_us: 1 }, peer: undefined };
    });
  }

  get evidence(): Witness["evidence"] {
    return this.witness.evidence;
  }
  get now(): number {
    return this.#clock.now_us / 1000;
  }
  indexOf(peer: string): number {
    return this.#indexes.get(peer) ?? -1;
  }

  play(): void {
    for (let node = this.#next(); node !== undefined; node = this.#next()) this.#step(node);
  }

  /** Whose turn it is: the earliest whose message was sent; when all wait for what nobody sent, the earliest of all. */
  #next(): number | undefined {
    const heads = this.#queues.flatMap(([first], node) => {
      const step = first?.life.steps[first.at];
      return step === undefined ? [] : [{ node, step, wall: step.event.wall }];
    });
    heads.sort((one, other) => one.wall - other.wall);
    return (heads.find(({ node, step }) => this.#mayBe(node, step.event)) ?? heads[0])?.node;
  }

  #mayBe(node: number, event: PeerEvent): boolean {
    if (event.type !== "message" || this.indexOf(event.from) < 0) return true;
    return (this.#underWay.get(wayOf(event.from, this.#nodes[node], event.message)) ?? 0) > 0;
  }

  #step(node: number): void {
    const [head] = this.#queues[node] ?? [];
    const step = head?.life.steps[head.at];
    if (head === undefined || step === undefined) return;
    const { event, effects } = step;
    this.#first_ms ??= event.wall;
    this.#clock.now_us = Math.max(this.#clock.now_us, 1000 * (event.wall - this.#first_ms));
    if (head.at === 0) this.witness.came({ index: node, id: head.life.peer });
    this.#hear(node, event);
    this.witness.told({ index: node, peer: undefined }, event, effects);
    for (const effect of effects) this.#perform(node, effect);
    head.at += 1;
    if (head.at < head.life.steps.length) return;
    this.witness.went({ index: node, syncing: 0 });
    this.#queues[node]?.shift();
  }

  #hear(node: number, event: PeerEvent): void {
    if (event.type === "ran") this.#ended(`${node} ${event.task} ${event.fence}`, "ran");
    if (event.type !== "message" || this.indexOf(event.from) < 0) return;
    const { message } = event;
    // Also what a killed conductor sent: its award is in the hands of whoever got it.
    if (message.type === "accept-proposal" || message.type === "accept")
      this.evidence.award({ at: this.now, node: this.indexOf(event.from) }, message.award);
    const way = wayOf(event.from, this.#nodes[node], message);
    const left = this.#underWay.get(way) ?? 0;
    this.heard[left > 0 ? "matched" : "unsent"] += 1;
    if (left > 1) this.#underWay.set(way, left - 1);
    else this.#underWay.delete(way);
  }

  #perform(node: number, effect: Effect): void {
    this.witness.effect(node, effect);
    if (effect.type === "send" && this.indexOf(effect.to) >= 0) {
      const way = wayOf(this.#nodes[node], effect.to, effect.message);
      this.#underWay.set(way, (this.#underWay.get(way) ?? 0) + 1);
    }
    if (effect.type === "stop") this.#ended(`${node} ${effect.task} ${effect.fence}`, "stopped");
    if (effect.type !== "run") return;
    const { task, agent, skill, input, fence, left_ms } = effect;
    const run: Run = {
      ...{ node, task, agent, skill, input, fence, left_ms },
      ...{ deaf: false, started: this.now, ended: undefined, end: undefined },
    };
    this.#runs.set(`${node} ${task} ${fence}`, run);
    this.witness.started(run);
  }

  #ended(key: string, end: "ran" | "stopped"): void {
    const run = this.#runs.get(key);
    if (run === undefined) return;
    this.#runs.delete(key);
    run.ended = this.now;
    run.end = end;
    this.witness.ended(run);
  }
}

/** The same message, once on its way and once arrived: its fields may have been put in another order meanwhile. */
function wayOf(from: PeerId | undefined, to: PeerId | undefined, message: object): string {
  return `${from} ${to} ${sorted(JSON.parse(JSON.stringify(message)))}`;
}

function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "";
  const fields = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}:${sorted(inner)}`);
  return `{${fields.sort().join()}}`;
}

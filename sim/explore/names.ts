/** Who and what people read about: peers by name, tasks by number. Learns a task when its initiator says that it is submitted. */
import { ballotText, type OutcomeDocument, type PeerId, type TaskId } from "../../protocols/mod.ts";
import { peerName } from "../host.ts";
import { must, type SmallWorld } from "./small-world.ts";

export class Names {
  readonly peers: readonly PeerId[];
  readonly #world: SmallWorld;
  readonly #outcomes = new Map<string, string>();
  readonly #told = new Map<string, number>();
  readonly #tasks = new Map<TaskId, { readonly index: number; readonly custodians: readonly number[] }>();

  constructor(world: SmallWorld) {
    this.#world = world;
    this.peers = world.peers.map((_, index) => peerName(index));
  }

  id(peer: number): PeerId {
    return must(this.peers[peer]);
  }
  indexOf(peer: PeerId): number {
    return this.peers.indexOf(peer);
  }
  name(peer: number): string {
    return must(this.#world.peers[peer]).name;
  }
  nameOf(peer: PeerId): string {
    return this.name(this.indexOf(peer));
  }

  /** Its initiator and the first two others: who should keep it. */
  custodiansFor(task: number): readonly number[] {
    const { by } = must(this.#world.tasks[task]);
    return [by, ...this.peers.keys().filter((peer) => peer !== by)].slice(0, 3);
  }
  learn(task: TaskId, index: number, custodians: readonly PeerId[]): void {
    this.#tasks.set(task, { index, custodians: custodians.map((custodian) => this.indexOf(custodian)) });
  }
  /** Its number among the tasks of the world. */
  task(task: TaskId): number {
    return must(this.#tasks.get(task)).index;
  }
  custodians(task: number): readonly number[] {
    for (const { index, custodians } of this.#tasks.values()) if (index === task) return custodians;
    return [];
  }
  /** The same words for the same document, other words for any other. */
  outcome(document: OutcomeDocument): string {
    const key = JSON.stringify(document);
    const known = this.#outcomes.get(key);
    if (known !== undefined) return known;
    const { status, ballot, contractor, task } = document;
    const by = contractor === undefined ? this.custodians(this.task(task))[ballot.custodian] : this.indexOf(contractor);
    const words = `${status} by ${this.name(must(by))} in ${ballotText(ballot)}`;
    const times = (this.#told.get(words) ?? 0) + 1;
    this.#told.set(words, times);
    const text = times === 1 ? words : `${words} (version ${times})`;
    this.#outcomes.set(key, text);
    return text;
  }
  /** A task submitted at another time of its initiator's clock has another id: all of them. */
  ids(task: number): TaskId[] {
    return [...this.#tasks].filter(([, { index }]) => index === task).map(([id]) => id);
  }
}

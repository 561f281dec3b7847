/**
 * What a peer is to the others: the agents and addresses that its card offers, whether it rests or leaves, and the neighbours through
 * whom it learns of theirs. Performs what its directory wants. Woken by its user, by connections and by the directory's clock. Who is
 * known is the directory's business, and what a neighbour may do the rules'.
 */
import type { Candidate } from "../auction/mod.ts";
import type { AgentCard, Directory, DirectoryEffect } from "../directory/mod.ts";
import { LIMITS, type PeerId, type Skill, shardOf } from "../kernel/mod.ts";
import type { PeerOptions } from "./contract.ts";
import type { Post } from "./post.ts";
import type { Rules } from "./rules.ts";
import type { Works } from "./works.ts";

export interface PresenceOptions extends Pick<PeerOptions, "addrs" | "agents" | "resting"> {
  readonly post: Post;
  readonly directory: Directory;
  readonly works: Works;
  readonly rules: Rules | undefined;
}

export class Presence {
  readonly #post: Post;
  readonly #directory: Directory;
  readonly #works: Works;
  readonly #rules: Rules | undefined;
  #addrs: readonly string[];
  #agents: readonly AgentCard[];
  /** Names of agents that cannot serve just now. */
  #resting: ReadonlySet<string>;
  #leaving = false;

  constructor({ post, directory, works, rules, addrs, agents, resting }: PresenceOptions) {
    this.#post = post;
    this.#directory = directory;
    this.#works = works;
    this.#rules = rules;
    this.#addrs = addrs;
    this.#agents = agents;
    this.#resting = new Set(resting);
  }

  get agents(): readonly AgentCard[] {
    return this.#agents;
  }
  get leaving(): boolean {
    return this.#leaving;
  }

  /** Who could be called, as far as rights go (PERM-7). */
  candidates(skill: Skill): readonly Candidate[] {
    const candidates = this.#directory.candidates(skill);
    const rules = this.#rules;
    return rules === undefined ? candidates : candidates.filter(({ peer }) => rules.mayWork(peer, skill));
  }

  // --- its own card ---

  /** `seq`: of the last card before a restart. */
  start(seq: number): void {
    this.#bidWithAgents();
    this.#offer(seq);
  }

  serve(agents: readonly AgentCard[], resting: readonly string[] | undefined): void {
    this.#agents = agents;
    this.#resting = new Set(resting);
    this.#bidWithAgents();
    this.#offer(0);
  }

  move(addrs: readonly string[]): void {
    this.#addrs = addrs;
    this.#offer(0);
  }

  renew(chain: readonly string[]): void {
    this.#rules?.renew(chain);
    this.#offer(0);
  }

  leave(): void {
    this.#leaving = true;
    this.#works.bid({ type: "drain", now: this.#post.at.now });
    this.direct({ ...this.#post.at, type: "leave" });
  }

  #bidWithAgents(): void {
    this.#works.rest(this.#resting);
    this.#works.bid({ type: "agents", now: this.#post.at.now, agents: this.#agents });
  }

  #offer(seq: number): void {
    const agents = this.#leaving ? [] : this.#agents.filter(({ name }) => !this.#resting.has(name));
    this.direct({ ...this.#post.at, type: "offer", agents, addrs: this.#addrs, seq, grants: this.#rules?.chain });
  }

  // --- neighbours and their cards ---

  connected(peer: PeerId): void {
    this.direct({ ...this.#post.at, type: "connected", peer });
    this.#rules?.greet(peer);
  }

  disconnected(peer: PeerId): void {
    this.#rules?.gone(peer);
    this.direct({ ...this.#post.at, type: "disconnected", peer });
  }

  need(skill: Skill): void {
    this.direct({ ...this.#post.at, type: "need", skill, enough: LIMITS.directed_candidates });
  }

  noteLoad(peer: PeerId, load_permille: number): void {
    this.#directory.noteLoad(peer, load_permille);
  }

  direct(event: Parameters<Directory["receive"]>[0]): void {
    for (const effect of this.#directory.receive(event)) this.#perform(effect);
    this.#post.remind("directory", this.#directory.deadline());
  }

  #perform(effect: DirectoryEffect): void {
    switch (effect.type) {
      case "send":
        return this.#post.send(effect.to, effect.message);
      case "met": {
        const { agents } = effect.card;
        const skills = agents.flatMap((agent) => agent.skills.map(({ name }) => name));
        return this.#post.note({ type: "met", peer: effect.peer, agents: agents.map(({ name }) => name), skills });
      }
      case "left":
        return this.#post.note({ type: "left", peer: effect.peer });
      case "keep":
      case "advertise":
      case "learned":
      case "look-up":
      case "fetch-card":
      case "hang-up":
      case "refuse":
        return this.#post.push(effect);
    }
  }
}

/** The announcement shards that a peer with these agents listens to. */
export function shardsOf(agents: readonly AgentCard[]): number[] {
  const shards = agents.flatMap(({ skills }) => skills.map(({ name }) => shardOf(name)));
  return [...new Set(shards)].sort((left, right) => left - right);
}

/**
 * A peer: all its machines behind one door. Events come in from the driver, are handed to the part they concern, and what
 * the machines want comes out as one ordered list of effects. Messages to itself are delivered at once, before anything else, so
 * a peer that is initiator, custodian and contractor of one task needs no network for it.
 *
 * It is woken by everything; its own time is a timetable of its machines' deadlines behind one alarm. It decides nothing itself
 * but whether a task may be submitted here.
 */
import type { Candidate } from "../auction/mod.ts";
import { type CardDocument, Directory } from "../directory/mod.ts";
import { type PeerId, Random, type Signed, type Skill, type TaskId } from "../kernel/mod.ts";
import type { Revocation, Verdict } from "../permissions/mod.ts";
import { Alarms } from "./alarms.ts";
import { isBelow, submitBelow } from "./below.ts";
import { Calls } from "./calls.ts";
import type { Effect, PeerEvent, PeerOptions, Request } from "./contract.ts";
import { Custodies } from "./custodies.ts";
import { Messages } from "./messages.ts";
import type { Parts } from "./parts.ts";
import { Post } from "./post.ts";
import { Presence, shardsOf } from "./presence.ts";
import { restore } from "./restoring.ts";
import { Rules } from "./rules.ts";
import { Topics } from "./topics.ts";
import type { KnownPeer, TaskView } from "./view.ts";
import { Works } from "./works.ts";

export class Peer {
  readonly #parts: Parts;
  readonly #post: Post;
  readonly #directory: Directory;
  /** Who may do what; undefined where everybody may do everything. */
  readonly #rules: Rules | undefined;
  readonly #works: Works;
  readonly #presence: Presence;
  readonly #custodies: Custodies;
  readonly #messages: Messages;
  readonly #topics: Topics;
  readonly #alarms: Alarms;

  constructor(options: PeerOptions) {
    const { self, network, seal, seed, addrs, agents, resting } = options;
    const random = new Random(seed);
    const post = new Post(self);
    const admits = (card: Signed<CardDocument>, wall: number) => this.#rules?.admitsCard(card, wall) ?? true;
    const directory = new Directory({ ...options, random, admits });
    const rules = rulesOf(options, post, directory);
    const works = new Works({ post, network, seal, random, directory, rules });
    const presence = new Presence({ post, directory, works, rules, addrs, agents, resting });
    const calls = new Calls({ post, works, rules });
    const custodies = new Custodies({
      post,
      network,
      seal,
      random,
      rules,
      candidates: (skill) => presence.candidates(skill),
      eligible: (known) => directory.eligible(known),
      fellows: (count, nonce) => directory.custodians(count, nonce),
      announced: (cfp, sealed) => {
        presence.need(cfp.skill);
        calls.receive({ conductor: self, cfp, reach: "wide", sealed });
      },
    });
    const parts = { post, presence, calls, works, custodies, rules };
    const messages = new Messages(parts);
    this.#parts = parts;
    this.#post = post;
    this.#directory = directory;
    this.#rules = rules;
    this.#works = works;
    this.#presence = presence;
    this.#custodies = custodies;
    this.#messages = messages;
    this.#topics = new Topics(parts);
    this.#alarms = new Alarms(parts, messages);
  }

  // --- reading ---

  tasks(): readonly TaskView[] {
    return this.#custodies.views();
  }
  counts(): { readonly open: number; readonly decided: number } {
    return this.#custodies.counts();
  }
  task(id: TaskId): TaskView | undefined {
    return this.#custodies.view(id);
  }
  known(): readonly KnownPeer[] {
    return this.#directory.known(this.#post.at.now);
  }
  candidates(skill: Skill): readonly Candidate[] {
    return [...this.#presence.candidates(skill)];
  }
  /** The custodians that a task with this nonce would get now, this peer first. */
  custodians(wanted: 1 | 3 | 5 | undefined, nonce: string): readonly PeerId[] {
    return this.#custodies.named(wanted, nonce);
  }
  /** Why it may not announce such a task; undefined: it may. */
  denial({
    skill,
    input_bytes,
    deadline_ms,
  }: Pick<Request, "skill" | "input_bytes" | "deadline_ms">): string | undefined {
    return this.#rules?.deniesOwn(skill, input_bytes, deadline_ms);
  }
  /** Committed work per agent: held for bids and running. */
  load(): readonly { readonly agent: string; readonly busy: number; readonly concurrency: number }[] {
    return this.#works.load();
  }
  /** Tasks it works on, or has results of that are not decided yet. */
  working(): number {
    return this.#works.size;
  }
  /** How much it holds. `timers`: deadlines that are set, `entries`: with those that no longer count. */
  sizes() {
    const { waiting: pending, timetable } = this.#post;
    const time = { pending, timers: timetable.size, entries: timetable.entries };
    return { ...this.#directory.sizes(), ...this.#works.sizes(), ...this.#custodies.sizes(), ...time };
  }
  /** The announcement shards of its own skills. */
  topics(): readonly number[] {
    return shardsOf(this.#presence.agents);
  }

  // --- rights ---

  /** What a chain is worth in that peer's hands; undefined where nobody asks. */
  judge(peer: PeerId, chain: readonly string[], wall: number): Verdict | undefined {
    return this.#rules?.judge(peer, chain, wall);
  }
  /** What that peer may do, by what it showed or its card says; undefined where nobody asks. */
  rights(peer: PeerId, wall: number): Verdict | undefined {
    return this.#rules?.rightsOf(peer, wall);
  }
  /** Whether that peer may read data that these tasks refer to; where nobody asks for rights everybody may. */
  mayRead(peer: PeerId, tasks: readonly TaskId[], wall: number): boolean {
    return this.#rules?.mayRead(peer, tasks, wall) ?? true;
  }
  revocations(): readonly Revocation[] {
    return this.#rules?.revocations() ?? [];
  }

  // --- events ---

  receive(event: PeerEvent): readonly Effect[] {
    this.#post.at = { now: event.now, wall: event.wall };
    this.#alarms.ring();
    this.#dispatch(event);
    this.#messages.deliver();
    this.#alarms.set(event.type === "alarm");
    return this.#post.take();
  }

  #dispatch(event: PeerEvent): void {
    const { now, wall } = event;
    switch (event.type) {
      case "start":
        return restore(this.#parts, event.kept);
      case "alarm":
        return;
      case "message":
        return this.#messages.receive(event.from, event.message);
      case "heard":
        return this.#topics.receive(event.signer, event.document);
      case "connected":
        return this.#presence.connected(event.peer);
      case "disconnected":
        return this.#presence.disconnected(event.peer);
      case "presented":
        return this.#rules?.present(event.peer, event.chain);
      case "granted":
        return this.#presence.renew(event.chain);
      case "unreachable":
        this.#presence.direct({ now, wall, type: "unreachable", peer: event.peer });
        return this.#custodies.unreachable(event.peer);
      case "submit":
        return this.#submit(event.ref, event.request);
      case "cancel":
        return this.#custodies.cancel(event.ref, event.task);
      case "progress":
      case "partial":
        return this.#works.step(event.task, event);
      case "ran":
        return this.#works.step(event.task, event);
      case "agents":
        return this.#presence.serve(event.agents, event.resting);
      case "stuck":
        return this.#works.bid({ type: "stuck", now, agent: event.agent, places: event.places });
      case "found":
        return this.#presence.direct({ now, wall, type: "found", peers: event.peers });
      case "card":
        return this.#presence.direct({ now, wall, type: "card", card: event.card });
      case "addresses":
        return this.#presence.move(event.addrs);
      case "drain":
        return this.#presence.leave();
    }
  }

  #submit(ref: number, request: Request): void {
    // What still runs may finish what it began.
    if (this.#presence.leaving && request.lineage === undefined) {
      this.#post.answer(ref, { ok: false, reason: "draining", message: "this node is shutting down" });
      return;
    }
    const { skill } = request;
    const denied = this.denial(request);
    if (denied !== undefined) {
      this.#post.answer(ref, {
        ok: false,
        reason: "denied",
        message: `this node may not announce ${skill}: ${denied}`,
      });
      return;
    }
    this.#presence.need(skill);
    if (isBelow(request)) submitBelow(this.#parts, ref, request);
    else this.#custodies.submit(ref, request);
  }
}

function rulesOf({ permissions, network }: PeerOptions, post: Post, directory: Directory): Rules | undefined {
  if (permissions === undefined) return undefined;
  const grants = (peer: PeerId) => directory.grants(peer);
  return new Rules({ post, network, permissions, grants, neighbours: () => directory.neighbours() });
}

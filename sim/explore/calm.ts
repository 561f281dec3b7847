/**
 * P3, from any state: from here on nothing is lost and nobody crashes, messages arrive, handlers end, alarms ring in the order
 * of their times. Then each acknowledged task must have an outcome at every custodian that is up and holds it. Whoever is down
 * stays down where a majority is up without it; else the dead come back.
 */
import { majority, NEVER } from "../../protocols/mod.ts";
import { must, type SmallWorld } from "./small-world.ts";
import type { Move, Space, State } from "./space.ts";
import type { Breach } from "./witness.ts";

/** So many moves without an outcome are no outcome: calm takes some hundred. */
const MOVES_MAX = 5_000;

export class Calm {
  readonly #space: Space;
  readonly #world: SmallWorld;
  /** States from which calm is known to lead to an outcome. */
  readonly #good = new Set<string>();
  /** The moves of the last calm, for its story. */
  moves: Move[] = [];

  constructor(space: Space, world: SmallWorld) {
    this.#space = space;
    this.#world = world;
  }

  settle(from: State): Breach | undefined {
    const space = this.#space;
    const passed: string[] = [];
    this.moves = [];
    let state: State = space.troubled(from, {});
    for (let moves = 0; moves < MOVES_MAX; moves++) {
      const text = state.join();
      if (this.#good.has(text)) break;
      passed.push(text);
      const move = this.#next(state);
      if (move === undefined) break;
      this.moves.push(move);
      const next = space.after(state, move);
      if ("promise" in next) return next;
      state = next;
      if (moves === MOVES_MAX - 1) return { promise: "P3", detail: this.#unsettled(state) };
    }
    for (const text of passed) this.#good.add(text);
    return undefined;
  }

  #next(state: State): Move | undefined {
    const space = this.#space;
    for (const id of space.mails(state)) {
      const mail = space.shop.post.get(id);
      // What cannot be delivered stays where it is, and arrives if its recipient comes back.
      if (space.local(state, mail.to).up) return { type: "event", peer: mail.to, event: { type: "mail", mail } };
    }
    const peers = this.#world.peers.map((_, peer) => ({ peer, local: space.local(state, peer) }));
    const busy = peers.find(({ local }) => local.running.length > 0);
    if (busy !== undefined) return { type: "event", peer: busy.peer, event: { type: "ran", run: 0, retry: false } };
    if (this.#open(state).length === 0) return undefined;
    const missing = this.#missing(state);
    if (missing !== undefined) return { type: "event", peer: missing, event: { type: "start" } };
    let next: { readonly peer: number; readonly at: number } | undefined;
    for (const { peer, local } of peers) {
      if (!local.up || local.alarm === NEVER || (next !== undefined && next.at <= local.alarm)) continue;
      next = { peer, at: local.alarm };
    }
    return { type: "event", peer: must(next).peer, event: { type: "ring", late: false } };
  }

  /** Acknowledged tasks that some custodian holds without an outcome. */
  #open(state: State): number[] {
    const space = this.#space;
    const tasks = this.#world.tasks.map((_, task) => task);
    return tasks.filter((task) => {
      if (!space.shop.witness.acknowledged(space.witness(state), task)) return false;
      const holders = space.shop.names.custodians(task).map((peer) => space.local(state, peer));
      const up = holders.filter((local) => local.up);
      if (up.length < majority(holders.length)) return true;
      return up.some(({ tasks }) => tasks[task]?.knows === false);
    });
  }

  /** Somebody who must come back, or there is no majority. */
  #missing(state: State): number | undefined {
    const space = this.#space;
    for (const task of this.#open(state)) {
      const custodians = space.shop.names.custodians(task);
      const down = custodians.filter((peer) => !space.local(state, peer).up);
      if (custodians.length - down.length < majority(custodians.length)) return down[0];
    }
    return undefined;
  }

  #unsettled(state: State): string {
    const names = this.#open(state).map((task) => `task ${task + 1}`);
    return `${names.join(" and ")}: acknowledged, a majority of the custodians lives, and calm brings no outcome`;
  }
}

/** Where an exploration begins: everybody is up and has everybody's card; perhaps the first task has come some way in peace. */

import { must, type SmallWorld } from "./small-world.ts";
import type { Move, Space, State } from "./space.ts";

const PEACEFUL_MAX = 1_000;

export interface Beginning {
  readonly state: State;
  /** What happened before, all of it peaceful. */
  readonly moves: readonly Move[];
}

export function begin(space: Space, world: SmallWorld): Beginning {
  let state = space.unborn;
  const moves: Move[] = [];
  const go = (move: Move) => {
    const next = space.after(state, move);
    if ("promise" in next) throw new Error(`a promise is broken in peace: ${next.promise}, ${next.detail}`);
    state = next;
    moves.push(move);
  };
  world.peers.forEach((_, peer) => {
    go({ type: "event", peer, event: { type: "start" } });
  });
  const { from = "nothing" } = world;
  if (from !== "nothing") go({ type: "event", peer: must(world.tasks[0]).by, event: { type: "submit", task: 0 } });
  while (!arrived(space, world, state)) {
    // Numbers grow with the order in which things were said first.
    const mail = space.shop.post.get(must(space.mails(state)[0]));
    go({ type: "event", peer: mail.to, event: { type: "mail", mail } });
    if (moves.length > PEACEFUL_MAX) throw new Error(`the first task does not come to be ${from}`);
  }
  return { state: space.troubled(state, world.budgets), moves };
}

function arrived(space: Space, world: SmallWorld, state: State): boolean {
  switch (world.from ?? "nothing") {
    case "nothing":
      return true;
    case "stored":
      return space.shop.witness.acknowledged(space.witness(state), 0);
    case "running":
      return space.mails(state).length === 0;
  }
}

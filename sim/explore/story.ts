/**
 * A broken promise as a story: who said what to whom, in which order. It is played again on fresh machines, so it owes nothing
 * to what the walk remembered.
 */
import { Disk } from "./disk.ts";
import type { Exploration } from "./explore.ts";
import { type LocalEvent, Room } from "./room.ts";
import type { Shop } from "./shop.ts";
import { must, type SmallWorld, START_MS } from "./small-world.ts";
import type { Move } from "./space.ts";
import { done, said } from "./words.ts";

/** A calm that leads nowhere goes on for thousands of moves: so many are told. */
const CALM_MAX = 40;

interface Life {
  room: Room | undefined;
  disk: Disk;
  now: number;
}

export function story({ world, breach, shop }: Exploration): string {
  if (breach === undefined) return `${world.name}: no promise is broken`;
  const teller = new Teller(world, shop);
  const { promise, detail, moves, peaceful, calm } = breach;
  const calm_at = moves.length - calm;
  const lines = ["First, in peace:"];
  for (const move of moves.slice(0, peaceful)) {
    const [line = ""] = teller.tell(move);
    if (move.type !== "event" || move.event.type !== "start") lines.push(`      ${line}`);
  }
  lines.push("Then:");
  moves.slice(peaceful, calm_at + CALM_MAX).forEach((move, index) => {
    if (calm > 0 && peaceful + index === calm_at) lines.push("From here on nothing goes wrong:");
    const [line = "", ...more] = teller.tell(move);
    lines.push(`${String(index + 1).padStart(4)}. ${line}`, ...more.map((one) => `        ${one}`));
  });
  if (calm > CALM_MAX) lines.push(`      … and so on: ${calm} moves of calm`);
  return [`${world.name}: ${world.about}`, ...lines, `Broken: ${promise}. ${detail}.`].join("\n");
}

class Teller {
  readonly #world: SmallWorld;
  readonly #shop: Shop;
  readonly #lives: readonly Life[];

  constructor(world: SmallWorld, shop: Shop) {
    this.#world = world;
    this.#shop = shop;
    this.#lives = world.peers.map(() => ({ room: undefined, disk: Disk.EMPTY, now: START_MS }));
  }

  /** What happened, and what came of it. */
  tell(move: Move): string[] {
    const { names, post } = this.#shop;
    switch (move.type) {
      case "loss": {
        const { from, to, message } = post.get(move.mail);
        return [`lost: ${names.name(from)} → ${names.name(to)}: ${said(message, names)}`];
      }
      case "crash":
        this.#stop(move.peer);
        return [`${names.name(move.peer)} crashes`];
      case "event":
        return this.#happens(move);
    }
  }

  #stop(peer: number): void {
    const life = must(this.#lives[peer]);
    const { disk, now } = must(life.room);
    Object.assign(life, { room: undefined, disk, now });
  }

  #happens({ peer, event, crash, spends }: Extract<Move, { type: "event" }>): string[] {
    const life = must(this.#lives[peer]);
    const what = this.#what(peer, event) + (spends === "copies" ? " (a copy of it will come again)" : "");
    const room = life.room ?? new Room(this.#shop, peer, life);
    const before = room.disk;
    life.room = room;
    try {
      const effects = room.effects(event);
      if (crash === undefined) return [what, ...done(effects, peer, this.#shop.names)];
      const performed = effects.slice(0, crash.performed);
      let disk = before;
      for (const effect of performed) if (effect.type === "keep") disk = disk.with(effect.key, effect.record);
      Object.assign(life, { room: undefined, disk, now: room.now });
      const end = `${this.#shop.names.name(peer)} crashes before it does anything more`;
      return [what, ...done(performed, peer, this.#shop.names), end];
    } catch (error) {
      return [what, `${this.#shop.names.name(peer)} breaks: ${error instanceof Error ? error.message : String(error)}`];
    }
  }

  #what(peer: number, event: LocalEvent): string {
    const { names } = this.#shop;
    const name = names.name(peer);
    switch (event.type) {
      case "start":
        return `${name} starts`;
      case "mail":
        return `${name} hears ${names.name(event.mail.from)}: ${said(event.mail.message, names)}`;
      case "ring": {
        const { alarm = 0 } = must(this.#lives[peer]).room ?? {};
        const late_ms = event.late ? (this.#world.late_ms ?? 0) : 0;
        const late = event.late ? `, ${late_ms} ms late` : "";
        return `${name}'s alarm rings${late}: its clock shows ${(alarm + late_ms) / 1000} s`;
      }
      case "submit":
        return `${name}'s user submits task ${event.task + 1}`;
      case "cancel":
        return `${name}'s user wants task ${event.task + 1} cancelled`;
      case "ran":
        return `${name}'s handler ${event.retry ? "asks for a retry" : "ends"}`;
      case "suspect":
        return `${name} is told that it cannot reach ${names.name(event.peer)}`;
    }
  }
}

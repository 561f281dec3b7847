/** How a peer starts and how its user asks: the events that every room of a small world uses, and the choice of a task's nonce. */
import type { Effect, Instant, PeerEvent, Request } from "../../protocols/mod.ts";
import { digestOf } from "../notary.ts";
import { Disk } from "./disk.ts";
import type { Shop } from "./shop.ts";
import { EPOCH_MS, must, SKILL, START_MS } from "./small-world.ts";

/** With its disk, everybody's card and a connection to everybody. */
export function started(shop: Shop, index: number, found: { readonly disk: Disk; readonly at: Instant }): PeerEvent[] {
  const { disk, at } = found;
  const cards = shop.cardsFor(index);
  const learned = cards.map((card): PeerEvent => ({ ...at, type: "card", card }));
  const met = cards.map(({ signer }): PeerEvent => ({ ...at, type: "connected", peer: signer }));
  return [{ ...at, type: "start", kept: disk.kept }, ...learned, ...met];
}

export function submitted(shop: Shop, task: number, at: Instant): PeerEvent {
  return { ...at, type: "submit", ref: task, request: request(shop, task, shop.nonce(task)) };
}

function request(shop: Shop, task: number, nonce: string): Request {
  const { deadline_ms, lease_ms, attempts_max } = must(shop.world.tasks[task]);
  const input = `"task ${task + 1}"`;
  const named = { skill: SKILL, input, input_digest: digestOf(input), input_bytes: input.length };
  return { ...named, nonce, deadline_ms, lease_ms, attempts_max, reach: "directed", sealed: false, custodians: 3 };
}

const TRIES_MAX = 1_000;

/** Which of equals become custodians depends on the nonce: one is tried after the other until the right ones do. */
export function nonceFor(shop: Shop, task: number): string {
  const { by } = must(shop.world.tasks[task]);
  const wanted = shop.names.custodiansFor(task).map((peer) => shop.names.id(peer));
  const at = { now: START_MS, wall: EPOCH_MS + START_MS };
  for (let tries = 1; tries <= TRIES_MAX; tries++) {
    const nonce = `nonce-${tries}-of-the-task-${task + 1}`;
    const machine = shop.machine(by);
    for (const event of started(shop, by, { disk: Disk.EMPTY, at })) machine.receive(event);
    const effects = machine.receive({ ...at, type: "submit", ref: task, request: request(shop, task, nonce) });
    if (effects.some((effect) => names(effect, wanted))) return nonce;
  }
  throw new Error(`task ${task + 1} never gets the custodians it should have`);
}

function names(effect: Effect, wanted: readonly string[]): boolean {
  if (effect.type !== "note" || effect.fact.type !== "submitted") return false;
  return effect.fact.custodians.join() === wanted.join();
}

/**
 * Where peers stand in the picture of the network: on a circle when they are few, else where springs along their connections and
 * a push between all put them (Fruchterman and Reingold 1991), from the same beginning every time. Pure.
 */
import type { LinkData, NetworkData } from "./client/data.ts";
import type { Frame } from "./frame.ts";

/** What a picture shows without becoming a ball of wool. */
const PEERS_MAX = 400;
const LINKS_MAX = 4_000;
const CIRCLE_MAX = 32;
const ROUNDS = 100;
const GOLDEN = Math.PI * (3 - Math.sqrt(5));

type Place = { x: number; y: number };
type Link = readonly [number, number];

/** Draws those who were spoken of, as many as there is room for, then others up to the same number. */
export function networkOf(frame: Frame): NetworkData {
  const { peers, links } = frame.record;
  const indices = drawn(frame);
  const slots = new Map([...indices].map((index, slot) => [index, slot]));
  const inside = links.flatMap(({ ends: [one, other], spells }): LinkData[] => {
    const [left, right] = [slots.get(one), slots.get(other)];
    if (left === undefined || right === undefined) return [];
    const when = spells.map(({ from, until }): readonly [number, number] => {
      return [frame.at(from), until === undefined ? frame.end_ms : frame.at(until)];
    });
    return [{ ends: [left, right], spells: when }];
  });
  const lines = inside.map(({ ends }) => ends);
  const places = indices.length <= CIRCLE_MAX ? circle(indices.length) : springs(indices.length, lines);
  const shown = inside.filter((_, place) => place % Math.ceil(inside.length / LINKS_MAX) === 0);
  const omitted = [
    indices.length < peers.length ? `${indices.length} of ${peers.length} peers, those with most to do` : "",
    shown.length < inside.length ? `${shown.length} of ${inside.length} connections between them` : "",
  ];
  return {
    places: indices.map((index, slot) => ({ peer: frame.peer(index), ...rounded(places[slot]) })),
    links: shown,
    omitted: omitted.filter((text) => text !== "").join(", "),
  };
}

function drawn(frame: Frame): readonly number[] {
  const { peers, executions, faults } = frame.record;
  if (peers.length <= PEERS_MAX) return peers.map(({ index }) => index);
  const busy = new Map<number, number>();
  for (const { node } of executions) busy.set(node, (busy.get(node) ?? 0) + 1);
  for (const { peers: struck } of faults) for (const peer of struck) busy.set(peer, (busy.get(peer) ?? 0) + 1);
  return peers
    .map(({ index }) => index)
    .toSorted((one, other) => (busy.get(other) ?? 0) - (busy.get(one) ?? 0) || one - other)
    .slice(0, PEERS_MAX)
    .toSorted((one, other) => one - other);
}

/** The first at the top, then clockwise. */
function circle(count: number): readonly Place[] {
  if (count === 1) return [{ x: 0.5, y: 0.5 }];
  return Array.from({ length: count }, (_, slot) => {
    const angle = (2 * Math.PI * slot) / count - Math.PI / 2;
    return { x: 0.5 + Math.cos(angle) / 2, y: 0.5 + Math.sin(angle) / 2 };
  });
}

function springs(count: number, links: readonly Link[]): readonly Place[] {
  const places = Array.from({ length: count }, (_, slot): Place => {
    const far = Math.sqrt((slot + 0.5) / count) / 2;
    return { x: 0.5 + far * Math.cos(slot * GOLDEN), y: 0.5 + far * Math.sin(slot * GOLDEN) };
  });
  const rest = Math.sqrt(1 / count);
  for (let round = 0; round < ROUNDS; round++) relax(places, links, { rest, step: 0.1 * (1 - round / ROUNDS) });
  return stretched(places);
}

/** One round: everybody pushes, connections pull, nobody goes further than a step. */
function relax(places: readonly Place[], links: readonly Link[], { rest, step }: { rest: number; step: number }): void {
  const moves = places.map((): Place => ({ x: 0, y: 0 }));
  const shift = (slot: number, other: number, strength: (far: number) => number) => {
    const [one, two] = [places[slot], places[other]];
    const [move, against] = [moves[slot], moves[other]];
    if (one === undefined || two === undefined || move === undefined || against === undefined) return;
    const far = Math.max(1e-4, Math.hypot(one.x - two.x, one.y - two.y));
    const [dx, dy] = [one.x - two.x, one.y - two.y].map((way) => (way / far) * strength(far));
    move.x += dx ?? 0;
    move.y += dy ?? 0;
    against.x -= dx ?? 0;
    against.y -= dy ?? 0;
  };
  const push = (far: number) => (rest * rest) / far;
  const pull = (far: number) => -(far * far) / rest;
  for (let slot = 0; slot < places.length; slot++)
    for (let other = slot + 1; other < places.length; other++) shift(slot, other, push);
  for (const [one, other] of links) shift(one, other, pull);
  for (const [slot, place] of places.entries()) {
    const { x, y } = moves[slot] ?? place;
    const far = Math.max(1e-9, Math.hypot(x, y));
    // A weak pull to the middle keeps those without connections on the page.
    place.x += (x / far) * Math.min(far, step) - (place.x - 0.5) * 0.02;
    place.y += (y / far) * Math.min(far, step) - (place.y - 0.5) * 0.02;
  }
}

/** To the edges of the square; the few that drifted far off stand at its edge. */
function stretched(places: readonly Place[]): readonly Place[] {
  const within = (values: readonly number[]) => {
    const sorted = Float64Array.from(values).sort();
    const edge = Math.floor(values.length / 50);
    const [low, high] = [sorted[edge] ?? 0, sorted[sorted.length - 1 - edge] ?? 1];
    return (value: number) => Math.min(1, Math.max(0, (value - low) / (high - low || 1)));
  };
  const [wide, high] = [within(places.map(({ x }) => x)), within(places.map(({ y }) => y))];
  return places.map(({ x, y }) => ({ x: wide(x), y: high(y) }));
}

function rounded(place: Place | undefined): Place {
  const { x, y } = place ?? { x: 0.5, y: 0.5 };
  return { x: Math.round(x * 1000) / 1000, y: Math.round(y * 1000) / 1000 };
}

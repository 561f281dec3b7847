/**
 * What peers hold: within the protocol's limits at any time, given back when the work is done, and gone when nobody may ask for it
 * any more. Read from the sizes that machines tell, their disks, and the witness's list of what runs.
 */
import { LIMITS, type Peer } from "../../protocols/mod.ts";
import type { Evidence } from "../evidence.ts";
import type { Host } from "../host.ts";
import type { World } from "../world.ts";
import type { Breach } from "./breach.ts";

type Sizes = ReturnType<Peer["sizes"]>;
type Some = Partial<Record<keyof Sizes, number>>;

/** What has a limit of its own. Places of handlers have the checker of capacity, connections the limits of their host. */
const MOST: Some = {
  needs: LIMITS.receipts_max,
  shelves: LIMITS.receipts_max,
  waiting: LIMITS.account_entries,
  silenced: LIMITS.receipts_max,
  missed: LIMITS.missed_calls,
  callers: LIMITS.receipts_max,
  usage: LIMITS.receipts_max,
  runs: LIMITS.runs_max,
  ran: LIMITS.ran_max,
  custodies: LIMITS.custody_max,
  open: LIMITS.open_max,
  receipts: LIMITS.receipts_max,
  slumps: LIMITS.receipts_max,
  votes: LIMITS.account_entries,
  awards: LIMITS.account_entries,
  account: LIMITS.account_entries,
  // Nothing is left over between two events.
  news: 0,
  pending: 0,
};

/** What is too much at a peer that is up, after an event. `cards_max`: cards of others. */
export function overfull({ index, spec, peer }: Host, cards_max: number = LIMITS.cards_max): readonly string[] {
  if (peer === undefined) return [];
  const sizes = peer.sizes();
  const { custodies, runs, ran, open } = sizes;
  const most: Some = {
    ...MOST,
    // Its own card is one more.
    cards: cards_max + 1,
    absent: sizes.cards,
    submits: open,
    initiators: open,
    stuck: spec.agents.length,
    // One for each machine: the directory, the bidder, what it keeps, what it works on, what it remembers.
    timers: 2 + custodies + runs + ran,
  };
  return wrong({ index, sizes }, most, within);
}

/** What was seen to be too much while the world ran. */
export function memory({ overfull: details }: Evidence): Breach[] {
  return breaches(details);
}

/** For a world at rest: no place is held and no deadline set but for work that goes on and what must be remembered. */
export function checkReleased(world: World): Breach[] {
  return honest(world).flatMap(({ index, peer, running }) => {
    const sizes = peer.sizes();
    const { custodies, ran } = sizes;
    const { size: runs } = running;
    // Beside what is remembered only the directory has a turn to come, which always does.
    const open = peer.tasks().filter(({ state }) => state !== "decided").length;
    const due: Some = { open, holds: 0, waiting: 0, submits: 0, busy: runs, runs, timers: 1 + custodies + ran };
    return breaches(wrong({ index, sizes }, due, exactly));
  });
}

/**
 * Lets pass what is kept for those who may ask again: then nothing is left of any task, in memory or on disk. For worlds whose tasks
 * are all decided; what is not waits a day.
 */
export function checkEmptied(world: World): Breach[] {
  const busy = honest(world).some(({ peer, running }) => peer.sizes().open > 0 || running.size > 0);
  if (busy) return [];
  const last_ms = world.evidence.acknowledged.reduce((last, { due }) => Math.max(last, due), world.now);
  world.run(last_ms - world.now + LIMITS.retention_ms + 2 * LIMITS.clock_tolerance_ms);
  return honest(world).flatMap(({ index, peer, disk }) => {
    const none: Some = { custodies: 0, ran: 0, initiators: 0, timers: 1 };
    const left = [...disk.keys()].filter((key) => key !== "seq");
    const kept = left.length === 0 ? [] : [`peer ${index} still has ${left.join(", ")} on its disk`];
    return breaches([...wrong({ index, sizes: peer.sizes() }, none, exactly), ...kept]);
  });
}

/** What liars hold is their own business. */
function honest({ hosts, evidence }: World) {
  return hosts.flatMap(({ index, peer, running, disk }) =>
    peer === undefined || evidence.liars.has(index) ? [] : [{ index, peer, running, disk }],
  );
}

type Fits = (size: number, wanted: number) => boolean;
const within: Fits = (size, most) => size <= most;
const exactly: Fits = (size, wanted) => size === wanted;

/** The sizes of a peer that are not as they should be. */
function wrong({ index, sizes }: { index: number; sizes: Sizes }, wanted: Some, fits: Fits): string[] {
  const known = new Map<string, number>(Object.entries(sizes));
  return Object.entries(wanted).flatMap(([name, limit]) => {
    const size = known.get(name) ?? 0;
    return fits(size, limit) ? [] : [`peer ${index} has ${size} ${name}, not ${limit}`];
  });
}

function breaches(details: readonly string[]): Breach[] {
  return details.map((detail) => ({ promise: "memory", detail }));
}

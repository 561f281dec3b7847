/**
 * Faults as spells: what was ill, from when to when. What the record does not tell (peers that come late or leave, those that stay
 * dead when the trouble is over) is taken from the scenario, at the time that the peers' own facts allow. Pure.
 */
import type { PlannedFault, RunRecord } from "../../../sim/mod.ts";
import { brief } from "../../cli/output.ts";
import type { Ailment, Spell } from "./client/data.ts";
import type { Frame } from "./frame.ts";

const WHAT_CHARS = 80;
const PEERS_MAX = 64;

/** In the order in which they struck. */
export function spellsOf(frame: Frame): readonly Spell[] {
  const { faults } = frame.record;
  const cuts = faults.filter(({ what }) => ailmentOf(what) === "cut");
  const spells = faults.map((fault): Spell => {
    const ailment = ailmentOf(fault.what);
    const whole_ms = fault.until ?? (ailment === "down" ? frame.record.report.virtualMs : fault.at);
    // Whenever a cut ends, the network is healed as a whole.
    const healed_ms =
      ailment === "cut" ? cuts.reduce((first, { until }) => earlier(first, until, fault.at), whole_ms) : whole_ms;
    return {
      at: frame.at(fault.at),
      until: frame.at(Math.max(fault.at, healed_ms)),
      ailment,
      what: brief(fault.what, WHAT_CHARS),
      peers: fault.peers.slice(0, PEERS_MAX).map((peer) => frame.peer(peer)),
      ...shapeOf(fault, frame),
    };
  });
  return [...spells, ...comings(frame), ...deaths(frame)].toSorted((one, other) => one.at - other.at);
}

function earlier(first: number, until: number | undefined, after: number): number {
  return until !== undefined && until > after && until < first ? until : first;
}

function ailmentOf(what: string): Ailment {
  const [word = ""] = what.split(" ");
  switch (word) {
    case "crash":
    case "leave":
      return "down";
    case "split":
    case "one-way":
    case "ring":
      return "cut";
    case "pause":
    case "slow":
      return "stalled";
    default:
      return "noise";
  }
}

function shapeOf({ at, what }: RunRecord["faults"][number], frame: Frame): Pick<Spell, "shape" | "bridge"> {
  if (what === "one-way") return { shape: "pair" };
  if (what === "ring") return { shape: "ring" };
  if (what !== "split") return {};
  const planned = frame.record.scenario.plan.find((fault): fault is Extract<PlannedFault, { type: "split" }> => {
    return fault.type === "split" && Math.abs(fault.at_ms - frame.at(at)) < 0.5;
  });
  return planned?.bridge === undefined ? { shape: "split" } : { shape: "split", bridge: frame.peer(planned.bridge) };
}

/** Peers of groups that come late or go early. When exactly was drawn in the run: their facts bound it. */
function comings(frame: Frame): Spell[] {
  const { scenario, facts, report } = frame.record;
  const moving = scenario.peers.some(({ joins_ms, leaves_ms }) => joins_ms !== undefined || leaves_ms !== undefined);
  if (!moving) return [];
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  for (const { at, node } of facts) {
    if (!first.has(node)) first.set(node, at);
    last.set(node, at);
  }
  const gone = (from_ms: number, until_ms: number, index: number, what: string): Spell => ({
    at: frame.at(from_ms),
    until: frame.at(until_ms),
    ailment: "down",
    what,
    peers: [frame.peer(index)],
  });
  let index = 0;
  return scenario.peers.flatMap((group) =>
    Array.from({ length: group.count }, () => {
      const spells: Spell[] = [];
      const came_ms = first.get(index) ?? report.virtualMs;
      const went_ms = Math.max(last.get(index) ?? 0, frame.origin_ms + least(group.leaves_ms ?? 0));
      if (group.joins_ms !== undefined) spells.push(gone(0, came_ms, index, "not there yet"));
      if (group.leaves_ms !== undefined) spells.push(gone(went_ms, report.virtualMs, index, "gone for good"));
      index += 1;
      return spells;
    }).flat(),
  );
}

function least(span: number | readonly [number, number]): number {
  return typeof span === "number" ? span : span[0];
}

function deaths(frame: Frame): Spell[] {
  const { dead, trouble_ms } = frame.record.scenario;
  if (dead.length === 0) return [];
  const peers = dead.slice(0, PEERS_MAX).map((peer) => frame.peer(peer));
  return [{ at: trouble_ms, until: frame.end_ms, ailment: "down", what: "stays dead", peers }];
}

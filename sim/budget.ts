/**
 * Whether a scenario stays within what leases forgive: where no contractor is silent for anything like a lease, promise P4 owes
 * nothing, and no two executions of a task overlap; where nobody is, nobody is replaced.
 */
import { NEVER } from "../protocols/mod.ts";
import type { PlannedFault, Scenario, Span } from "./scenario.ts";

/** Silences up to this share of a lease: three renewals fit into one, each late by a pause, an alarm and two messages. */
export const SHARE = 12;

/** `calm`: nobody is silent for long. `attended`: nobody who could be a contractor is, and one custodian at a time. */
export function silenceOf(scenario: Scenario): "calm" | "attended" | "long" {
  const { peers, tasks, network, faults, plan, dead } = scenario;
  const lease_ms = tasks.reduce((least, task) => Math.min(least, low(task.lease_ms)), NEVER);
  const most_ms = lease_ms / SHARE;
  const { loss_permille, muffled, slander_permille, slow_permille, slow_ms, late_ms } = faults;
  const lossless = loss_permille === 0 && muffled.length === 0 && slander_permille === 0;
  const prompt = late_ms <= most_ms && (slow_permille === 0 || slow_ms <= most_ms);
  const { tail_permille, bandwidth_kbps, regions, delay_ms, sync_us } = network;
  const fast = tail_permille === 0 && bandwidth_kbps === 0 && regions === undefined && high(delay_ms) <= most_ms;
  const honest = peers.every(
    (group) => group.silent_permille + group.liars + group.slow_us === 0 && group.leaves_ms === undefined,
  );
  const within = lossless && prompt && fast && sync_us <= 1000 && honest && dead.length === 0;
  if (!within || !rare(plan, lease_ms)) return "long";
  const crashes = plan.flatMap((fault) => (fault.type === "crash" ? [fault] : []));
  if (crashes.length === 0) return "calm";
  // Who comes back counts what is left of a task by its calendar.
  if (plan.some(({ type }) => type === "clock-jump")) return "long";
  return oneByOne(crashes) && crashes.every(({ peer }) => idle(scenario, peer)) ? "attended" : "long";
}

/** Only what hurts nobody, pauses that a lease lies between, and crashes. */
function rare(plan: readonly PlannedFault[], lease_ms: number): boolean {
  let last_ms = Number.NEGATIVE_INFINITY;
  for (const fault of [...plan].sort((left, right) => left.at_ms - right.at_ms)) {
    if (fault.type === "clock-jump" || fault.type === "drain" || fault.type === "crash") continue;
    if (fault.type === "message" && fault.fate === "twice") continue;
    if (fault.type !== "pause" || fault.for_ms > lease_ms / SHARE || fault.at_ms - last_ms < lease_ms) return false;
    last_ms = fault.at_ms;
  }
  return true;
}

/** Each is back for a while before the next goes. */
function oneByOne(crashes: readonly Extract<PlannedFault, { type: "crash" }>[]): boolean {
  let back_ms = Number.NEGATIVE_INFINITY;
  for (const { at_ms, down_ms } of [...crashes].sort((left, right) => left.at_ms - right.at_ms)) {
    if (at_ms < back_ms + BACK_MS) return false;
    back_ms = at_ms + down_ms;
  }
  return true;
}
/** From coming up to having learned what was missed. */
const BACK_MS = 2_000;

/** A peer that works for nobody. */
function idle({ peers }: Scenario, index: number): boolean {
  let first = 0;
  for (const group of peers) {
    if (index < first + group.count) return group.skills.length === 0;
    first += group.count;
  }
  return true;
}

function low(span: Span): number {
  return typeof span === "number" ? span : span[0];
}
function high(span: Span): number {
  return typeof span === "number" ? span : span[1];
}

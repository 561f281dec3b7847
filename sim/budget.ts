/**
 * Whether a scenario stays within what leases forgive: where no contractor is silent for anything like a lease, promise P4 owes
 * nothing, and no two executions of a task overlap; where nobody is, nobody is replaced. And whether copies are all that goes
 * wrong in it, in a world where chance has no say in who is chosen: there copies may change nothing.
 */
import { LIMITS, NEVER } from "../protocols/mod.ts";
import { NO_FAULTS } from "./faults.ts";
import type { PlannedFault, Scenario, Span, TaskGroup } from "./scenario.ts";

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

/** From the deadline of a task to its end, and from a late copy of a call until the place it took is free. */
export const END_MS = 3_000;

/**
 * Whether messages that come twice are the only faults of this scenario, and all else is the same without them: delays do not
 * vary; everybody who could do a task is asked, so that nobody is drawn by lot; handlers end; no lease lapses, which a late
 * renewal could take up again; and each task is over, with its late copies, before the next begins, so that a place that a copy
 * holds for a moment is held against nobody.
 */
export function onlyCopies({ peers, tasks, network, faults, plan, dead }: Scenario): boolean {
  const { duplicate_permille, slow_ms, ...others } = faults;
  const { duplicate_permille: _, slow_ms: __, ...none } = NO_FAULTS;
  const rates = JSON.stringify(others) === JSON.stringify(none);
  const copies = plan.every((fault) => fault.type === "message" && fault.fate === "twice");
  const count = peers.reduce((sum, group) => sum + group.count, 0);
  const steady = peers.every(
    (group) =>
      group.liars + group.silent_permille + group.stall_permille + group.deaf_permille + group.slow_us === 0 &&
      group.joins_ms === undefined &&
      group.leaves_ms === undefined,
  );
  const { delay_ms, regions = [], tail_permille, bandwidth_kbps, sync_us, topology } = network;
  const lease_ms = tasks.reduce((least, task) => Math.min(least, low(task.lease_ms)), NEVER);
  const prompt = SHARE * (high(delay_ms) + Math.max(0, ...regions.flat())) <= lease_ms;
  const fixed =
    low(delay_ms) === high(delay_ms) && tail_permille + bandwidth_kbps + sync_us === 0 && topology === "full";
  const faulty = duplicate_permille > 0 || plan.length > 0;
  if (
    !faulty ||
    !rates ||
    !copies ||
    !steady ||
    !fixed ||
    !prompt ||
    dead.length > 0 ||
    count > LIMITS.directed_candidates
  )
    return false;
  const late_ms = plan.reduce(
    (most, fault) => Math.max(most, (fault.type === "message" && fault.late_ms) || 0),
    slow_ms,
  );
  return oneAtATime(tasks, late_ms + END_MS);
}

/** Each task is past its deadline for this long before the next one is asked. */
function oneAtATime(tasks: readonly TaskGroup[], after_ms: number): boolean {
  let free_ms = 0;
  for (const { at_ms, count, every_ms, deadline_ms } of tasks.toSorted((left, right) => left.at_ms - right.at_ms)) {
    if (count === 0) continue;
    const lasts_ms = high(deadline_ms) + after_ms;
    if (at_ms < free_ms || (count > 1 && low(every_ms) < lasts_ms)) return false;
    free_ms = at_ms + (count - 1) * high(every_ms) + lasts_ms;
  }
  return true;
}

function low(span: Span): number {
  return typeof span === "number" ? span : span[0];
}
function high(span: Span): number {
  return typeof span === "number" ? span : span[1];
}

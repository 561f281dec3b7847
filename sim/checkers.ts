/**
 * Whether the promises held, from the evidence alone. Each breach names its promise (DESIGN.md, section 1) and what was
 * seen. Safety may be asked at any time; liveness once the world has been calm for longer than the longest time-out.
 */
import { ballotText, compareBallots, fenceOf, majority, type PeerId, type TaskId } from "../protocols/mod.ts";
import type { Evidence, SeenAward } from "./evidence.ts";
import type { Host } from "./host.ts";
import type { World } from "./world.ts";

export type PromiseName = "P1" | "P2" | "P3" | "fence" | "capacity" | "messages" | "quiet";
export interface Breach {
  readonly promise: PromiseName;
  readonly detail: string;
}

/** P1: one outcome decided per task, at all peers and over all restarts. */
export function oneOutcome(evidence: Evidence): Breach[] {
  const breaches: Breach[] = [];
  const first = new Map<TaskId, { readonly text: string; readonly where: string }>();
  for (const { task, outcome, at, node } of evidence.facts("decided")) {
    const text = canonical(outcome);
    const where = `${outcome.status} in ${ballotText(outcome.ballot)} at peer ${node} after ${at} ms`;
    const seen = first.get(task);
    if (seen === undefined) first.set(task, { text, where });
    else if (seen.text !== text)
      breaches.push({ promise: "P1", detail: `${short(task)}: ${seen.where}, but ${where}` });
  }
  return breaches;
}

/** P1: a peer that knows the outcome of a task is done with it, also after a restart. */
export function finished({ trace }: Evidence): Breach[] {
  const breaches: Breach[] = [];
  const decided = new Set<string>();
  for (const { at, node, fact } of trace) {
    if (!("task" in fact)) continue;
    const key = `${fact.task} ${node}`;
    if (fact.type === "decided") decided.add(key);
    else if (decided.has(key) && CONDUCTING.has(fact.type)) {
      breaches.push({
        promise: "P1",
        detail: `${short(fact.task)}: ${fact.type} at peer ${node} after ${at} ms, after its end`,
      });
    }
  }
  return breaches;
}
const CONDUCTING: ReadonlySet<string> = new Set(["called", "chosen", "awarded", "prepared", "found", "accepted"]);

/** P1: what counts as done was done, by a handler that ran to its end at the contractor. */
export function genuine(evidence: Evidence, indexOf: (peer: PeerId) => number): Breach[] {
  return evidence.facts("decided").flatMap(({ task, outcome }) => {
    if (outcome.status !== "done" || outcome.contractor === undefined) return [];
    const node = indexOf(outcome.contractor);
    const ran = evidence.runs.some((run) => run.task === task && run.node === node && run.end === "ran");
    return ran ? [] : [{ promise: "P1", detail: `${short(task)}: done by peer ${node}, which never ran it` } as const];
  });
}

/** P2: one contractor per ballot; the ballots of one conductor grow; values are accepted from the ballot's one proposer. */
export function oneContractor(evidence: Evidence, custodians: (task: TaskId) => readonly PeerId[]): Breach[] {
  const breaches: Breach[] = [];
  const byBallot = new Map<string, SeenAward>();
  const last = new Map<string, SeenAward>();
  for (const award of evidence.awards) {
    const { task, ballot, signer, contractor } = award;
    // What a stranger signs for a ballot that is not its own is no award.
    if (signer !== custodians(task)[ballot.custodian]) continue;
    const key = `${task} ${ballotText(ballot)}`;
    const seen = byBallot.get(key);
    const before = last.get(`${task} ${signer}`);
    if (seen === undefined) byBallot.set(key, award);
    else if (seen.contractor !== contractor) {
      breaches.push({
        promise: "P2",
        detail: `${short(task)}: ballot ${ballotText(ballot)} names ${seen.contractor} and ${contractor}`,
      });
    }
    if (seen === undefined && before !== undefined && compareBallots(ballot, before.ballot) < 0) {
      breaches.push({
        promise: "P2",
        detail: `${short(task)}: ${signer} went from ${ballotText(before.ballot)} to ${ballotText(ballot)}`,
      });
    }
    if (seen === undefined) last.set(`${task} ${signer}`, award);
  }
  for (const { task, ballot, proposer, node } of evidence.facts("accepted")) {
    const award = byBallot.get(`${task} ${ballotText(ballot)}`);
    const rightful = award?.contractor ?? custodians(task)[ballot.custodian];
    if (proposer !== rightful) {
      breaches.push({
        promise: "P2",
        detail: `${short(task)}: peer ${node} accepted from ${proposer} in ${ballotText(ballot)} of ${rightful}`,
      });
    }
  }
  return breaches;
}

/** P4, at peers with a memory: a fence runs at most once, at the contractor of its ballot, and a contractor's fences grow. */
export function fencedRuns(evidence: Evidence, remembers: (node: number) => boolean = () => true): Breach[] {
  const breaches: Breach[] = [];
  const last = new Map<string, number>();
  const fences = new Set<string>();
  for (const { task, fence, node, started } of evidence.runs) {
    if (!remembers(node)) continue;
    const detail = `${short(task)}: fence ${fence} at peer ${node} after ${started} ms`;
    if (fences.has(`${task} ${fence}`)) breaches.push({ promise: "fence", detail: `${detail} ran again` });
    if ((last.get(`${task} ${node}`) ?? 0) > fence)
      breaches.push({ promise: "fence", detail: `${detail} came after a higher one` });
    if (!evidence.awards.some((award) => award.task === task && fenceOf(award.ballot) === fence)) {
      breaches.push({ promise: "fence", detail: `${detail} was never awarded` });
    }
    fences.add(`${task} ${fence}`);
    last.set(`${task} ${node}`, fence);
  }
  return breaches;
}

/** Capacity: what a peer says it has committed is never negative nor over its concurrency, nor is what it really runs. */
export function capacity(world: World): Breach[] {
  const breaches: Breach[] = world.evidence.overbooked.map((detail) => ({ promise: "capacity", detail }));
  for (const host of world.hosts) {
    for (const { name, concurrency } of host.spec.agents) {
      const runs = world.evidence.runs.filter(({ node, agent }) => node === host.index && agent === name);
      for (const run of runs) {
        const together = runs.filter(
          (other) => other.started <= run.started && (other.ended ?? world.now) > run.started,
        );
        if (together.length <= concurrency) continue;
        breaches.push({
          promise: "capacity",
          detail: `${together.length} of ${concurrency} ran at ${name} of peer ${host.index} after ${run.started} ms`,
        });
      }
    }
  }
  return breaches;
}

/** Executions of one task that overlapped: allowed (P4), counted. */
export function overlaps(evidence: Evidence, now: number): number {
  let count = 0;
  evidence.runs.forEach((run, index) => {
    for (const other of evidence.runs.slice(index + 1)) {
      if (other.task === run.task && other.started < (run.ended ?? now) && run.started < (other.ended ?? now))
        count += 1;
    }
  });
  return count;
}

/** P5, roughly: no task talks without end. */
export function boundedMessages(evidence: Evidence, messages_max: number): Breach[] {
  return evidence.acknowledged
    .map(({ task }) => ({ task, count: evidence.messages(task) }))
    .filter(({ count }) => count > messages_max)
    .map(({ task, count }) => ({ promise: "messages", detail: `${short(task)}: ${count} messages` }));
}

/** All that must hold at every instant. Peers that lie are none of the honest peers' business: leave theirs out before. */
export function checkSafety(world: World): Breach[] {
  const { evidence } = world;
  const named = new Map<TaskId, readonly PeerId[]>();
  for (const { task, custodians } of evidence.facts("submitted")) named.set(task, custodians);
  const found = [
    oneOutcome(evidence),
    finished(evidence),
    genuine(evidence, (peer) => world.indexOf(peer)),
    oneContractor(evidence, (task) => named.get(task) ?? []),
    fencedRuns(evidence, (node) => world.host(node).spec.durable !== false),
    capacity(world),
  ];
  return found.flat();
}

/** Acknowledged tasks with a majority of their custodians up, and those custodians. */
function answerable(world: World): { readonly task: TaskId; readonly node: number; readonly up: readonly Host[] }[] {
  return world.evidence.acknowledged.flatMap(({ task, node }) => {
    const custodians = world.evidence.facts("submitted", task)[0]?.custodians ?? [];
    const up = custodians.flatMap((id) => {
      const host = world.hostOf(id);
      // A custodian without a memory is gone once it has crashed, also when it is back.
      return host?.peer && (host.spec.durable !== false || host.peer.task(task)) ? [host] : [];
    });
    return up.length < majority(custodians.length) ? [] : [{ task, node, up }];
  });
}

/** P3: an acknowledged task with a majority of its custodians up has an outcome at every one of them that knows it. */
export function checkLiveness(world: World): Breach[] {
  return answerable(world).flatMap(({ task, node, up }) => {
    // One that never stored it may have been left out: the others decided without it, and have no reason to say more.
    const views = up.flatMap((host) => host.peer?.task(task) ?? []);
    if (views.length > 0 && views.every(({ outcome }) => outcome !== undefined)) return [];
    const states = views.map(({ state }) => state).join(", ") || "unknown";
    return [{ promise: "P3", detail: `${short(task)} of peer ${node}: ${states} after ${world.now} ms` } as const];
  });
}

/** No more is said about a task that could be and was decided. Lets a minute pass. */
export function checkQuiet(world: World): Breach[] {
  const tasks = answerable(world).map(({ task }) => ({ task, before: world.evidence.messages(task) }));
  world.run(60_000);
  return tasks.flatMap(({ task, before }) => {
    const said = world.evidence.messages(task) - before;
    return said === 0 ? [] : [{ promise: "quiet", detail: `${short(task)}: ${said} messages after its end` } as const];
  });
}

/** JSON with sorted keys: the same outcome, whoever parsed it. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "";
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return `{${entries
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`)
    .sort()
    .join()}}`;
}

function short(task: TaskId): string {
  return task.slice(0, 8);
}

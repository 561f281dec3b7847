/**
 * What handlers did, as a witness beside them saw it: fences, places, how much of it at a time. It takes the witness's word for
 * when a run began and ended, and the conductors' awards for who was to run what.
 */
import { NEVER, type PeerId } from "../../protocols/mod.ts";
import type { Evidence } from "../evidence.ts";
import type { Run } from "../host.ts";
import { type Breach, custodiansOf, type Scene, short } from "./breach.ts";

const NOBODY = "" as PeerId;

/** P4, at peers with a memory: a fence runs at most once, at the contractor of its ballot, and a contractor's fences grow. */
export function fencedRuns(evidence: Evidence, remembers: (node: number) => boolean = () => true): Breach[] {
  const breaches: Breach[] = [];
  for (const seen of evidence.tasks()) {
    if (seen.runs.length === 0) continue;
    const custodians = custodiansOf(seen);
    const awarded = new Set<string>();
    for (const { ballot, contractor, signer } of seen.awards) {
      const fence = 8 * ballot.round + ballot.custodian;
      if (contractor !== null && signer === custodians[ballot.custodian])
        awarded.add(`${fence} ${evidence.nodeOf(contractor)}`);
    }
    const last = new Map<number, number>();
    const fences = new Set<number>();
    for (const { fence, node, started } of seen.runs) {
      if (!remembers(node)) continue;
      const detail = `${short(seen.task)}: fence ${fence} at peer ${node} after ${started} ms`;
      if (fences.has(fence) && !evidence.liars.has(evidence.nodeOf(custodians[fence % 8] ?? NOBODY) ?? -1))
        breaches.push({ promise: "fence", detail: `${detail} ran again` });
      if ((last.get(node) ?? 0) > fence)
        breaches.push({ promise: "fence", detail: `${detail} came after a higher one` });
      if (!awarded.has(`${fence} ${node}`))
        breaches.push({ promise: "fence", detail: `${detail} was never awarded to it` });
      fences.add(fence);
      last.set(node, fence);
    }
  }
  return breaches;
}

/** What a peer says it has committed is never negative nor over its concurrency, nor is what it really runs. */
export function capacity({ evidence, hosts }: Scene): Breach[] {
  const breaches: Breach[] = evidence.overbooked.map((detail) => ({ promise: "capacity", detail }));
  const places = new Map<string, number>();
  for (const { index, spec } of hosts)
    for (const { name, concurrency } of spec.agents) places.set(`${index} ${name}`, concurrency);
  const running = new Map<string, Run[]>();
  for (const run of evidence.runs) {
    const key = `${run.node} ${run.agent}`;
    const still = (running.get(key) ?? []).filter(({ ended }) => ended === undefined || ended > run.started);
    running.set(key, [...still, run]);
    const concurrency = places.get(key) ?? 0;
    if (still.length < concurrency) continue;
    const detail = `${still.length + 1} of ${concurrency} ran at ${run.agent} of peer ${run.node} after ${run.started} ms`;
    breaches.push({ promise: "capacity", detail });
  }
  return breaches;
}

/** Nobody awards again after as many attempts as its user granted, of those that it knows to have ended. */
export function attempts(evidence: Evidence): Breach[] {
  return evidence.tasks().flatMap(({ task, facts }) => {
    const most = evidence.termsOf(task)?.attempts_max;
    if (most === undefined) return [];
    const ended = new Map<number, { readonly count: number; readonly last: PeerId }>();
    const breaches: Breach[] = [];
    for (const { at, node, fact } of facts) {
      const { count = 0, last } = ended.get(node) ?? {};
      if (fact.type === "attempt-ended") {
        // A contractor that does not take its work up again has not tried again.
        const isSilence = fact.reason === "lost" && last === fact.contractor;
        ended.set(node, { count: isSilence ? count : count + 1, last: fact.contractor });
      }
      if (fact.type !== "prepared" || fact.why !== "re-award" || count < most) continue;
      const detail = `${short(task)}: peer ${node} goes on after ${at} ms and ${count} attempts, ${most} were granted`;
      breaches.push({ promise: "attempts", detail });
    }
    return breaches;
  });
}

/** Pairs of executions of one task that overlapped in time: allowed (P4), counted. */
export function overlaps(evidence: Evidence, now: number): number {
  let count = 0;
  for (const { runs } of evidence.tasks()) count += pairs(runs, now).length;
  return count;
}

function pairs(runs: readonly Run[], now: number): (readonly [Run, Run])[] {
  const found: (readonly [Run, Run])[] = [];
  runs.forEach((run, index) => {
    for (const earlier of runs.slice(0, index)) if ((earlier.ended ?? now) > run.started) found.push([earlier, run]);
  });
  return found;
}

/** For worlds in which no contractor is silent for as long as a lease: there no two work on one task at a time. */
export function apart({ evidence, now }: Scene): Breach[] {
  return evidence.tasks().flatMap(({ task, runs }) =>
    pairs(runs, now).map(([first, second]): Breach => {
      const detail = `${short(task)}: peer ${first.node} was still at it when peer ${second.node} began after ${second.started} ms`;
      return { promise: "overlap", detail };
    }),
  );
}

/**
 * For worlds in which nobody at all is: there nobody takes over from a conductor, and a contractor hears of the end of its task
 * with its next renewal.
 */
export function unhurried({ evidence, now }: Scene): Breach[] {
  return evidence.tasks().flatMap(({ task, runs, facts }) => {
    const breaches: Breach[] = [];
    const lease_ms = evidence.termsOf(task)?.lease_ms ?? NEVER;
    for (const { at, node, fact } of facts) {
      if (fact.type === "prepared" && fact.why === "take-over")
        breaches.push({ promise: "patience", detail: `${short(task)}: peer ${node} took over after ${at} ms` });
      if (fact.type !== "decided") continue;
      const late = runs.find((run) => !run.deaf && (run.ended ?? now) > at + lease_ms);
      if (late !== undefined)
        breaches.push({ promise: "quiet", detail: `${short(task)}: peer ${late.node} goes on long after ${at} ms` });
      break;
    }
    return breaches;
  });
}

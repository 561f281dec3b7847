/**
 * P5: what a task may cost follows from what befell it. Each call, ballot and restart costs so much; while somebody works, renewals
 * cost so much a lease; and what waits for an answer asks again, ever more slowly. Every message may come twice, and then is answered
 * twice. A task that says more than that talks without a reason.
 */
import { LIMITS } from "../../protocols/mod.ts";
import type { TaskEvidence } from "../evidence.ts";
import { type Breach, custodiansOf, type Scene, short } from "./breach.ts";

/** A request, its copy, and the answers to both. */
const EACH = 4;
/** From a renewal to the next, in leases; and calls are tended as often. */
const RENEWALS = 3;
/** What is said again before it is only every few seconds: once, then after one, two and four pauses. */
const HASTY = 4;
/** How often progress alone is told in one run, at most, when no note comes with it: a copy each, and no answer. */
const STEPS = 1_000 / LIMITS.progress_step_permille;
/** Renewals still under way, and votes on their way, when the last thing was noted. */
const AFTER_MS = 10_000;

const UNKNOWN = { lease_ms: LIMITS.lease_ms_min, deadline_ms: 0 };

/** No task talks without end, nor without need. */
export function boundedMessages(scene: Scene): Breach[] {
  const { evidence } = scene;
  return evidence.acknowledged.flatMap(({ task }): Breach[] => {
    const [count, most] = [evidence.messages(task), allowance(scene, evidence.of(task))];
    if (count <= most) return [];
    return [{ promise: "messages", detail: `${short(task)}: ${count} messages, where ${most} would do` }];
  });
}

function allowance(scene: Scene, seen: TaskEvidence): number {
  const { evidence, now, hosts } = scene;
  const custodians = custodiansOf(seen);
  const { lease_ms, deadline_ms } = evidence.termsOf(seen.task) ?? UNKNOWN;
  const { calls, turns, from, lasted_ms } = courseOf(seen, now);
  const crashes = custodians.reduce((sum, id) => sum + evidence.crashes(evidence.nodeOf(id) ?? -1), 0);
  // Whoever hears of a call answers, until there are so many that most keep silent; and is told what became of it.
  const called = calls * EACH * 2 * Math.min(hosts.length, LIMITS.crowd);
  const voted = (1 + turns + crashes) * EACH * HASTY * custodians.length;
  const renewed = (EACH * custodians.length * RENEWALS * (lasted_ms + lease_ms)) / lease_ms;
  const told = 2 * custodians.length * Math.min(STEPS * (1 + turns), lasted_ms / LIMITS.progress_ms);
  // A contractor that does not hear of the decision offers its result until well after the deadline.
  const waited_ms = Math.max(lasted_ms, Math.min(now - from, deadline_ms + 2 * lease_ms));
  const asked = (EACH * custodians.length ** 2 * waited_ms) / LIMITS.pause_ms_last;
  return Math.ceil(called + voted + renewed + told + asked);
}

/** How often bidders were called and ballots begun, and for how long anything was noted. */
function courseOf({ facts }: TaskEvidence, now: number) {
  const course = { calls: 0, turns: 0 };
  let decided = false;
  for (const { fact } of facts) {
    if (fact.type === "called") course.calls += 1;
    if (fact.type === "prepared" || fact.type === "awarded" || fact.type === "attempt-ended") course.turns += 1;
    if (fact.type === "decided") decided = true;
  }
  const from = facts[0]?.at ?? now;
  const until = decided ? Math.min(now, (facts.at(-1)?.at ?? now) + AFTER_MS) : now;
  return { ...course, from, lasted_ms: until - from };
}

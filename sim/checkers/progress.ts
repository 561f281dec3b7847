/**
 * What must have happened once the world has been calm for longer than the longest time-out: acknowledged tasks are decided (P3),
 * nobody talks any more, handlers have stopped, and peers that have nothing to do say so.
 */
import type { Fact, PeerId, TaskId } from "../../protocols/mod.ts";
import type { Evidence } from "../evidence.ts";
import type { World } from "../world.ts";
import { type Breach, custodiansOf, quorum, type Scene, short } from "./breach.ts";

/** Directory chatter of a peer in a minute: its digests and cards, those of others to it, and the alarms for them. */
const EVENTS_A_MINUTE = 80;
/** Time for a call, an award and its start among idle peers. */
const PROBE_MS = 4_000;

/** What is noted by whoever works on a task, custodian or not. */
const CONTRACTORS: ReadonlySet<string> = new Set(["running", "ran", "stopped", "equivocation"]);

type Peer = Scene["hosts"][number];

/** A custodian that is up, and what it can know. */
interface Holder {
  readonly peer: Peer;
  readonly knows: boolean;
  readonly decided: boolean;
}

/** Acknowledged tasks with a majority of their custodians up, and what those know. */
function answerable(scene: Scene): { readonly task: TaskId; readonly node: number; readonly up: readonly Holder[] }[] {
  const { evidence } = scene;
  const honest = evidence.acknowledged.filter(({ node }) => !evidence.liars.has(node));
  return honest.flatMap(({ task, node }) => {
    const seen = evidence.of(task);
    const custodians = custodiansOf(seen);
    const up = custodians.flatMap((id): Holder[] => {
      const peer = scene.hosts[scene.indexOf(id)];
      if (peer?.peer === undefined) return [];
      const holding = evidence.holders(task).get(peer.index);
      // A custodian without a memory is gone once it has crashed, also when it is back.
      const { durable = true } = peer.spec;
      if (!durable && evidence.crashed(peer.index, holding?.since ?? scene.now, scene.now)) return [];
      return [{ peer, decided: holding?.decided === true, knows: holding !== undefined }];
    });
    return up.length < quorum(custodians.length) ? [] : [{ task, node, up }];
  });
}

/** P3: an acknowledged task with a majority of its custodians up has an outcome at every one of them that knows it. */
export function checkLiveness(scene: Scene): Breach[] {
  return [...undecided(scene), ...unanswered(scene)];
}

function undecided(scene: Scene): Breach[] {
  return answerable(scene).flatMap(({ task, node, up }) => {
    // One that never stored it may have been left out: the others decided without it, and have no reason to say more.
    const knowing = up.filter(({ knows }) => knows);
    const waiting = knowing.filter(({ decided }) => !decided).map(({ peer }) => peer.index);
    if (knowing.length > 0 && waiting.length === 0) return [];
    const where = knowing.length === 0 ? "known to nobody" : `undecided at ${waiting.join(", ")}`;
    return [{ promise: "P3", detail: `${short(task)} of peer ${node}: ${where} after ${scene.now} ms` } as const];
  });
}

/** A submit has its answer once no task is open there, unless the peer crashed: what it was asked is not on its disk. */
function unanswered({ evidence, hosts, now }: Scene): Breach[] {
  return [...evidence.asked].flatMap(([ref, { node, at }]): Breach[] => {
    if (evidence.answers.has(ref) || evidence.liars.has(node)) return [];
    if (!evidence.up(node, at) || evidence.crashed(node, at, now) || hosts[node]?.peer?.counts().open !== 0) return [];
    return [{ promise: "answer", detail: `peer ${node} was asked after ${at} ms, and never answered` }];
  });
}

/** P3 rests on this: what is acknowledged is on disk at a majority of custodians. */
export function checkStored(evidence: Evidence): Breach[] {
  return evidence.tasks().flatMap((seen) => {
    const custodians = custodiansOf(seen);
    const acknowledged = seen.facts.find(({ fact }) => fact.type === "stored");
    if (acknowledged === undefined || custodians.some((id) => evidence.nodeOf(id) === undefined)) return [];
    const holders = [...evidence.holders(seen.task).values()].filter(({ since }) => since <= acknowledged.at).length;
    if (holders >= quorum(custodians.length)) return [];
    const detail = `${short(seen.task)}: acknowledged after ${acknowledged.at} ms, when ${holders} of ${custodians.length} held it`;
    return [{ promise: "P3", detail } as const];
  });
}

/** No more is said or noted about a task that could be and was decided, and no handler runs any more. Lets a minute pass. */
export function checkQuiet(world: World): Breach[] {
  const { evidence } = world;
  const tasks = answerable(world).map(({ task }) => ({ task, before: evidence.messages(task), noted: noted(task) }));
  const events = world.events;
  world.run(60_000);
  const breaches = tasks.flatMap(({ task, before, noted: then }): Breach[] => {
    const said = evidence.messages(task) - before;
    if (said === 0 && noted(task) === then) return [];
    const detail = `${short(task)}: ${said} messages and ${noted(task) - then} notes after its end`;
    return [{ promise: "quiet", detail }];
  });
  const busy = (world.events - events) / world.hosts.length;
  if (busy > EVENTS_A_MINUTE)
    breaches.push({ promise: "quiet", detail: `${busy} events at each peer in a minute of calm` });
  return [...breaches, ...restless(world)];

  function noted(task: TaskId): number {
    return evidence.of(task).facts.filter(({ fact }) => !CONTRACTORS.has(fact.type)).length;
  }
}

/** Handlers still at work that would have stopped, had their peers told them. */
function restless({ evidence, hosts }: Scene): Breach[] {
  return evidence.runs
    .filter(({ ended, deaf, node }) => ended === undefined && !deaf && hosts[node]?.peer !== undefined)
    .map(({ task, node, fence }) => {
      const detail = `${short(task)}: fence ${fence} is still run at peer ${node}`;
      return { promise: "quiet", detail };
    });
}

/**
 * A quiet world takes up new work at once: a task called on the topic is answered by idle peers that say they are idle, and one of
 * them starts it. Lets a few seconds pass. The task is a probe, and none of the run's own.
 */
export function checkIdle(world: World, skill: string, draining: ReadonlySet<number>): Breach[] {
  const { evidence } = world;
  const fit = world.hosts.filter(({ index, peer }) => peer !== undefined && !draining.has(index));
  const asker = fit.find(({ index }) => !evidence.liars.has(index));
  if (asker === undefined) return [];
  // A handler that would not stop has its place still.
  const stuck = new Set(evidence.runs.filter(({ ended }) => ended === undefined).map(({ node }) => node));
  const terms = { reach: "wide", custodians: 1, deadline_ms: PROBE_MS, lease_ms: PROBE_MS } as const;
  const ref = world.submit(asker.index, { skill, ...terms });
  world.run(PROBE_MS);
  const answer = evidence.answers.get(ref);
  if (answer?.ok !== true) return [{ promise: "P3", detail: `peer ${asker.index} takes no task: ${answer?.message}` }];
  const { task } = answer;
  evidence.acknowledged.splice(
    evidence.acknowledged.findIndex((one) => one.task === task),
    1,
  );
  const { facts, runs } = evidence.of(task);
  const idle = (peer: PeerId): boolean => !stuck.has(evidence.nodeOf(peer) ?? -1);
  const breaches = facts.flatMap(({ fact }) => ("bidder" in fact && idle(fact.bidder) ? committed(fact) : []));
  const able = fit.some(
    ({ index, spec }) =>
      !stuck.has(index) && spec.agents.some(({ skills }) => skills.some(({ name }) => name === skill)),
  );
  if (able && runs.length === 0 && breaches.length === 0)
    breaches.push({ promise: "P3", detail: `idle peers could do ${short(task)}, and none was given it` });
  return breaches;
}

/** What somebody who has nothing to do says to be committed to. */
function committed(fact: Fact): Breach[] {
  if (fact.type === "proposed" && fact.bid.load_permille > 0) {
    const detail = `${fact.bidder} has ${fact.bid.load_permille}/1000 in hand, but nothing to do`;
    return [{ promise: "capacity", detail }];
  }
  if (fact.type === "refused" && fact.reason === "overloaded")
    return [{ promise: "capacity", detail: `${fact.bidder} is overloaded, but has nothing to do` }];
  return [];
}

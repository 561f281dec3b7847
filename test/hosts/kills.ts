/**
 * `kill -9` of real processes while they have tasks in hand (THREATS: F6): in every role, right before and right after each of
 * its durable writes, in the middle of its work, and while it starts again. After each kill the victim comes back, everything
 * has to be decided, and the promises are judged from what all nodes have.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { SubmitOptions } from "../../node/moot-node.ts";
import type { Random } from "../../protocols/kernel/mod.ts";
import type { Act } from "../processes/agents.ts";
import { type Mesh, type NodePlan, startMesh } from "../processes/mesh.ts";
import type { MeshNode } from "../processes/mesh-node.ts";
import { Data, Revoking } from "./belongings.ts";
import { drain, judgeMesh, kept, lateness, wordsOf } from "./evidence.ts";
import { Flow } from "./flow.ts";
import type { Network } from "./network.ts";
import type { Check } from "./report.ts";
import { Root } from "./root.ts";

export type Role = "initiator" | "custodian" | "successor" | "contractor" | "attached" | "bystander";

/** What is written: keys of the store, the records of runs, blobs. */
export type Prefix = "task/" | "run/" | "seq" | "revocation/" | "record/" | "blob/";

/** Where a process dies. */
export interface Point {
  readonly role: Role;
  /** A durable write: the nth of one key that begins with the prefix; absent: in the middle of its work. */
  readonly write?: {
    readonly prefix: Prefix;
    readonly nth: number;
    readonly side: "before" | "after";
  };
  /** Dies while it starts again after a first kill, in the middle of its work. */
  readonly starting?: boolean;
}

/**
 * Who is who in the tasks of this mesh. A successor is a custodian that takes over tasks that wait for a free agent, since their
 * initiator is away. Attached is a contractor whose initiator comes back, and gives it a higher ballot for the same work.
 */
const VICTIMS: Readonly<Record<Role, string>> = {
  initiator: "asks",
  custodian: "keeps",
  successor: "keeps",
  contractor: "works",
  attached: "works",
  bystander: "keeps",
};
const PLANS: readonly NodePlan[] = [
  { name: "asks" },
  { name: "keeps" },
  { name: "works", agents: [{ concurrency: 4 }] },
  { name: "also", agents: [{ concurrency: 2 }] },
];

const PER_SECOND = 4;
/** Before a kill in the middle of the work: until then some task runs. */
const WORKING_MS = 900;
/** Until then all agents are busy, and tasks wait. */
const CROWDED_MS = 3_000;
/** In this time an initiator is dead, its lease is over and another custodian has taken over what waits. */
const HELD_MS = 6_000;
const HELD_POLL_MS = 200;
/** A write that does not come in this time does not come. */
const WRITE_MS = 8_000;
const TRIES = 3;
const LEASES: Partial<SubmitOptions> = { lease_ms: 1_000, deadline_ms: 25_000 };

/** Every point, each once. */
export function points(): Point[] {
  const sides = ["before", "after"] as const;
  const writes = (role: Role, prefix: Prefix, ...which: readonly number[]): Point[] =>
    which.flatMap((nth) => sides.map((side) => ({ role, write: { prefix, nth, side } })));
  const starts = (role: Role, prefix: "task/" | "seq"): Point[] =>
    sides.map((side) => ({ role, write: { prefix, nth: 1, side }, starting: true }));
  return [
    ...writes("initiator", "task/", 1, 2, 3),
    ...writes("custodian", "task/", 1, 2, 3),
    ...writes("successor", "task/", 2, 3, 4),
    ...writes("contractor", "run/", 1),
    ...writes("attached", "run/", 2),
    ...starts("initiator", "task/"),
    ...starts("bystander", "seq"),
    { role: "initiator" },
    { role: "custodian" },
    { role: "contractor" },
    { role: "bystander" },
    ...starts("contractor", "seq"),
    ...writes("contractor", "record/", 1),
    ...writes("initiator", "blob/", 1),
    ...writes("custodian", "blob/", 1),
    ...writes("contractor", "blob/", 1),
    ...writes("initiator", "revocation/", 1),
    ...writes("bystander", "revocation/", 1),
  ];
}

/** So many of them, one after the other, from where the seed says: whoever tries fewer than there are gets to all in the end. */
export function pointsFrom(seed: number, count: number): Point[] {
  const all = points();
  return Array.from({ length: count }, (_, index) => all[(seed + index) % all.length]).filter(
    (point) => point !== undefined,
  );
}

export function nameOf({ role, write, starting }: Point): string {
  if (write === undefined) return `${role} in its work`;
  const { prefix, nth, side } = write;
  const which = `${side} write ${nth} of ${prefix.replace("/", "")}`;
  return `${role} ${starting === true ? `starting, ${which}` : which}`;
}

/** A mesh to kill in, and who may revoke in it. */
export interface Killable {
  readonly mesh: Mesh;
  readonly root: Root;
}

/** On hosts of their own, or, without a network, on loopback. */
export async function startKillable(network: Network | undefined): Promise<Killable> {
  const root = await Root.make();
  const nodes = PLANS.map((plan, index) => {
    const prepared = { ...plan, prepare: (dir: string) => root.admit(dir) };
    return network === undefined ? prepared : { ...prepared, place: network.place(index) };
  });
  const mesh = await startMesh({ nodes, roots: [root.id], preload: join(import.meta.dirname, "fuse.ts") });
  return { mesh, root };
}

export const KILL_HOSTS = PLANS.length;

/** Tried again when the write does not come. One that never comes is wrong: nobody was killed, and nothing shown. */
export async function kill(point: Point, at: Killable, random: Random): Promise<Check> {
  let check = await once(point, at, random);
  for (let tries = 1; tries < TRIES && check.not_run !== undefined && check.wrong.length === 0; tries++)
    check = await once(point, at, random);
  if (check.not_run === undefined) return check;
  const never = `nobody was killed in ${TRIES} tries: ${check.not_run}`;
  return { name: check.name, wrong: [...check.wrong, never], figures: check.figures };
}

async function once(point: Point, { mesh, root }: Killable, random: Random): Promise<Check> {
  const known = await kept(mesh);
  // A bystander has no part in tasks that their initiator keeps alone.
  const task = point.role === "bystander" ? { ...LEASES, custodians: 1 as const } : LEASES;
  // A successor finds a contractor at work, and no end of it soon.
  const wait = needsHeld(point);
  const acts: readonly Act[] = wait ? ["hold"] : ["echo", "nap"];
  const by = wait ? ["asks"] : ["asks", "also"];
  const data = point.write?.prefix === "blob/" ? new Data(mesh) : undefined;
  const taken = data === undefined ? {} : { data: (name: string) => data.put(name) };
  const flow = new Flow({ mesh, random, by, per_second: PER_SECOND, task, acts, ...taken });
  flow.start();
  const revoking = point.write?.prefix === "revocation/" ? new Revoking({ mesh, root, by }) : undefined;
  const held = wait ? new Held(mesh) : undefined;
  let not_run: string | undefined;
  try {
    await strike(point, mesh);
  } catch (error) {
    if (!(error instanceof NoSuchWrite)) throw error;
    not_run = error.message;
  }
  const serving_ms = await comeBack(mesh);
  const began = performance.now();
  await Promise.all([flow.stop(), revoking?.stop()]);
  const { open } = await drain(mesh, known);
  const drained_ms = performance.now() - began;
  held?.end();
  const verdict = await judgeMesh(mesh, flow.acknowledged, known);
  const lost = await Promise.all([data?.judge(), revoking?.judge()]);
  const wrong = [...wordsOf(verdict), ...lateness(drained_ms, open), ...lost.flatMap((lines) => lines ?? [])];
  const counts = { acknowledged: flow.acknowledged.length, refused: flow.refused.length };
  const { statuses, repeated_runs, overtaken } = verdict;
  const figures = { serving_ms, drained_ms, ...counts, ...statuses, repeated_runs, overtaken };
  return { name: nameOf(point), wrong, figures, not_run };
}

/** Lets go of held handlers, from a while after the start on. */
class Held {
  readonly #known = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  constructor({ shared }: Mesh) {
    const from = performance.now() + HELD_MS;
    this.#timer = setInterval(() => {
      if (performance.now() < from) return;
      for (const { task } of shared.starts()) {
        if (!this.#known.has(task)) shared.release(task);
        this.#known.add(task);
      }
    }, HELD_POLL_MS);
  }

  end(): void {
    clearInterval(this.#timer);
  }
}

/** Resolves when the victim is dead. Throws when it would not die. */
async function strike(point: Point, mesh: Mesh): Promise<void> {
  const victim = mesh.node(VICTIMS[point.role]);
  if (needsHeld(point)) await loseInitiator(point, mesh);
  else if (point.write === undefined || point.starting === true) {
    await pause(WORKING_MS);
    await victim.end("SIGKILL");
  }
  if (point.write === undefined) return;
  arm(victim, point);
  if (point.role === "attached") await mesh.restart(VICTIMS.initiator);
  // It may die before it says that it is ready.
  if (point.starting === true) {
    void mesh.restart(victim.name).catch(() => undefined);
    await mesh.until(`${victim.name} starts`, () => victim.running);
  }
  if (!(await diesWithin(victim, WRITE_MS))) {
    rmSync(join(victim.dir, "fuse.json"), { force: true });
    throw new NoSuchWrite(`there was no such write in ${WRITE_MS} ms`);
  }
}

class NoSuchWrite extends Error {}

/** Whether it takes work that is in hand, or waits, when the initiator dies. */
function needsHeld({ role }: Point): boolean {
  return role === "successor" || role === "attached";
}

async function loseInitiator({ role }: Point, mesh: Mesh): Promise<void> {
  await pause(role === "successor" ? CROWDED_MS : WORKING_MS);
  await mesh.node(VICTIMS.initiator).end("SIGKILL");
}

function arm(victim: MeshNode, { write }: Point): void {
  writeFileSync(join(victim.dir, "fuse.json"), JSON.stringify(write));
}

async function diesWithin(victim: MeshNode, ms: number): Promise<boolean> {
  const over = new AbortController();
  const late = pause(ms, false, { signal: over.signal }).catch(() => false);
  const dead = await Promise.race([victim.exited.then(() => true), late]);
  over.abort();
  return dead;
}

/** Starts whoever is dead. Resolves with the longest time from a start until the node serves its user. */
async function comeBack(mesh: Mesh): Promise<number> {
  const dead = mesh.nodes.filter(({ running }) => !running);
  const times = await Promise.all(
    dead.map(async (node) => {
      const began = performance.now();
      await mesh.restart(node.name);
      await node.client.status();
      return performance.now() - began;
    }),
  );
  return Math.max(0, ...times);
}

/**
 * Hosts that get another address while tasks flow, one after the other, and hosts that restart under a new one. A node says nowhere that it moved: it has to notice, and the others to find it again.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Random } from "../../protocols/kernel/mod.ts";
import type { Mesh } from "../processes/mesh.ts";
import type { MeshNode } from "../processes/mesh-node.ts";
import { drain, judgeMesh, kept, lateness, wordsOf } from "./evidence.ts";
import { Flow } from "./flow.ts";
import type { Network } from "./network.ts";
import type { Check } from "./report.ts";

const PER_SECOND = 2;
/** Dead connections have to be noticed at both ends, one after the other, and the new card has to get around. */
const FOUND_MS = 60_000;
const POLL_MS = 250;

export interface MoveOptions {
  readonly network: Network;
  readonly mesh: Mesh;
  readonly random: Random;
  /** Whether the node is killed, and starts again where it is then. */
  readonly restart: boolean;
  /** How many move: two that know each other's old address only, or more. */
  readonly hosts: number;
}

export async function moveSome({ network, mesh, random, restart, hosts }: MoveOptions): Promise<Check> {
  const known = await kept(mesh);
  const flow = new Flow({ mesh, random, by: mesh.nodes.map(({ name }) => name), per_second: PER_SECOND });
  flow.start();
  const wrong: string[] = [];
  let found_ms = 0;
  for (const [index, node] of [...mesh.nodes.entries()].slice(0, hosts)) {
    const began = performance.now();
    network.move(index);
    if (restart) await mesh.restart(node.name);
    const found = async () => isFound(mesh, node, network.address(index));
    while (!(await found()) && performance.now() - began < FOUND_MS) await pause(POLL_MS);
    if (performance.now() - began >= FOUND_MS) wrong.push(`${node.name} was not found again in ${FOUND_MS} ms`);
    found_ms = Math.max(found_ms, performance.now() - began);
  }
  const began = performance.now();
  await flow.stop();
  const { open } = await drain(mesh, known);
  const drained_ms = performance.now() - began;
  const verdict = await judgeMesh(mesh, flow.acknowledged, known);
  wrong.push(...wordsOf(verdict), ...lateness(drained_ms, open));
  const counts = { acknowledged: flow.acknowledged.length, refused: flow.refused.length };
  const figures = {
    found_ms,
    drained_ms,
    ...counts,
    ...verdict.statuses,
    repeated_runs: verdict.repeated_runs,
    overtaken: verdict.overtaken,
  };
  return { name: restart ? "restarts at new addresses" : "new addresses", wrong, figures };
}

/** Every other node is connected with it, and knows its new address from its card. */
async function isFound(mesh: Mesh, moved: MeshNode, address: string): Promise<boolean> {
  const found = await Promise.all(
    mesh.nodes
      .filter((node) => node !== moved)
      .map(async ({ client }) => {
        const row = (await client.peers()).find(({ peer }) => peer === moved.peer);
        return row?.connected === true && row.addrs.some((addr) => addr.includes(`/${address}/`));
      }),
  );
  return found.every(Boolean);
}

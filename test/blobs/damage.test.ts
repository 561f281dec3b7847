/** A byte that the disk has changed since it was written: found when it is read, fetched again where it can be, and said where not. */
import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { BLOB } from "../../protocols/mod.ts";
import { all, bytesOf, flip, once, type Started, sha256, start } from "./nodes.ts";

const SUMS = `
  - name: sums
    handler: { exec: [sh, -c, 'p=$(sed "s/.*\\"path\\":\\"\\([^\\"]*\\)\\".*/\\1/"); printf "\\"%s\\"" "$(sha256sum "$p" | cut -c1-64)"'] }
    skills: [{ name: data.sum@1, effects: none, expected_ms: 50 }]
  - name: hasher
    handler: { module: ./agent.mjs }
    skills: [{ name: data.hash@1, effects: none, expected_ms: 50 }]
`;
const data = bytesOf(3 * BLOB.chunk_bytes + 5);

/** A node that works, and one beside it that has the blob too. */
async function pair(): Promise<{ readonly worker: Started; readonly holder: Started }> {
  const holder = await start();
  const worker = await start({ join: [holder.node], agent: SUMS });
  await Promise.all([holder.node.ready(), worker.node.ready()]);
  return { worker, holder };
}

it.each([
  ["a function that reads it", "data.hash@1", { sha256: sha256(data), bytes: data.length }],
  ["a program that has its path", "data.sum@1", sha256(data)],
])("%s gets the right bytes: what is damaged comes again from another node", async (_who, skill, expected) => {
  const { worker, holder } = await pair();
  const ref = await holder.node.blobs.put(once(data));
  flip(await worker.node.blobs.get(ref), 2 * BLOB.chunk_bytes + 1);
  const task = await worker.node.submit({ skill, input: { data: ref }, custodians: 1 });
  const { status, result } = await worker.node.outcome(task);
  expect(status).toBe("done");
  if (typeof expected === "string") expect(result).toBe(expected);
  else expect(result).toMatchObject(expected);
  expect((await all(worker.node.blobs.read(ref.$blob))).equals(data)).toBe(true);
});

it("neither is given what is damaged when nobody else has it: another try, with the place, and it is gone", async () => {
  const { node } = await start({ agent: SUMS });
  await node.ready();
  const fails = async (skill: string, bytes: Uint8Array) => {
    const ref = await node.blobs.put(once(bytes));
    const path = await node.blobs.get(ref);
    flip(path, BLOB.chunk_bytes + 9);
    const { status, failure } = await node.outcome(await node.submit({ skill, input: { data: ref }, attempts_max: 1 }));
    expect([status, failure?.attempts[0]?.exitReason]).toEqual(["failed", "retry"]);
    expect(failure?.attempts[0]?.message).toContain(`is not what was written (at byte ${BLOB.chunk_bytes}`);
    expect(existsSync(path)).toBe(false);
  };
  await Promise.all([fails("data.hash@1", data), fails("data.sum@1", data.subarray(1))]);
  expect(node.blobs.list()).toEqual([]);
});

/** Whole nodes: a revocation ends what a grant allowed, at once and for good. */
import { afterEach, describe, expect, it } from "vitest";
import { must, person, until } from "./cast.ts";
import { type Citizen, citizen, close, revocation, type Town } from "./nodes.ts";

let town: Town | undefined;
afterEach(async () => {
  if (town !== undefined) await close(town);
  town = undefined;
});

async function founded(): Promise<Town> {
  town = { root: await person(), folders: [], nodes: [] };
  return town;
}

const COUNT = { skill: "text.count@1", input: { text: "one two" }, deadline_ms: 4_000 };

async function together(...citizens: readonly Citizen[]): Promise<void> {
  for (const { node } of citizens) await node.ready(AbortSignal.timeout(8_000));
  const met = ({ node }: Citizen) => node.peers().filter(({ connected }) => connected).length >= citizens.length - 1;
  await until(() => citizens.every(met), "everybody knows everybody");
}

describe("a revocation", () => {
  it("reaches everybody and puts its peer out within ten seconds; replayed, it changes nothing", async () => {
    const here = await founded();
    const one = await citizen(here);
    const two = await citizen(here, { join: one.node });
    const bad = await citizen(here, { join: one.node });
    await together(one, two, bad);
    const since = performance.now();
    const said = revocation(here.root, bad.grant);
    await two.node.revoke(said);
    const out = ({ node }: Citizen) =>
      node.peers().every(({ peer, connected }) => peer !== bad.node.self || !connected);
    await until(() => out(one) && out(two) && one.node.keys().revocations.length === 1, "it is out", 10_000);
    expect(performance.now() - since).toBeLessThan(10_000);
    await two.node.revoke(said);
    expect(two.node.keys().revocations).toHaveLength(1);
    expect(one.refused).toContainEqual(expect.objectContaining({ from: bad.node.self, clause: "PERM-2" }));
    // Who was away hears of it on its connection.
    const late = await citizen(here, { join: one.node });
    await until(() => late.node.keys().revocations.length === 1, "the newcomer was told");
  });

  it("by a stranger counts for nothing", async () => {
    const here = await founded();
    const one = await citizen(here);
    const good = await citizen(here, { join: one.node });
    await together(one, good);
    await one.node.revoke(revocation(await person(), good.grant));
    await until(() => good.node.keys().revocations.length === 1, "it was told");
    const outcome = await one.node.outcome(await one.node.submit(COUNT));
    expect(outcome.status).toBe("done");
    expect(one.node.peers().find(({ peer }) => peer === good.node.self)?.connected).toBe(true);
  });

  it("while its peer works: the lease runs out, and another does the task", async () => {
    const here = await founded();
    const asker = await citizen(here, { agent: false });
    const first = await citizen(here, { join: asker.node });
    await together(asker, first);
    const input = { wait: true, ms: 1_500 };
    const task = await asker.node.submit({ ...COUNT, input, lease_ms: 600, deadline_ms: 9_000, custodians: 1 });
    const working = () => asker.node.facts(task).some(({ type }) => type === "agreed");
    await until(working, "it is at work");
    const second = await citizen(here, { join: asker.node });
    await asker.node.revoke(revocation(here.root, first.grant));
    const outcome = await asker.node.outcome(task);
    expect(outcome).toMatchObject({ status: "done", contractor: second.node.self });
    const ended = asker.node.facts(task).find(({ type }) => type === "attempt-ended");
    expect(must(ended)).toMatchObject({ contractor: first.node.self, reason: "lost" });
  });
});

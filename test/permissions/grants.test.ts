/** Whole nodes: what a grant allows is done, what it does not is refused, and said. */
import { afterEach, describe, expect, it } from "vitest";
import { person, until } from "./cast.ts";
import { type Citizen, citizen, close, type Town } from "./nodes.ts";

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

describe("a grant", () => {
  it("of member alone lets its holder announce and execute", async () => {
    const here = await founded();
    const asker = await citizen(here, { agent: false });
    const worker = await citizen(here, { join: asker.node });
    await together(asker, worker);
    const outcome = await asker.node.outcome(await asker.node.submit(COUNT));
    expect(outcome).toMatchObject({ status: "done", contractor: worker.node.self });
  });

  it("that is narrower narrows: who may not announce is refused by its own node, and who may not execute is not called", async () => {
    const here = await founded();
    const asker = await citizen(here, { agent: false, can: ["member", "announce/*"] });
    const texts = await citizen(here, { join: asker.node, can: ["member", "execute/text.*"] });
    await together(asker, texts);
    await expect(texts.node.submit(COUNT)).rejects.toMatchObject({ code: "denied" });
    const text = await asker.node.outcome(await asker.node.submit(COUNT));
    expect(text).toMatchObject({ status: "done", contractor: texts.node.self });
    const image = await asker.node.outcome(
      await asker.node.submit({ ...COUNT, skill: "image.count@1", deadline_ms: 1_200 }),
    );
    expect(image).toMatchObject({ status: "expired", failure: { reason: "no-bids", asked: [] } });
  });

  it("with limits keeps its holder below them", async () => {
    const here = await founded();
    const asker = await citizen(here, { agent: false, limits: { rate_per_min: 2, input_bytes: 64 } });
    const worker = await citizen(here, { join: asker.node });
    await together(asker, worker);
    await expect(asker.node.submit({ ...COUNT, input: { text: "x".repeat(100) } })).rejects.toMatchObject({
      code: "denied",
    });
    for (let tries = 0; tries < 2; tries++)
      expect(await asker.node.outcome(await asker.node.submit(COUNT))).toMatchObject({ status: "done" });
    const third = await asker.node.outcome(await asker.node.submit({ ...COUNT, deadline_ms: 1_200 }));
    expect(third.status).toBe("expired");
    expect(third.failure?.refusals).toContainEqual(
      expect.objectContaining({ peer: worker.node.self, reason: "denied" }),
    );
  });
});

/** What a node does with a wish in the first moments of its life, when it does not know yet who is there. */
import { expect, it } from "vitest";
import { type Desk, submit } from "../../node/submitting.ts";
import type { Answer } from "../../protocols/mod.ts";
import { taskId } from "../host/helpers.ts";

const few: Answer = { ok: false, reason: "too-few-peers", message: "3 custodians were asked for" };
const stored: Answer = { ok: true, task: taskId(1) };
const wish = { skill: "text.count@1", input: {}, custodians: 3 as const };

/** Each of its answers is given for so many looks, the last one for ever. */
function desk({ meshReady, young, answers }: { meshReady: number; young: number; answers: readonly Answer[] }) {
  const asked: number[] = [];
  let looks = 0;
  const of: Desk = {
    cards: () => [],
    ask: () => {
      asked.push(looks);
      return Promise.resolve(answers[Math.min(asked.length, answers.length) - 1] ?? few);
    },
    young: () => looks < young,
    meshReady: () => ++looks >= meshReady,
  };
  return { of, asked, looks: () => looks };
}

it("a young node waits for its mesh, and asks once", async () => {
  const { of, asked } = desk({ meshReady: 4, young: 100, answers: [stored] });
  expect(await submit(wish, of)).toBe(stored.task);
  expect(asked).toEqual([4]);
});

it("it does not wait when its youth is over: what is there has to do", async () => {
  const { of, asked } = desk({ meshReady: 1_000, young: 3, answers: [stored] });
  expect(await submit(wish, of)).toBe(stored.task);
  expect(asked).toEqual([3]);
});

it("it says what is wrong with a wish at once", async () => {
  const { of, looks } = desk({ meshReady: 1_000, young: 1_000, answers: [stored] });
  await expect(submit({ ...wish, skill: "nonsense" }, of)).rejects.toMatchObject({ code: "usage" });
  expect(looks()).toBe(0);
});

it("too few peers: asked again while it is young, and no longer", async () => {
  const young = desk({ meshReady: 1, young: 100, answers: [few, few, stored] });
  expect(await submit(wish, young.of)).toBe(stored.task);
  expect(young.asked).toHaveLength(3);

  const grown = desk({ meshReady: 1, young: 0, answers: [few, stored] });
  await expect(submit(wish, grown.of)).rejects.toMatchObject({ code: "too-few-peers" });
  expect(grown.asked).toHaveLength(1);
});

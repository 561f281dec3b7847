/** A node at work while peers flood it, speak rubbish or say nothing. What takes longer is in `resources.long.test.ts`. */
import { expect, test } from "vitest";
import { tryFlood, tryRubbish, trySilence, trySpam } from "./resources.ts";
import type { Row } from "./row.ts";

/** A tenth of the numbers of `npm run threats`, where those are large. */
const ATTACKS: readonly (readonly [string, () => Promise<Row>])[] = [
  [
    "of 5 signers that announce 80 times a second, 25 a second are processed, and all of honest ones",
    () => trySpam({ spammers: 5, each: 800 }),
  ],
  ["tasks end well while three members announce without end", () => tryFlood({ spammers: 3, tasks: 4 })],
  [
    "tasks end well and the loop keeps time under rubbish on topics",
    () => tryRubbish({ peers: 2, messages: 300, tasks: 8 }),
  ],
  ["an honest peer is answered within 5 s among 50 that never answer", () => trySilence({ peers: 50 })],
];

test.each(ATTACKS)("%s", async (_, attack) => {
  const { attempted, passed, wrong } = await attack();
  expect(wrong).toEqual([]);
  expect(passed).toBe(attempted);
});

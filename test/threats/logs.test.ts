/** No stranger's words forge a line, move a cursor, or leave JSON. */
import { expect, test } from "vitest";
import { tryLogs } from "./logs.ts";

/** 14,000 times a text is shown; `npm run threats` shows 70,000. */
test("2,000 hostile texts keep to their lines in every command that shows a stranger's words, as text and as JSON", async () => {
  const { attempted, passed, wrong } = await tryLogs(2_000);
  expect(wrong).toEqual([]);
  expect(passed).toBe(attempted);
  expect(attempted).toBe(7 * 2_000 + 2);
});

/** Attacks on live nodes that take longer, in small: the full numbers are `npm run threats`. */
import { expect, test } from "vitest";
import { tryIdle, tryNoCertificate, tryWrongKey } from "./admission.ts";
import { tryHostileFrames } from "./hostile-frames.ts";
import { tryLateGrants } from "./late-grants.ts";
import type { Row } from "./row.ts";

const ATTACKS: readonly (readonly [string, () => Promise<Row>])[] = [
  ["300 dials with a wrong network key, or none, get nobody in", () => tryWrongKey({ dials: 300 })],
  ["members get in while one address holds all the handshakes that it may", () => tryIdle({ dials: 40, addresses: 1 })],
  ["members get in while four addresses do", () => tryIdle({ dials: 40, addresses: 4 })],
  ["50 tries without a certificate bring nothing in or out", () => tryNoCertificate({ tries: 50 })],
  ["a node lives through 500 hostile frames, and serves others", () => tryHostileFrames({ count: 500 })],
  ["a grant that has ended is refused within 10 s", () => tryLateGrants({ rounds: 1 })],
];

test.each(ATTACKS)("%s", { timeout: 120_000 }, async (_, attack) => {
  const { attempted, passed, wrong } = await attack();
  expect(wrong).toEqual([]);
  expect(passed).toBe(attempted);
});

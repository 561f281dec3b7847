/** What `moot submit --dry-run` makes of its node's answer: words for people, and an exit code. */
import { afterEach, expect, it, vi } from "vitest";
import { dryRun } from "../../node/cli/dry-run.ts";
import { EXIT } from "../../node/cli/exits.ts";
import type { DryRun } from "../../node/moot-node.ts";
import { skillOf } from "../../node/submitting.ts";
import { BERT } from "./facts.ts";

const skill = skillOf("text.count@1");
const terms = { peer: BERT, agent: "counter", cost: 1, expected_ms: 10, load_permille: 0, fits: true };

afterEach(() => {
  process.exitCode = undefined;
  vi.restoreAllMocks();
});

async function told(found: Omit<DryRun, "skill" | "custodians">) {
  const said: string[] = [];
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, "write").mockImplementation((text) => said.push(String(text)) > 0);
  await dryRun({ dryRun: () => Promise.resolve({ skill, custodians: [BERT], ...found }) }, { skill }, false);
  return { code: process.exitCode, text: said.join("") };
}

it("denied: exit 7, with the reason", async () => {
  const { code, text } = await told({
    denied: "no grant of announce",
    candidates: [{ ...terms, bids: false, by: "card" }],
  });
  expect(code).toBe(EXIT.denied);
  expect(text).toContain("this node may not announce text.count@1: no grant of announce");
});

it("nobody would bid: exit 5; somebody would: 0, and what that is read from", async () => {
  const idle = await told({
    candidates: [{ ...terms, bids: false, by: "standing", why: "its places are full (2 of 2)" }],
  });
  expect(idle.code).toBe(EXIT.noBids);
  expect(idle.text).toContain("counter would not: its places are full (2 of 2)");
  process.exitCode = undefined;
  const good = await told({ candidates: [{ ...terms, bids: true, by: "card" }] });
  expect(good.code).toBeUndefined();
  expect(good.text).toMatch(/^bids .* its card$/m);
});

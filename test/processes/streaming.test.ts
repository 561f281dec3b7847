/** What a run says before it ends: in order and once, at every custodian, and for whoever submitted it. */
import { expect, it } from "vitest";
import { sharedMesh } from "./mesh.ts";
import { numbers, ORDERS, type Order, partials } from "./orders.ts";

const SKILL = "test.says@1";

const mesh = sharedMesh({
  nodes: [{ name: "asks" }, { name: "keeps" }, { name: "one", agents: [{ skill: SKILL, source: ORDERS }] }],
});

function put(input: Order, options: object = {}): Promise<string> {
  return mesh().submit("asks", "echo", { skill: SKILL, input, deadline_ms: 40_000, ...options });
}
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

it("partial results come in order, once, before the outcome, to every custodian, and are no part of the outcome", async () => {
  const task = await put({ emit: 30, answer: "all" });
  const outcome = await mesh().outcome("asks", task);
  expect(outcome.result).toEqual({ answer: "all", answers: [] });
  const { custodians, ballot } = await mesh().node("asks").client.task(task);
  const fence = 8 * ballot.round + ballot.custodian;
  for (const node of mesh().nodes.filter(({ peer }) => custodians.includes(peer))) {
    const facts = await mesh().until(`${node.name} heard all`, async () => {
      const found = await partials(node, task);
      return numbers(found, fence).length === 30 && found;
    });
    expect(numbers(facts, fence)).toEqual(upTo(30));
    expect(facts.flatMap(({ values }) => values)).toEqual(upTo(30).map((nth) => ({ nth, fence })));
    // A few messages, not one for each.
    expect(facts.length).toBeLessThan(15);
  }
});

it("progress is seen long before a third of the lease", async () => {
  const task = await put({ progress: 0.4, hold: true }, { lease_ms: 60_000 });
  const seen = await mesh().until("progress is known", async () => {
    const { facts } = await mesh().node("asks").client.facts(task);
    return facts.find((fact) => fact.type === "progress");
  });
  expect(seen).toMatchObject({ done_permille: 400, note: "so far" });
  await mesh().node("asks").client.cancel(task);
});

it("submit --json --stream prints what the run says, then the outcome; without --stream the outcome alone", async () => {
  const input = JSON.stringify({ emit: 3, answer: 1 });
  const { stdout } = await mesh().node("asks").moot("submit", SKILL, "--input", input, "--json", "--stream");
  const lines = stdout
    .trim()
    .split("\n")
    .map((line): { type?: string; values?: unknown[]; status?: string } => JSON.parse(line));
  expect(lines.flatMap(({ values = [] }) => values)).toMatchObject([{ nth: 0 }, { nth: 1 }, { nth: 2 }]);
  expect(lines.at(-1)?.status).toBe("done");
  const quiet = await mesh().node("asks").moot("submit", SKILL, "--input", input, "--json");
  expect(quiet.stdout.trim().split("\n")).toHaveLength(1);
  const text = await mesh().node("asks").moot("submit", SKILL, "--input", input, "--stream");
  expect(text.stdout).toBe('{"answer":1,"answers":[]}');
  expect(text.stderr).toContain('{"nth":2,');
});

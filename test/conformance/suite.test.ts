/** The kit in virtual time against our own machines, and the traces between clauses, scripts and mutants. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { NEWEST, REQUIREMENTS, runSuite, SCRIPTS } from "../../kit/mod.ts";
import { virtualStage } from "../../node/conformance/virtual.ts";
import { MUTANTS } from "./mutants/mod.ts";

const requirements = REQUIREMENTS.get(NEWEST) ?? [];
const clauses = new Set(requirements.map(({ id }) => id));

test("our peer passes every script that virtual time can play", async () => {
  const clock = () => performance.now();
  const played = await runSuite({ stage: virtualStage(), scripts: SCRIPTS, requirements, lanes: 1, seed: 1, clock });
  expect(
    played.filter(({ verdict }) => verdict.type === "fail").map(({ name, verdict }) => ({ name, verdict })),
  ).toEqual([]);
  expect(played.length).toBeGreaterThanOrEqual(SCRIPTS.length);
});

test("the newest requirements are those of the specification", () => {
  const text = readFileSync(new URL("../../protocols/README.md", import.meta.url), "utf8");
  const found = [...text.matchAll(/^- \*\*(?<id>[A-Z]+-\d+)\*\* (?<rest>.*?)(?=\n- \*\*|\n\n)/gms)].map(
    ({ groups }) => ({
      id: groups?.["id"],
      level: /\bMUST\b/.test(groups?.["rest"] ?? "") ? "MUST" : "SHOULD",
    }),
  );
  const sorted = (list: readonly { id?: string | undefined; level: string }[]) =>
    list.map(({ id, level }) => `${id} ${level}`).sort();
  expect(sorted(found)).toEqual(sorted(requirements));
});

test("every clause has a script, and every script a clause", () => {
  const covered = new Set(SCRIPTS.flatMap((script) => script.clauses));
  expect([...clauses].filter((clause) => !covered.has(clause))).toEqual([]);
  expect([...covered].filter((clause) => !clauses.has(clause))).toEqual([]);
  expect(SCRIPTS.filter((script) => script.clauses.length === 0).map(({ name }) => name)).toEqual([]);
  expect(new Set(SCRIPTS.map(({ name }) => name)).size).toBe(SCRIPTS.length);
});

test("every MUST has a mutant", () => {
  const broken = new Set(MUTANTS.map(({ clause }) => clause));
  const musts = requirements.filter(({ level }) => level === "MUST").map(({ id }) => id);
  expect(musts.filter((clause) => !broken.has(clause))).toEqual([]);
  expect([...broken].filter((clause) => !clauses.has(clause))).toEqual([]);
});

test("no script passes in front of a peer that says nothing", () => {
  const silent = SCRIPTS.filter(
    ({ steps }) =>
      !steps.some(
        (step) => "hear" in step || "overhear" in step || "cut" in step || "record" in step || "answered" in step,
      ),
  );
  expect(silent.map(({ name }) => name)).toEqual([]);
});

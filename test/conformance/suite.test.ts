/** The kit in virtual time against our own machines, and the traces between clauses, scripts and mutants. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { NEWEST, type Played, REQUIREMENTS, runSuite, SCRIPTS } from "../../kit/mod.ts";
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

test("in real time, what failed among others is played again alone, and that counts; what many fail is not", async () => {
  const clock = () => performance.now();
  const scripts = SCRIPTS.filter(({ clauses: own }) => own.includes("WIRE-6"));
  const [first] = scripts;
  const virtual = virtualStage();
  const playOn = (late: number, realTime: boolean) => {
    let opened = 0;
    const open: typeof virtual.open = (cast, seed) =>
      opened++ < late ? Promise.reject(new Error("the machine is busy")) : virtual.open(cast, seed);
    return runSuite({ stage: { ...virtual, realTime, open }, scripts, requirements, lanes: 1, seed: 1, clock });
  };
  const failing = (played: readonly Played[]) => played.filter(({ verdict }) => verdict.type === "fail");
  expect(failing(await playOn(1, false))).toHaveLength(1);
  const again = await playOn(1, true);
  expect(failing(again)).toEqual([]);
  expect(again.filter(({ first }) => first !== undefined).map(({ name, first }) => ({ name, first }))).toEqual([
    { name: expect.stringContaining(first?.name ?? "?"), first: expect.stringContaining("the machine is busy") },
  ]);
  const all = await playOn(1_000, true);
  expect(failing(all)).toHaveLength(all.length);
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
        (step) =>
          ["hear", "overhear", "cut", "record", "answered", "ask", "admit"].some((word) => word in step) ||
          ("stream" in step && step.reset),
      ),
  );
  expect(silent.map(({ name }) => name)).toEqual([]);
});

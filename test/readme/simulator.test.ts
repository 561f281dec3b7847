/** What the README and the simulator's say of `moot sim` is true: commands run, files are read, defaults are the defaults. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compose, draft } from "../../node/sim/compose.ts";
import { parseDraft } from "../../node/sim/file.ts";
import { KEYS } from "../../node/sim/schema.ts";
import { runScenario } from "../../sim/mod.ts";
import { moot } from "../processes/processes.ts";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const SIM = readFileSync(new URL("../../sim/README.md", import.meta.url), "utf8");

/** The fenced YAML block that contains the text. */
function yaml(page: string, containing: string): string {
  for (const [, body] of page.matchAll(/```yaml\n(.*?)```/gs)) if (body?.includes(containing)) return body;
  throw new Error(`no YAML block with ${containing}`);
}

describe("the README", () => {
  let cwd: string;
  beforeAll(() => {
    cwd = mkdtempSync(join(tmpdir(), "folkmoot-readme-"));
    writeFileSync(join(cwd, "my-scenario.yaml"), yaml(README, "silent_permille"));
  });
  afterAll(() => rmSync(cwd, { recursive: true, force: true }));

  // Each is run without its comment.
  const commands = [...README.matchAll(/npx moot (sim\b[^#`\n]*)/g)].map(([, words = ""]) => words.trim());

  test("offers commands that run, its own scenario among them", () => {
    expect(commands.length).toBeGreaterThan(3);
    expect(commands).toContain("sim my-scenario.yaml");
  });
  test.each(commands)("moot %s", { timeout: 120_000 }, async (words) => {
    const { code, stdout } = await moot(words.split(/\s+/), { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(words.includes("--help") ? /^Usage: moot sim/ : /^ {2}promises +kept: P1/m);
  });
});

describe("the simulator's README", () => {
  const everyKey = yaml(SIM, "settle_ms");

  test("has every key of a scenario file, with its default", () => {
    const { name, ...shown } = compose(parseDraft(everyKey, "s.yaml"), 1);
    const { name: _, ...meant } = compose(draft({}), 1);
    expect(name).toBe("scenario");
    expect(shown).toEqual(meant);
    expect(KEYS).toContain("warm_cards");
    for (const key of KEYS) expect(everyKey, key).toMatch(new RegExp(`^[- ]*(# )?${key}:`, "m"));
  });

  test("has every kind of planned fault, and all of them strike", () => {
    const text = yaml(SIM, "clock_jump");
    const { plan } = parseDraft(text, "s.yaml");
    expect(new Set(plan.map(({ type }) => type)).size).toBe(11);
    const scenario = compose(parseDraft(`${text}tasks: [{ count: 40 }]\ntrouble_ms: 8000\n`, "s.yaml"), 1);
    expect(runScenario(scenario).report.breaches).toEqual([]);
  });
});

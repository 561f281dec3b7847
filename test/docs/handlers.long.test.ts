/** The pages on handlers are true: files as they stand there, commands as a reader types them, output as it is shown. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseConfig } from "../../node/config/mod.ts";
import { fits, stepsOf, Terminal, withFreePorts } from "./page.ts";

const FOLDER = join(import.meta.dirname, "../../docs/handlers");
const PAGES = readdirSync(FOLDER).filter((name) => name.endsWith(".md") && name !== "README.md");
const read = (name: string) => readFileSync(join(FOLDER, name), "utf8");

describe.each(PAGES)("%s", (name) => {
  test("can be followed literally", async () => {
    const steps = stepsOf(await withFreePorts(read(name)));
    const commands = steps.flatMap((step) => (step.type === "run" ? [step.command] : []));
    expect(commands.some((command) => command.startsWith("moot up"))).toBe(true);
    expect(commands.some((command) => command.startsWith("moot submit"))).toBe(true);
    const terminal = new Terminal();
    onTestFinished(() => terminal.close());
    for (const step of steps) {
      if (step.type === "file") terminal.write(step.name, step.body);
      else if (step.type === "run") await terminal.run(step.command, step.shown);
    }
  });

  test("shows configurations that are right", () => {
    for (const step of stepsOf(read(name))) {
      if (step.type !== "sample") continue;
      expect(step.language, "a block is a file, commands, or a configuration").toBe("yaml");
      // The files that a sample names are the reader's.
      expect(parseConfig(step.body, "moot.yaml", { lenient: true }).agents.length).toBeGreaterThan(0);
    }
  });

  test("is in the list of kinds", () => {
    expect(read("README.md")).toContain(`](${name})`);
  });
});

test("a comparison with what is shown can fail", () => {
  expect(fits("a 1 b\nc\nd\n", ["a … b", "…", "d"])).toBe(true);
  expect(fits("a 1 b\nd\n", ["a … b", "…", "d"])).toBe(true);
  for (const wrong of ["a 1 c\nd\n", "a 1 b\n", "a 1 b\nd\ne\n", ""])
    expect(fits(wrong, ["a … b", "…", "d"])).toBe(false);
});

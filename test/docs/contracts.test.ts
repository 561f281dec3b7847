/** The pages on contracts and on failures can be followed literally. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { stepsOf, Terminal } from "./page.ts";

test.each(["contracts.md", "failures.md"])("%s", async (name) => {
  const steps = stepsOf(readFileSync(join(import.meta.dirname, "../../docs", name), "utf8"));
  expect(steps.filter(({ type }) => type === "run").length).toBeGreaterThan(3);
  const terminal = new Terminal();
  onTestFinished(() => terminal.close());
  for (const step of steps) {
    if (step.type === "file") terminal.write(step.name, step.body);
    else if (step.type === "run") await terminal.run(step.command, step.shown);
    else throw new Error(`a block is neither a file nor commands:\n${step.body}`);
  }
});

/** The pages on tasks of tasks, and on what a run says before it ends, can be followed literally. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { stepsOf, Terminal, withFreePorts } from "./page.ts";

test.each(["sub-tasks.md", "streaming.md"])("%s", async (name) => {
  const page = readFileSync(join(import.meta.dirname, "../../docs", name), "utf8");
  const steps = stepsOf(await withFreePorts(page));
  expect(steps.filter(({ type }) => type === "run").length).toBeGreaterThan(2);
  const terminal = new Terminal();
  onTestFinished(() => terminal.close());
  for (const step of steps) {
    if (step.type === "file") terminal.write(step.name, step.body);
    else if (step.type === "run") await terminal.run(step.command, step.shown);
    else throw new Error(`a block is neither a file nor commands:\n${step.body}`);
  }
});

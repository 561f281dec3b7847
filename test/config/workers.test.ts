/** What a configuration may say of functions in workers, of stalls and of breakers. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parseConfig } from "../../node/config/mod.ts";

function agentWith(lines: string) {
  const dir = mkdtempSync(join(tmpdir(), "moot-config-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, "agent.ts"), "export default () => 1;\n");
  const text = `agents:\n  - name: one\n    skills: [{ name: does.it@1 }]\n    ${lines}\n`;
  return { dir, parse: () => parseConfig(text, join(dir, "moot.yaml")).agents[0] };
}

test("a worker has 128 MB and stays, unless it says otherwise", () => {
  const plain = agentWith("handler: { module: { path: ./agent.ts, worker: true } }");
  const path = join(plain.dir, "agent.ts");
  expect(plain.parse()?.handler).toEqual({ kind: "module", path, worker: { memory_mb: 128, fresh: false } });
  const own = agentWith("handler: { module: { path: ./agent.ts, worker: true, memory_mb: 32, fresh: true } }");
  expect(own.parse()?.handler).toMatchObject({ worker: { memory_mb: 32, fresh: true } });
  const none = agentWith("handler: { module: { path: ./agent.ts } }");
  expect(none.parse()?.handler).toEqual({ kind: "module", path: join(none.dir, "agent.ts") });
});

test("a process has 512 MB and stays, unless it says otherwise", () => {
  const plain = agentWith("handler: { module: { path: ./agent.ts, process: true } }");
  const path = join(plain.dir, "agent.ts");
  expect(plain.parse()?.handler).toEqual({ kind: "module", path, process: { memory_mb: 512, fresh: false } });
  const own = agentWith("handler: { module: { path: ./agent.ts, process: true, memory_mb: 96, fresh: true } }");
  expect(own.parse()?.handler).toMatchObject({ process: { memory_mb: 96, fresh: true } });
});

test("a stall and a breaker are optional", () => {
  const given = agentWith("handler: { module: ./agent.ts }\n    stall_ms: 500\n    breaker: { failures: 2 }").parse();
  expect(given).toMatchObject({ stall_ms: 500, breaker: { failures: 2, pause_ms: 30_000 } });
});

test.each([
  ["{ module: { path: ./none.ts, worker: true } }", "none.ts, which is not a file"],
  ["{ module: { path: ./agent.ts, memory_mb: 64 } }", "limits a worker, and there is none; add worker: true"],
  ["{ module: { path: ./agent.ts, worker: true, process: true } }", "give worker: true or process: true, not both"],
  ["{ module: { path: ./agent.ts, process: true, memory_mb: 32 } }", "give it 96 or more"],
  ["{ module: { path: ./agent.ts, worker: true, memory_mb: 1 } }", "a whole number of megabytes from 16"],
  ["{ module: { path: ./agent.ts, worker: perhaps } }", "true or false"],
  ["{ module: { file: ./agent.ts } }", "file"],
  ["{ module: 7 }", "a map such as { path: ./agent.ts, worker: true, memory_mb: 128 }"],
])("what cannot be is refused with a remedy: %s", (handler, words) => {
  expect(agentWith(`handler: ${handler}`).parse).toThrow(words);
});

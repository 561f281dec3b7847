/** A folder for a config, and what a bad config is told. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { parseConfig } from "../../node/config/mod.ts";
import { Fault } from "../../node/fault.ts";

export function folder(files: Readonly<Record<string, string>> = {}): string {
  const path = mkdtempSync(join(tmpdir(), "folkmoot-config-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content, { mode: 0o600 });
  return path;
}

export async function faultOf(act: () => unknown): Promise<Fault> {
  try {
    await act();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** The lines of what a config is told, without its file's name. */
export async function told(text: string, dir: string = tmpdir()): Promise<string[]> {
  const path = join(dir, "moot.yaml");
  const fault = await faultOf(() => parseConfig(text, path));
  if (fault.code !== "config") throw fault;
  const [head = "", ...lines] = fault.message.replaceAll(`${path}:`, "").split("\n");
  if (!head.startsWith(`${path} has `)) throw fault;
  return lines;
}

/** A config with one agent, around some lines of its one skill. */
export function withSkill(...lines: readonly string[]): string {
  const head = ["agents:", "  - name: a", "    handler: { exec: [sh] }", "    skills:", "      - name: text.count@1"];
  return [...head, ...lines.map((line) => `        ${line}`)].join("\n");
}

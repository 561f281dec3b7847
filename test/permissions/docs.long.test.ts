/** docs/permissions.md, typed as it stands: every block in one shell, in an empty folder. */
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { PERMISSIONS } from "../../protocols/mod.ts";

const ROOT = join(import.meta.dirname, "../..");
const PAGE = readFileSync(join(ROOT, "docs/permissions.md"), "utf8");
const SPEC = readFileSync(join(ROOT, "protocols/README.md"), "utf8");

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

it("the page's commands do what it says, from the first to the last", async () => {
  const dir = mkdtempSync(join(tmpdir(), "moot-permissions-"));
  const bin = join(dir, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "moot"), `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, "node/bin/moot.js")}" "$@"\n`);
  chmodSync(join(bin, "moot"), 0o755);
  const blocks = [...PAGE.matchAll(/```sh\n(.*?)```/gs)].map(([, body]) => body ?? "");
  expect(blocks.length).toBeGreaterThan(8);
  const script = `set -e\ntrap 'kill $(jobs -p) 2>/dev/null' EXIT\n${blocks.join("\necho ---\n")}`;
  const port = await freePort();
  const shell = spawn("timeout", ["50", "bash", "-c", script.replaceAll("4701", String(port))], {
    cwd: dir,
    env: { ...process.env, PATH: `${bin}:${process.env["PATH"] ?? ""}` },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [said, complained] = ["", ""];
  shell.stdout.on("data", (data) => (said += String(data)));
  shell.stderr.on("data", (data) => (complained += String(data)));
  const code = await new Promise((resolve) => shell.once("close", resolve));
  rmSync(dir, { recursive: true, force: true });
  expect({ code, complained: code === 0 ? "" : complained }).toEqual({ code: 0, complained: "" });
  expect(said).toContain("can    member execute/text.*");
  expect(said).toContain("limits budget=10");
  expect(complained).toContain("this node may not announce text.count@1");
  expect(said.match(/^revoked [0-9a-f]{64}$/gm)).toHaveLength(2);
});

it("the numbers of the specification's section are those of the code, and every clause that the code names is in it", () => {
  const [, section = ""] = SPEC.split("\n## 13. Permissions\n");
  const rows = [...section.matchAll(/^\| `([a-z_]+)` \| ([0-9,]+) [a-z]+ \|/gm)];
  const stated = rows.map(([, name, value]) => [name, Number(value?.replaceAll(",", ""))]);
  expect(Object.fromEntries(stated)).toEqual(PERMISSIONS);
  const ids = [...section.matchAll(/^- \*\*(PERM-\d+)\*\* /gm)].map(([, id]) => id);
  expect(ids).toEqual(ids.map((_, index) => `PERM-${index + 1}`));
  for (const file of ["peer/rules.ts", "peer/calls.ts", "peer/presence.ts", "peer/custodies.ts"])
    for (const [id] of readFileSync(join(ROOT, "protocols", file), "utf8").matchAll(/\bPERM-\d+/g))
      expect(ids).toContain(id);
});

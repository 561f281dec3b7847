/** What `moot init` writes works as it is, and overwrites nothing. */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { initConfig, loadConfig, loadIdentity } from "../../node/config/mod.ts";
import { runAgent } from "../../node/handlers/mod.ts";
import { faultOf, folder } from "./helpers.ts";

test("its config loads, and its agent runs", async () => {
  const dir = join(folder(), "new");
  const files = initConfig(dir);
  expect(files.map((file) => file.slice(dir.length + 1)).sort()).toEqual(["count.sh", "moot.yaml", "network.key"]);
  expect(readdirSync(dir).sort()).toEqual(["count.sh", "moot.yaml", "network.key"]);
  expect(statSync(join(dir, "network.key")).mode & 0o777).toBe(0o600);
  const config = await loadConfig(join(dir, "moot.yaml"));
  await loadIdentity(config.data);
  expect(readFileSync(join(dir, "network.key"), "latin1")).toMatch(
    /^\/key\/swarm\/psk\/1\.0\.0\/\n\/base16\/\n[0-9a-f]{64}$/,
  );
  const counter = config.agents[0];
  if (counter === undefined) throw new Error("no agent");
  const texts = new Map([
    ["", { words: 0, lines: 0 }],
    ["one", { words: 1, lines: 1 }],
    [' one  "two" \\three\\\n\\"four\\\\" f\tünf\r\n{"six":7}\u0001', { words: 7, lines: 3 }],
    ["\\", { words: 1, lines: 1 }],
    ["a b ".repeat(16_000), { words: 32_000, lines: 1 }],
  ]);
  for (const [text, output] of texts) {
    const call = { task: "t", skill: "text.count@1", input: { text }, fence: 8, deadline_ms: 20_000 };
    expect(await runAgent(counter, call)).toMatchObject({ ok: true, output });
  }
});

test("two networks have two keys", () => {
  const [one, other] = [folder(), folder()];
  initConfig(one);
  initConfig(other);
  expect(readFileSync(join(one, "network.key"))).not.toEqual(readFileSync(join(other, "network.key")));
});

test.each(["moot.yaml", "count.sh", "network.key"])("nothing is written where there is a %s", async (name) => {
  const dir = folder();
  writeFileSync(join(dir, name), "mine");
  const fault = await faultOf(() => initConfig(dir));
  expect([fault.code, fault.message]).toEqual(["usage", expect.stringContaining(join(dir, name))]);
  expect(fault.remedy).toContain("nothing is ever overwritten");
  expect(readdirSync(dir)).toEqual([name]);
  expect(readFileSync(join(dir, name), "utf8")).toBe("mine");
});

test("a folder that cannot be made is a fault", async () => {
  const dir = folder({ file: "" });
  expect((await faultOf(() => initConfig(join(dir, "file", "sub")))).code).toBe("usage");
  rmSync(join(dir, "file"));
});

/** `moot keys`, as a process: what it writes is private and whole, what it prints holds no secret, and what it refuses has a remedy. */
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { moot } from "../processes/processes.ts";

let dir: string;
const told: string[] = [];
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "moot-keys-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function keys(...words: string[]) {
  const spoken = await moot(["keys", ...words], { cwd: dir });
  told.push(spoken.stdout, spoken.stderr);
  return spoken;
}

const modeOf = (file: string) => statSync(join(dir, file)).mode & 0o777;

it("makes, grants and shows; files are 0600 and never overwritten", async () => {
  const [root, network, member] = await Promise.all([
    keys("make", "root", "--json"),
    keys("make", "network"),
    keys("make", "member"),
  ]);
  const { peer: issuer } = JSON.parse(root.stdout);
  const audience = member.stdout.trim();
  expect(network.stdout.trim()).toBe("network.key");
  const made = await keys(
    "grant",
    audience,
    "--network",
    "home",
    "--can",
    "member",
    "--for",
    "30d",
    "--limit",
    "budget=5",
  );
  expect(made).toMatchObject({ code: 0, stdout: "member.grants" });
  for (const file of ["root.key", "network.key", "member.grants", "data/identity.key"])
    expect(modeOf(file)).toBe(0o600);
  const shown = JSON.parse((await keys("show", "member.grants", "--json")).stdout);
  expect(shown).toMatchObject({ kind: "grants", network: "home", peer: audience });
  expect(shown.grants).toMatchObject([{ issuer, audience, can: ["member"], limits: { budget: 5 } }]);
  const before = readFileSync(join(dir, "root.key"));
  const again = await Promise.all([keys("make", "root"), keys("make", "network"), keys("make", "member")]);
  expect(again.map(({ code }) => code)).toEqual([2, 2, 0]);
  expect(again[2]?.stdout.trim()).toBe(audience);
  expect(readFileSync(join(dir, "root.key"))).toEqual(before);
  const twice = await keys("grant", audience, "--network", "home", "--can", "member");
  expect(twice).toMatchObject({ code: 2, stderr: expect.stringContaining("remedy: ") });
});

it("refuses what nobody would take, with a remedy", async () => {
  const peer = "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5";
  const under = ["--under", "member.grants", "--key", "data/identity.key"];
  const cases = await Promise.all([
    keys("grant", peer, "--can", "member", ...under, "--out", "a"),
    keys("grant", peer, "--can", "member", "--network", "home", "--for", "500d"),
    keys("grant", peer, "--can", "execute/foo", "--network", "home"),
    keys("grant", peer, "--can", "member", "--network", "home", "--limit", "speed=3", "--out", "b"),
    keys("grant", "nobody", "--can", "member", "--network", "home"),
    keys("grant", peer, "--can", "member", "--network", "home", "--key", "none.key"),
    keys("make", "coffee"),
    keys("show", "nothing"),
    keys("revoke", "abc"),
  ]);
  expect(cases.map(({ code }) => code)).toEqual(cases.map(() => 2));
  for (const { stderr } of cases) expect(stderr).toMatch(/remedy: |It is /);
  expect(cases[0]?.stderr).toContain("delegate");
  expect((await keys("list")).code).toBe(6);
});

it("prints no secret", async () => {
  for (const file of ["root.key", "network.key", "data/identity.key"]) await keys("show", file);
  const all = told.join("\n");
  const secrets = [
    readFileSync(join(dir, "root.key"), "utf8").trim(),
    readFileSync(join(dir, "data/identity.key"), "utf8").trim(),
    readFileSync(join(dir, "network.key"), "utf8").trim().split("\n").at(-1) ?? "",
  ];
  expect(secrets.map((secret) => secret.length > 40)).toEqual([true, true, true]);
  for (const secret of secrets) expect(all).not.toContain(secret);
  expect(all).toContain("a private key (not printed)");
});

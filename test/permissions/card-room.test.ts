/** `moot check` says what a node would say at its start: its grants stand on its card too, and take room from its agents. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { checkConfiguration } from "../../node/cli/checking.ts";
import { grantsText } from "../../node/permissions/grants-file.ts";
import { charsOf, LIMITS, PERMISSIONS } from "../../protocols/mod.ts";
import { grant, HOME, person, seals } from "./cast.ts";

async function town() {
  const dir = mkdtempSync(join(tmpdir(), "moot-room-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const root = await person();
  const peers = await Promise.all(Array.from({ length: 16 }, async () => (await person()).id));
  const chain = seals(grant(root, { to: (await person()).id, limits: { peers } }));
  const check = async (schema_chars: number) => {
    const input = JSON.stringify({ type: "object", description: "x".repeat(schema_chars) });
    const skills = `[{ name: text.count@1, effects: none, expected_ms: 20, input: ${input} }]`;
    const agents = `agents: [{ name: all, handler: { exec: [cat] }, skills: ${skills} }]`;
    const config = join(dir, "moot.yaml");
    writeFileSync(config, `network: { name: home, roots: [${root.id}] }\n${agents}\n`);
    const { checks } = await checkConfiguration({ config, ports: false, load: false });
    const found = (name: string) => checks.find((one) => one.name === name);
    return { card: found("card"), certificate: found("certificate") };
  };
  const sign = () => writeFileSync(join(dir, "member.grants"), grantsText(HOME, chain), { mode: 0o600 });
  return { check, sign, chars: charsOf(chain) };
}

it("counts the grants of the config", async () => {
  const { check, sign, chars } = await town();
  sign();
  expect(chars).toBeGreaterThan(1_000);
  const small = await check(10);
  const took = Number(/take (\d+) of/.exec(small.card?.detail ?? "")?.[1]);
  const room = LIMITS.card_bytes - 4096 - chars;
  expect(small.card).toMatchObject({ level: "ok", detail: expect.stringContaining(`of the ${room} bytes`) });
  expect(small.card?.detail).toContain(`beside ${chars} of grants`);
  expect(small.certificate).toBeUndefined();
  // To the byte: one more than the room is too many.
  expect((await check(10 + room - took)).card).toMatchObject({ level: "ok" });
  expect((await check(11 + room - took)).card).toMatchObject({ level: "fail" });
});

it("grants that are not there yet are counted as the longest that may come", async () => {
  const { check } = await town();
  const { card, certificate } = await check(10);
  expect(card?.detail).toContain(`beside ${PERMISSIONS.chain_chars} of grants`);
  expect(certificate).toMatchObject({ level: "warn", detail: expect.stringContaining("does not exist") });
});

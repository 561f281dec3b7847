/**
 * The specification says what the code does: its diagrams are drawn from the machines' tables, its limits are the machines'
 * numbers, every clause that the code names is in it, and a task costs the messages that it counts.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { makeSeal, peerOf } from "../../node/envelope/mod.ts";
import { HOST } from "../../node/host/limits.ts";
import { waitInCrowd } from "../../protocols/auction/mod.ts";
import { diagram, MACHINES, withDiagrams } from "../../protocols/diagrams.ts";
import { BLOB, fenceOf, LIMITS, PERMISSIONS, PROTOCOLS, parseSkill, shardOf } from "../../protocols/mod.ts";
import { must, office, put, SKILL, worldOf } from "./stage.ts";

const ROOT = join(import.meta.dirname, "../..");
const README = readFileSync(join(ROOT, "protocols/README.md"), "utf8");

interface Clause {
  readonly id: string;
  readonly text: string;
}

describe("clauses", () => {
  const clauses = clausesOf(README);
  const ids = new Set(clauses.map(({ id }) => id));

  it("are there, and each has an id of its own", () => {
    expect(clauses.length).toBeGreaterThan(50);
    expect(clauses.map(({ id }) => id).filter((id, index, all) => all.indexOf(id) !== index)).toEqual([]);
  });

  it("state one MUST or SHOULD each, and a reason", () => {
    const states = (text: string) => text.match(/\b(MUST|SHOULD)\b/g)?.length ?? 0;
    expect(clauses.filter(({ text }) => states(text) !== 1).map(({ id }) => id)).toEqual([]);
    expect(clauses.filter(({ text }) => !/\s—\s/.test(text)).map(({ id }) => id)).toEqual([]);
  });

  it("have no gaps in their numbers", () => {
    for (const family of ["WIRE", "DIR", "AUCTION", "CLAIM", "PERM", "BLOB"]) {
      const numbers = [...ids].filter((id) => id.startsWith(`${family}-`)).map((id) => Number(id.split("-")[1]));
      expect(numbers.toSorted((left, right) => left - right)).toEqual(numbers.map((_, index) => index + 1));
    }
  });

  it.each(["protocols", "sim", "node"])("that %s/ refers to exist", (folder) => {
    const named = new Set<string>();
    for (const file of sourcesOf(folder))
      for (const [id] of readFileSync(file, "utf8").matchAll(/\b(?:WIRE|DIR|AUCTION|CLAIM|PERM|BLOB)-[0-9]+\b/g))
        named.add(id);
    expect([...named].filter((id) => !ids.has(id))).toEqual([]);
  });
});

describe("diagrams", () => {
  it("are those of the machines; `npm run diagrams` draws them anew", () => {
    for (const [name, machine] of MACHINES)
      expect(README).toContain(`<!-- diagram:${name} -->\n${diagram(name, machine)}\n<!-- /diagram -->`);
    expect(withDiagrams(README)).toBe(README);
  });

  it("leave blocks of unknown machines alone", () => {
    const text = "<!-- diagram:clock -->\nold\n<!-- /diagram -->";
    expect(withDiagrams(text)).toBe(text);
  });

  it("name every state, its moves, the start and the ends", () => {
    const moves = { idle: ["at-work"], "at-work": ["idle", "over"], over: [] };
    expect(diagram("clock", { starts: "idle", moves }).split("\n").slice(5, -1)).toEqual([
      '  state "at-work" as at_work',
      "  [*] --> idle",
      "  idle --> at_work",
      "  at_work --> idle",
      "  at_work --> over",
      "  over --> [*]",
    ]);
  });
});

describe("numbers", () => {
  it("of the table are the limits", () => {
    const [, table = ""] = README.split("\n## 11. Limits\n");
    const rows = [...table.matchAll(/^\| `([a-z_]+)` \| ([0-9,]+) \|/gm)];
    const stated = rows.map(([, name, value]): [string, number] => [name ?? "", Number(value?.replaceAll(",", ""))]);
    expect(stated).toEqual(Object.entries(LIMITS));
  });

  it("of the guards are the host's", () => {
    const [, after = ""] = README.split("\n### Guards\n");
    const [table = ""] = after.split("\n### Versions\n");
    const rows = [...table.matchAll(/^\| `([a-z_]+)` \| ([0-9,]+) \|/gm)];
    expect(rows.length).toBeGreaterThan(20);
    const stated = rows.map(([, name, value]): [string, number] => [name ?? "", Number(value?.replaceAll(",", ""))]);
    const host = new Map(Object.entries(HOST));
    expect(stated).toEqual(stated.map(([name]) => [name, host.get(name)]));
  });

  it("that the text calls by name are in one of the two tables", () => {
    const known = new Set([
      ...Object.keys(LIMITS),
      ...Object.keys(HOST),
      ...Object.keys(PERMISSIONS),
      ...Object.keys(BLOB),
    ]);
    const fields =
      "window_ms left_ms hold_ms expected_ms deadline_ms lease_ms issued_ms valid_ms uptime_ms ran_ms input_bytes waits_ms not_before_ms expires_ms rate_per_min".split(
        " ",
      );
    const named = [...README.matchAll(/`([a-z]+(?:_[a-z]+)*_(?:ms|bytes|chars|max|min|ms_[a-z]+))`/g)].map(
      ([, name = ""]) => name,
    );
    expect([...new Set(named)].filter((name) => !known.has(name) && !fields.includes(name))).toEqual([]);
  });

  it("of the streams are named", () => {
    for (const { id } of Object.values(PROTOCOLS)) expect(README).toContain(`\`${id}\``);
  });

  it.each([1, 2, 4])("of messages: a task with %i candidates costs 15 + 3k", (candidates) => {
    const world = worldOf(office(3 + candidates), { latency_ms: [10, 10] });
    const task = put(world, { skill: SKILL });
    expect(world.runUntil(() => world.outcome(task) !== undefined, 10_000)).toBe(true);
    world.run(1_000);
    const costs = { store: 2, stored: 2, cfp: candidates, propose: candidates, "accept-proposal": 1, agree: 1 };
    const rest = { "reject-proposal": candidates - 1, accept: 3, accepted: 6, decided: 1 };
    for (const [type, count] of Object.entries({ ...costs, ...rest }))
      expect(world.evidence.messages(task, type), type).toBe(count);
    expect(world.evidence.messages(task)).toBe(15 + 3 * candidates);
  });

  it("of messages: with its initiator as only custodian it costs 3 + 3k", () => {
    const world = worldOf(office(5), { latency_ms: [10, 10] });
    const task = put(world, { skill: SKILL, custodians: 1 });
    expect(world.runUntil(() => world.outcome(task) !== undefined, 10_000)).toBe(true);
    world.run(1_000);
    expect(world.evidence.messages(task)).toBe(3 + 3 * 2);
  });
});

it("the vectors are what this peer computes", async () => {
  const [, block = ""] = README.match(/<!-- vectors -->\n```json\n([\s\S]*?)```/) ?? [];
  const { payload, shards, waits_ms, ...said } = vectors.parse(JSON.parse(block));
  const key = await generateKeyPairFromSeed("Ed25519", new Uint8Array(32).fill(1));
  const award = awardDocument.parse(JSON.parse(payload));
  const { signer, digest, seal } = makeSeal(key)(award);
  const fence = fenceOf(award.ballot);
  expect({ peer: peerOf(key.publicKey.raw), id: digest, seal, fence }).toEqual(said);
  expect(signer).toBe(said.peer);
  for (const [skill, shard] of Object.entries(shards)) expect(shardOf(must(parseSkill(skill))), skill).toBe(shard);
  for (const [quality, wait_ms] of Object.entries(waits_ms))
    expect(waitInCrowd(100, 1_000 * Number(quality), LIMITS.wide_window_ms)).toBe(wait_ms);
});

const vectors = z.strictObject({
  peer: z.string(),
  payload: z.string(),
  id: z.string(),
  seal: z.string(),
  fence: z.int(),
  shards: z.record(z.string(), z.int()),
  waits_ms: z.record(z.string(), z.int()),
});
const awardTerms = z.looseObject({ kind: z.string(), ballot: z.object({ round: z.int(), custodian: z.int() }) });
/** As it is: a schema would hand the fields back in its own order. */
const awardDocument = z.custom<z.output<typeof awardTerms>>((value) => awardTerms.safeParse(value).success);

/** A clause is an item of a list that begins with its id, up to the next item or empty line. */
function clausesOf(text: string): Clause[] {
  const items = text.matchAll(/^- \*\*((?:WIRE|DIR|AUCTION|CLAIM|PERM|BLOB)-[0-9]+)\*\* ([\s\S]*?)(?=\n- |\n\n)/gm);
  return [...items].map(([, id = "", text = ""]) => ({ id, text }));
}

function sourcesOf(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(ROOT, folder, name));
}

/** P8: what real nodes' machines were given and answered, through kills and restarts, plays again effect for effect. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { livesIn } from "../../node/records/journal.ts";
import { replayJournal } from "../../node/records/journal-replay.ts";
import { journalsIn, partsIn } from "../../node/records/places.ts";
import { judgeJournals } from "../../node/sim/journals.ts";
import { type Effect, Peer, type PeerEvent, type PeerOptions } from "../../protocols/mod.ts";
import { sharedMesh } from "../processes/mesh.ts";
import { folder } from "./agents.ts";

const mesh = sharedMesh({
  nodes: [{ name: "asks" }, { name: "one", agents: [{}] }, { name: "other", agents: [{}] }],
  keys: { journal: { part_bytes: 65_536 } },
});

function lives(data: string): string[] {
  const home = journalsIn(data);
  return livesIn(home).map((life) => join(home, life));
}

/** Everything that the journal's events led to, with one thing planted. */
function planted(options: PeerOptions, plant: (effects: readonly Effect[], event: PeerEvent) => readonly Effect[]) {
  const peer = new Peer(options);
  return { receive: (event: PeerEvent) => plant(peer.receive(event), event) };
}

test("three nodes, a killed contractor, restarts, failures: every life plays again the same", async () => {
  for (let round = 0; round < 3; round++) await mesh().outcome("asks", await mesh().submit("one", "echo"));
  await mesh().outcome("asks", await mesh().submit("asks", "fail", { attempts_max: 1 }));
  const task = await mesh().submit("asks", "hold", { lease_ms: 2_000 });
  const { node } = await mesh().started(task);
  await mesh().restart(node);
  await mesh().started(task, 2);
  mesh().shared.release(task);
  await mesh().outcome("asks", task);
  await mesh().node("asks").end("SIGTERM");
  await mesh().restart("asks");
  await mesh().settle();
  await mesh().outcome("asks", await mesh().submit("asks", "echo"));
  for (const one of mesh().nodes) await one.end("SIGTERM");

  const verdicts = mesh().nodes.flatMap(({ data }) => lives(data).map((life) => replayJournal(life)));
  expect(verdicts).toHaveLength(5);
  for (const verdict of verdicts) expect(verdict).toMatchObject({ verdict: "same" });
  expect(verdicts.filter(({ whole }) => !whole)).toHaveLength(1);
  const judged = judgeJournals(mesh().nodes.map(({ data }) => data));
  expect(judged).toMatchObject({ nodes: 3, partly: expect.stringContaining("has no end"), breaches: [] });
  for (const { events, effects } of verdicts) expect(Math.min(events, effects)).toBeGreaterThan(10);
});

test("the command says the same, and a machine that was changed diverges where it differs first", async () => {
  const { data } = mesh().node("asks");
  const [life = ""] = lives(data);
  expect(partsIn(life).length).toBeGreaterThan(1);
  const said = await mesh().node("asks").moot("replay", life);
  expect(said).toMatchObject({ code: 0 });
  expect(said.stdout).toContain("the same");

  const order: { at?: number; effect?: number } = {};
  let events = 0;
  const later = (effects: readonly Effect[]): readonly Effect[] => {
    const [at, effect] = [events++, effects.findIndex(({ type }) => type === "wake")];
    if (at < 40 || effect === -1) return effects;
    order.at ??= at;
    order.effect ??= effect;
    return effects.map((one) => (one.type === "wake" ? { ...one, at: one.at + 1 } : one));
  };
  const changed = replayJournal(life, (options) => planted(options, later));
  expect(changed).toMatchObject({
    verdict: "diverged",
    divergence: { event: order.at, effect: order.effect, recorded: { type: "wake" }, difference: { path: ".at" } },
  });
  const silent = replayJournal(life, (options) =>
    planted(options, (effects) => effects.filter(({ type }) => type !== "keep")),
  );
  expect(silent).toMatchObject({ verdict: "diverged", divergence: { recorded: { type: "keep" } } });
  // What it signs is compared as well: there is no key here to sign anything else with.
  const signs = replayJournal(life, (options) => new Peer({ ...options, version: "9.9.9" }));
  expect(signs).toMatchObject({ verdict: "diverged", divergence: { event: 0, now: { signs: { version: "9.9.9" } } } });
});

test("a journal that was changed is refused, with its part, line and offset", () => {
  const [life = ""] = lives(mesh().node("asks").data);
  const copy = folder();
  for (const [index, part] of partsIn(life).entries())
    copyFileSync(part, join(copy, `${String(index).padStart(6, "0")}.ndjson`));
  expect(replayJournal(copy).verdict).toBe("same");
  const [first = ""] = partsIn(copy);
  const bytes = readFileSync(first);
  const at = bytes.indexOf('"wall":', bytes.length >> 1) + 8;
  bytes[at] = bytes[at] === 0x31 ? 0x32 : 0x31;
  writeFileSync(first, bytes);
  expect(() => replayJournal(copy)).toThrow(/000000\.ndjson is not what was written: line \d+, at byte \d+/);
  const missing = join(folder(), "missing");
  mkdirSync(missing);
  for (const part of partsIn(life).slice(1)) copyFileSync(part, join(missing, part.slice(-13)));
  expect(() => replayJournal(missing)).toThrow("it does not begin as it must");
});

/** P8: journals of a real network, laid side by side and judged by the simulator's checkers. */
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Journal, livesIn } from "../../node/records/journal.ts";
import { replayJournal } from "../../node/records/journal-replay.ts";
import { journalsIn } from "../../node/records/places.ts";
import { judgeJournals } from "../../node/sim/journals.ts";
import { SIM } from "../../node/sim/limits.ts";
import { type Effect, Peer, type PeerOptions } from "../../protocols/mod.ts";
import { sharedMesh } from "../processes/mesh.ts";
import { moot } from "../processes/processes.ts";
import { folder } from "./agents.ts";

const mesh = sharedMesh({
  nodes: [{ name: "asks" }, { name: "one", agents: [{}] }, { name: "other", agents: [{}] }],
  keys: { journal: { part_bytes: 65_536 } },
});
const datas = () => mesh().nodes.map(({ data }) => data);

test("whole journals of all nodes: every message was sent, and no promise was broken", {
  timeout: 60_000,
}, async () => {
  for (let round = 0; round < 4; round++) await mesh().outcome("asks", await mesh().submit("asks", "echo"));
  await mesh().outcome("one", await mesh().submit("one", "fail", { attempts_max: 1 }));
  // A second life of one of them.
  await mesh().node("other").end("SIGTERM");
  await mesh().restart("other");
  await mesh().settle();
  await mesh().outcome("asks", await mesh().submit("asks", "echo"));
  await mesh().settle();
  for (const one of mesh().nodes) await one.end("SIGTERM");
  const judged = judgeJournals(datas());
  expect(judged).toMatchObject({ nodes: 3, tasks: 6, breaches: [], heard: { unsent: 0 } });
  expect(judged).not.toHaveProperty("partly");
  expect(judged.heard.matched).toBeGreaterThan(50);
  expect(judged.lives.map(({ verdict }) => verdict.verdict)).toEqual(["same", "same", "same", "same"]);
  expect(judgeJournals(datas()).traceHash).toBe(judged.traceHash);
});

test("the command says so, with exit code 0; what is no journal is refused with 2", async () => {
  const cwd = folder();
  const said = await moot(["sim", "--journal", ...datas()], { cwd });
  expect(said.stdout).toContain("no promise was broken");
  expect(said.code).toBe(0);
  expect(await moot(["sim", "--journal", cwd], { cwd })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("holds no journal"),
  });
});

test("without the journals of all only P1 is judged, and it says why", () => {
  expect(judgeJournals(datas().slice(0, 2))).toMatchObject({
    partly: expect.stringMatching(/^there is no journal of \S+, which took part$/),
    breaches: [],
  });
});

test("journals that are too large to be held are refused before they are read", () => {
  const life = join(folder(), "1789000000000");
  mkdirSync(life);
  writeFileSync(join(life, "000000.ndjson"), "");
  truncateSync(join(life, "000000.ndjson"), SIM.journal_bytes + 1);
  expect(() => judgeJournals([life])).toThrow(`at most ${SIM.journal_bytes} are judged together`);
});

/** A machine that takes a result for another one. */
function forgetful(options: PeerOptions): Pick<Peer, "receive"> {
  const peer = new Peer(options);
  return { receive: (event) => peer.receive(event).map(bent) };
}
function bent(effect: Effect): Effect {
  if (effect.type !== "note" || effect.fact.type !== "decided" || effect.fact.outcome.status !== "done") return effect;
  return { ...effect, fact: { ...effect.fact, outcome: { ...effect.fact.outcome, result: '"another"' } } };
}

test("a node that saw another outcome than the others breaks P1", () => {
  const [data = "", ...others] = datas();
  const copy = folder();
  const written: Journal[] = [];
  for (const life of livesIn(journalsIn(data)))
    replayJournal(join(journalsIn(data), life), (options) => {
      const journal = new Journal({ data: copy, max_bytes: 2 ** 30, part_bytes: 2 ** 26, onEnd: () => undefined });
      written.push(journal);
      const honest = new Peer(journal.options(options));
      let effects: readonly Effect[] = [];
      const watched = journal.watch({
        receive: (event) => {
          effects = honest.receive(event);
          return effects.map(bent);
        },
      });
      return {
        receive: (event) => {
          watched.receive(event);
          return effects;
        },
      };
    });
  for (const journal of written) journal.close();
  const bad = judgeJournals([copy], forgetful);
  expect(bad.lives.map(({ verdict }) => verdict.verdict)).toEqual(["same"]);
  const self = bad.lives[0]?.peer;
  const both = judgeJournals([copy, ...others], (options) =>
    options.self === self ? forgetful(options) : new Peer(options),
  );
  expect(both.breaches?.map(({ promise }) => promise)).toContain("P1");
});

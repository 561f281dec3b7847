/** What `moot doctor` finds in a data folder: each kind of damage by its name and place, and nothing where all is well. */
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { check } from "../../node/cli/checks.ts";
import { checkBlobs } from "../../node/cli/doctor/blobs.ts";
import { checkCertificate } from "../../node/cli/doctor/certificate.ts";
import { checkJournals, checkRecords } from "../../node/cli/doctor/records.ts";
import { checkStore } from "../../node/cli/doctor/store.ts";
import { parseConfig } from "../../node/config/mod.ts";
import { startNode } from "../../node/mod.ts";
import { grantsText } from "../../node/permissions/grants-file.ts";
import type { TaskId } from "../../protocols/mod.ts";
import { AWAY, grant, HOME, type Person, person, seals, type Terms } from "../permissions/cast.ts";

const CONFIG = `
network: { name: looked-at }
listen: [/ip4/127.0.0.1/tcp/0]
journal: true
agents:
  - name: one
    handler: { module: ./agent.mjs }
    skills: [{ name: says.it@1, effects: none, expected_ms: 10 }]
`;
const DAY_MS = 24 * 3600 * 1000;

const dir = mkdtempSync(join(tmpdir(), "moot-doctor-"));
const data = join(dir, "data");
let task: TaskId;

/** A node that ran one task and kept one blob, and is gone. */
beforeAll(async () => {
  writeFileSync(
    join(dir, "agent.mjs"),
    "export default (input, context) => context.tool('say', input, (said) => said);",
  );
  writeFileSync(join(dir, "moot.yaml"), CONFIG, { mode: 0o600 });
  const node = await startNode(parseConfig(CONFIG, join(dir, "moot.yaml")));
  task = await node.submit({ skill: "says.it@1", input: "this", custodians: 1 });
  expect(await node.outcome(task)).toMatchObject({ status: "done" });
  await node.blobs.put(
    (async function* () {
      yield Buffer.alloc(300_000, 3);
    })(),
  );
  await node.stop({ grace_ms: 500 });
}, 20_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** With one byte of a file changed, for as long as it is looked at. */
async function changed<T>(file: string, at: number, look: () => T | Promise<T>): Promise<T> {
  const bytes = readFileSync(file);
  const other = Buffer.from(bytes);
  other[at] = (other[at] ?? 0) ^ 1;
  const mode = statSync(file).mode;
  rmSync(file);
  writeFileSync(file, other, { mode });
  try {
    return await look();
  } finally {
    rmSync(file);
    writeFileSync(file, bytes, { mode });
  }
}

it("finds nothing wrong in a whole folder, and says what it looked at", async () => {
  const found = await check({ data, config: join(dir, "moot.yaml") });
  expect(found.filter(({ level }) => level === "fail")).toEqual([]);
  const details = Object.fromEntries(found.map(({ name, detail }) => [name, detail]));
  expect(details).toMatchObject({
    store: expect.stringContaining("whole"),
    facts: expect.stringMatching(/^whole, with [1-9]\d* facts$/),
    blobs: expect.stringMatching(/^1 blob, .*; 1 of them read and checked$/),
    records: expect.stringMatching(/^1 record, .* newest 1 are whole$/),
    journal: expect.stringContaining("its chain is whole"),
  });
});

it("names the place of a damaged record, and one that was cut off is a warning only when no node writes it", async () => {
  const folder = join(data, "records", task);
  const file = join(folder, readdirSync(folder)[0] ?? "");
  const second = readFileSync(file, "utf8").indexOf("\n") + 1;
  const found = await changed(file, second + 3, () => checkRecords(data, false));
  const detail = expect.stringContaining(`${file} is not what was written: line 2, at byte ${second}`);
  expect(found).toMatchObject([{ name: "records", level: "fail", detail, remedy: expect.any(String) }]);
  const bytes = readFileSync(file);
  truncateSync(file, second);
  expect(checkRecords(data, false)).toMatchObject([{ level: "ok" }, { level: "warn" }]);
  expect(checkRecords(data, true)).toMatchObject([{ level: "ok" }]);
  writeFileSync(file, bytes);
  expect(checkRecords(data, false)).toMatchObject([{ level: "ok" }]);
});

it("names the place of a damaged journal", async () => {
  const folder = join(data, "journal", readdirSync(join(data, "journal"))[0] ?? "");
  const detail = expect.stringContaining("at byte 0");
  expect(await changed(join(folder, "000000.ndjson"), 2, () => checkJournals(data, false))).toMatchObject([
    { name: "journal", level: "fail", detail },
  ]);
});

it("names a blob that is not what its name says, and what a download left", async () => {
  const blobs = join(data, "blobs");
  const [name = ""] = readdirSync(blobs).filter((file) => file.endsWith(".blob"));
  const found = await changed(join(blobs, name), 270_000, () => checkBlobs(data));
  expect(found).toMatchObject([{ name: "blobs", level: "fail", detail: expect.stringContaining("at byte 262144") }]);
  const part = join(blobs, `${"ab".repeat(32)}.part`);
  writeFileSync(part, "half");
  expect(await checkBlobs(data)).toMatchObject([
    { level: "ok" },
    { level: "ok", detail: expect.stringContaining("1 file half made") },
  ]);
  const before = (Date.now() - 2 * DAY_MS) / 1_000;
  utimesSync(part, before, before);
  expect(await checkBlobs(data)).toMatchObject([{ level: "ok" }, { level: "warn" }]);
  rmSync(part);
});

it("names damaged facts, and leaves them alone", async () => {
  const file = join(data, "facts.sqlite");
  const db = new DatabaseSync(file);
  db.exec("UPDATE facts SET fact = fact || ' ' WHERE n = 1");
  db.close();
  expect(await checkStore(data, false)).toMatchObject([
    { name: "store", level: "ok" },
    {
      name: "facts",
      level: "fail",
      detail: expect.stringContaining("checksum of fact 1"),
      remedy: expect.stringContaining("move"),
    },
  ]);
});

it("tells how long the certificate holds, and why one lets nobody in", async () => {
  const [root, other, self] = await Promise.all([person(), person(), person()]);
  const look = async (by: Person, terms: Terms, network = HOME) => {
    const certificate = join(dir, "member.grants");
    writeFileSync(certificate, grantsText(terms.network ?? HOME, seals(grant(by, terms))));
    const config = parseConfig(CONFIG, join(dir, "moot.yaml"));
    const network_ = { ...config.network, name: network, roots: [root.id], certificate };
    return await checkCertificate({ ...config, network: network_ }, join(dir, "none"));
  };
  const to = self.id;
  expect(await look(root, { to, for_ms: 30 * DAY_MS })).toMatchObject([{ level: "ok" }]);
  expect(await look(root, { to, for_ms: DAY_MS })).toMatchObject([{ level: "warn", remedy: expect.any(String) }]);
  const wrong = (why: string) => [{ level: "fail", detail: expect.stringContaining(why), remedy: expect.any(String) }];
  expect(await look(root, { to, from_ms: Date.now() - 2 * DAY_MS, for_ms: DAY_MS })).toMatchObject(wrong("expired"));
  expect(await look(other, { to })).toMatchObject(wrong("does not begin at a root"));
  expect(await look(root, { to, can: ["execute/*"] })).toMatchObject(wrong("does not make its holder a member"));
  const away = { to, network: AWAY };
  expect(await look(root, away)).toMatchObject(wrong("another network"));
});

/**
 * Path traversal: names from outside at every place where one could become a path. Each place has to refuse every name, and when all
 * have been tried nothing stands outside that did not stand there, and nothing that stood there has changed or been taken in.
 */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { Blobs } from "../../node/blobs/blobs.ts";
import { runWithBlobs } from "../../node/blobs/handed.ts";
import { downloadAll } from "../../node/cli/transfer.ts";
import { Fault } from "../../node/fault.ts";
import { HandlerError, type ScratchFolder } from "../../node/handlers/mod.ts";
import { findRecord } from "../../node/records/places.ts";
import { Records } from "../../node/records/records.ts";
import { WrongReference } from "../../protocols/blob/references.ts";
import { parsePeerId } from "../../protocols/mod.ts";
import { ask } from "../api/ask.ts";
import { knownOf, type Single, startSingle } from "../api/single.ts";
import { agentOf, call } from "../handlers/helpers.ts";
import { hostileNames } from "./hostile.ts";
import { type Row, Tally } from "./row.ts";

const SECRET = "the secret of another folder";

const ENDED = { ok: true, output: null, ms: 0, cost: 0, toolTrace: [], spent: false } as const;

/** A place where a name could become a path. */
interface Place {
  readonly what: string;
  /** Undefined when it has refused the name, else what it did instead. */
  readonly refuses: (name: string) => Promise<string | undefined>;
  /** A name that it takes: so that a place which refuses everything is no success. */
  readonly good: string;
}

export async function tryPaths(count: number): Promise<Row> {
  const root = mkdtempSync(join(tmpdir(), "folkmoot-paths-"));
  const outside = join(root, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "secret"), SECRET);
  writeFileSync(join(root, "secret"), SECRET);
  const data = join(root, "data");
  mkdirSync(data);
  const single = await startSingle();
  try {
    const tally = new Tally("host", "path traversal");
    const { scratch, records } = await inside(data, outside);
    const places = [...placesOnDisk({ data, scratch, records }), ...(await placesOfApi(single, join(root, "out")))];
    const before = fingerprint(root);
    const names = hostileNames(count, outside);
    for (const { what, refuses } of places) {
      for (const name of names) {
        const wrong = await refuses(name);
        tally.add(wrong === undefined ? undefined : `${what} with ${JSON.stringify(name)}: ${wrong}`);
      }
    }
    if (fingerprint(root) !== before) tally.add("files have come, gone or changed");
    if (readdirSync(join(data, "blobs")).length > 0) tally.add("a blob was made");
    for (const { what, refuses, good } of places)
      if ((await refuses(good)) === undefined) tally.add(`${what} refuses ${good} too`);
    return tally.row(`${names.length} names at ${places.length} places`);
  } finally {
    await single.close();
    rmSync(root, { recursive: true, force: true });
  }
}

function placesOnDisk({ data, scratch, records }: Inside & { readonly data: string }): readonly Place[] {
  const run = { skill: "a@1", input: "1", fence: 1, left_ms: 1_000, agent: agentOf({ kind: "exec", argv: ["true"] }) };
  const task = "0".repeat(64);
  mkdirSync(join(data, "records", task), { recursive: true });
  writeFileSync(join(data, "records", task, "1.ndjson"), "");
  return [
    {
      what: "a $file of a program's output",
      refuses: (name) => refusal(HandlerError, () => scratch.collected({ deep: [{ $file: name }] })),
      good: "sub/fine",
    },
    {
      what: "a record's folder",
      refuses: (name) => refusal(Fault, () => records.begin({ ...run, task: name }).end(ENDED)),
      good: task,
    },
    {
      what: "a record that is looked for",
      refuses: (name) => refusal(Fault, () => findRecord(data, { task: name })),
      good: task,
    },
  ];
}

async function placesOfApi(single: Single, out: string): Promise<readonly Place[]> {
  const { port, host, token } = knownOf(single);
  const { client } = single;
  const { $blob } = await client.putBlob(Readable.from([Buffer.from("contents")]));
  const task = await client.submit({ skill: "text.count@1", input: { text: "" }, custodians: 1 });
  const headers = ["host", `${host}:${port}`, "authorization", `Bearer ${token}`];
  const at = async (path: string) => {
    const { status, text } = await ask({ port, path, headers });
    return status >= 400 && status < 500 && !text.includes(SECRET) ? undefined : `status ${status}`;
  };
  const segment = (name: string) => encodeURIComponent(name.toWellFormed());
  return [
    { what: "a task of the control API", refuses: (name) => at(`/v1/tasks/${segment(name)}`), good: task },
    { what: "a blob of the control API", refuses: (name) => at(`/v1/blobs/${segment(name)}`), good: $blob },
    {
      what: "a path of the control API",
      refuses: (name) => at(`/v1/${name.replace(/[^!-~]/g, "%00")}`),
      good: "status",
    },
    {
      what: "a result's blobs in --output-dir",
      refuses: (name) => refusal(WrongReference, () => downloadAll(client, { $blob: name, bytes: 8 }, out)),
      good: $blob,
    },
  ];
}

interface Inside {
  readonly scratch: ScratchFolder;
  readonly records: Records;
}

/** A run's folder, with ways out of it: links to a folder and to a file. */
async function inside(data: string, outside: string): Promise<Inside> {
  const self = parsePeerId(`12D3KooW${"A".repeat(44)}`);
  if (self === undefined) throw new Error("the test's own peer id is wrong");
  const config = { max_bytes: 1e9, retention_ms: 3_600_000 };
  const blobs = await Blobs.open({
    data,
    self,
    config,
    openInput: () => undefined,
    mayRead: () => true,
    onRefused: () => undefined,
  });
  let scratch: ScratchFolder | undefined;
  const running = { call, signal: new AbortController().signal, onProgress: () => undefined };
  await runWithBlobs(blobs, running, (_, more) => {
    scratch = more.blobs.scratch?.();
    return Promise.resolve(ENDED);
  });
  if (scratch === undefined) throw new Error("there is no scratch folder");
  symlinkSync(outside, join(scratch.dir, "link"));
  symlinkSync(join(outside, "secret"), join(scratch.dir, "secret"));
  mkdirSync(join(scratch.dir, "sub"));
  writeFileSync(join(scratch.dir, "sub", "fine"), "its own");
  return { scratch, records: new Records({ data, max_bytes: 1e9, retention_ms: 3_600_000 }) };
}

/** Undefined when it threw an error of this kind. */
async function refusal(
  kind: typeof WrongReference | typeof Fault | typeof HandlerError,
  act: () => unknown,
): Promise<string | undefined> {
  try {
    await act();
  } catch (error) {
    return error instanceof kind ? undefined : `it threw ${String(error)}`;
  }
  return "it was taken";
}

/** Of every file's path and contents below a folder. */
function fingerprint(dir: string): string {
  const hash = createHash("sha256");
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    hash.update(`${path}\0`);
    if (entry.isFile()) hash.update(readFileSync(path));
  }
  return hash.digest("hex");
}

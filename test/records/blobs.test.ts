/** A run that read and made blobs, played again: their bytes come from where they are kept, and none is in the record. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { KeptBlobs } from "../../node/blobs/kept.ts";
import { Scratch } from "../../node/blobs/scratch.ts";
import { BlobStore } from "../../node/blobs/store.ts";
import { NO_BLOBS } from "../../node/handlers/blobs.ts";
import type { AgentSpec, HandlerBlobs } from "../../node/handlers/mod.ts";
import { replayRun } from "../../node/records/replay.ts";
import type { BlobRef } from "../../protocols/mod.ts";
import { agentWith, folder, record } from "./agents.ts";

const SAME = { verdict: "same" };

/** Reads two blobs beside a tool, stops one in the middle, and puts what it read in capitals. */
const SOURCE = `async (input, context) => {
  const text = async (ref) => {
    let all = "";
    for await (const piece of context.blobs.open(ref)) all += Buffer.from(piece).toString();
    context.progress(0.5, all.slice(0, 3));
    return all;
  };
  const [one, two] = await Promise.all([text(input.one), text(input.two), context.tool("slow", 1, () => new Promise((done) => setTimeout(done, 30)))]);
  for await (const piece of context.blobs.open(input.one)) break;
  const path = await context.blobs.path(input.two);
  async function* capitals() { yield Buffer.from((one + two).toUpperCase()); }
  return { made: await context.blobs.put(capitals(), "text/plain"), is_file: typeof path === "string" };
}`;

async function played() {
  const dir = folder();
  const blobs = join(dir, "blobs");
  const store = await BlobStore.open({
    dir: blobs,
    max_bytes: 2 ** 30,
    retention_ms: 2 ** 40,
    wall: () => Date.now(),
    pinned: () => new Set(),
  });
  const put = async (text: string): Promise<BlobRef> => {
    const { blob, bytes } = await store.put(once(text));
    return { $blob: blob, bytes };
  };
  const input = { one: await put("one of them "), two: await put("and another") };
  const handed: HandlerBlobs = {
    open: ({ $blob }) => store.chunks($blob, 0, 2 ** 30),
    path: async ({ $blob }) => store.path($blob),
    put: async (source, media) => {
      const { blob, bytes } = await store.put(source);
      return { $blob: blob, bytes, ...(media && { media }) };
    },
  };
  const made = await record({ dir, agent: agentWith(dir, SOURCE), input, blobs: handed });
  expect(made.ran).toMatchObject({ ok: true, output: { made: { media: "text/plain", bytes: 23 }, is_file: true } });
  return { ...made, dir, input, store, kept: new KeptBlobs(blobs) };
}

async function* once(text: string) {
  yield Buffer.from(text);
}

test("a run with blobs replays with their bytes, which are not in its record", async () => {
  const { record: made, file, dir, kept, input } = await played();
  const text = readFileSync(file, "utf8");
  expect(text).not.toContain("one of them");
  expect(text).toContain(input.one.$blob);
  const verbs = made.acts.flatMap((act) => (act.type === "blob" ? [act.verb] : []));
  expect(verbs).toEqual(["open", "open", "open", "path", "put"]);
  for (let round = 0; round < 5; round++)
    expect(await replayRun(made, agentWith(dir, SOURCE), { live: false, blobs: kept })).toEqual(SAME);
});

test("a handler that puts other bytes, or reads another blob, diverges there", async () => {
  const { record: made, dir, kept } = await played();
  const again = (now: string) => replayRun(made, agentWith(dir, now), { live: false, blobs: kept });
  const line = made.acts.length + 1;
  expect(await again(SOURCE.replace("toUpperCase", "toLowerCase"))).toMatchObject({
    verdict: "diverged",
    divergence: { line, recorded: { type: "blob", verb: "put" }, asked: { type: "blob", verb: "put" } },
  });
  expect(await again(SOURCE.replace("path(input.two)", "path(input.one)"))).toMatchObject({
    verdict: "diverged",
    divergence: { line: line - 1, difference: { path: ".ref.$blob" } },
  });
});

test("without the bytes the handler is not judged, and it is said where they can be had", async () => {
  const { record: made, dir, store, kept, input } = await played();
  await store.drop(input.two.$blob);
  const agent = agentWith(dir, SOURCE);
  const why = expect.stringContaining(`${input.two.$blob} (11 bytes), which is not in ${kept.dir}`);
  const remedy = expect.stringContaining(`moot blob get ${input.two.$blob} --bytes 11`);
  expect(await replayRun(made, agent, { live: false, blobs: kept })).toEqual({ verdict: "not-run", why, remedy });
  expect(await replayRun(made, agent, { live: false })).toMatchObject({ verdict: "not-run" });
});

/** Prints the text of its input's blob twice into one file and its own word into another. */
function program(dir: string, word: string): AgentSpec {
  const read = `p=$(sed 's/.*"path":"\\([^"]*\\)".*/\\1/'); mkdir "$MOOT_SCRATCH/d"; cat "$p" "$p" > "$MOOT_SCRATCH/d/twice"`;
  const write = `printf ${word} > "$MOOT_SCRATCH/word"; printf '[{"$file":"d/twice","media":"text/plain"},{"$file":"word"}]'`;
  return { ...agentWith(dir, ""), handler: { kind: "exec", argv: ["sh", "-c", `${read}; ${write}`] } };
}

test("files that a program leaves are in the record, by name, digest and size, and a replay compares them", async () => {
  const { store, kept, input, dir } = await played();
  const put = async (source: AsyncIterable<Uint8Array>, media?: string): Promise<BlobRef> => {
    const { blob, bytes } = await store.put(source);
    return { $blob: blob, bytes, ...(media !== undefined && { media }) };
  };
  const path = async ({ $blob }: BlobRef) => store.path($blob);
  const scratch = () => Scratch.make(join(dir, "scratch"), { path, put });
  const blobs: HandlerBlobs = { ...NO_BLOBS, scratch };
  const agent = program(dir, "then");
  const { ran, record: made, file } = await record({ dir, agent, input: { data: input.one }, n: 2, blobs });
  const [twice, word] = [await put(once("one of them one of them "), "text/plain"), await put(once("then"))];
  expect(ran).toMatchObject({ ok: true, output: [twice, word] });
  expect(made.acts).toEqual([
    { type: "blob", verb: "file", name: "d/twice", ref: twice },
    { type: "blob", verb: "file", name: "word", ref: word },
  ]);
  expect(readFileSync(file, "utf8")).not.toContain("one of them");

  expect(await replayRun(made, agent, { live: true, blobs: kept })).toEqual(SAME);
  const other = await replayRun(made, program(dir, "now"), { live: true, blobs: kept });
  expect(other).toMatchObject({
    verdict: "diverged",
    divergence: {
      line: 3,
      recorded: { name: "word", ref: word },
      asked: { verb: "file", name: "word", ref: { bytes: 3 } },
    },
  });
  expect(readdirSync(join(dir, "scratch"))).toEqual([]);
  await store.drop(input.one.$blob);
  expect(await replayRun(made, agent, { live: true, blobs: kept })).toMatchObject({ verdict: "not-run" });
});

test("a damaged blob is not handed out: the offset is named", async () => {
  const { kept, input } = await played();
  const path = kept.path(input.one.$blob);
  rmSync(path);
  writeFileSync(path, "two of them ");
  const read = async () => {
    for await (const piece of kept.read(input.one)) expect(piece).toBe("nothing of it");
  };
  await expect(read()).rejects.toMatchObject({ code: "store-damaged", details: { file: path, offset: 0 } });
});

/** `moot blob` and files in `moot submit`, against a node in another process: what people type, and what they get. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { MootProcess, moot } from "../processes/processes.ts";
import { bytesOf, MIB } from "./nodes.ts";

const CONFIG = `
listen: [/ip4/127.0.0.1/tcp/0]
blobs: { max_bytes: 8000000 }
agents:
  - name: doubler
    handler: { exec: [sh, ./twice.sh] }
    skills:
      - name: data.twice@1
        input: { type: object, required: [data], properties: { data: { type: object, required: ["$blob"] } } }
        effects: none
        expected_ms: 50
`;
const TWICE = `p=$(sed 's/.*"path":"\\([^"]*\\)".*/\\1/')
cat "$p" "$p" > "$MOOT_SCRATCH/out"
echo '{"twice":{"$file":"out"}}'
`;

let cwd: string;
let node: MootProcess;
const data = bytesOf(MIB + 5);

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "moot-blob-"));
  writeFileSync(join(cwd, "moot.yaml"), CONFIG);
  writeFileSync(join(cwd, "twice.sh"), TWICE);
  writeFileSync(join(cwd, "in.bin"), data);
  node = new MootProcess(["up", "--json"], { cwd });
  await node.line((line) => (JSON.parse(line).event === "mesh-ready" ? line : undefined));
});
afterAll(async () => {
  node.kill("SIGKILL");
  await node.exited;
  rmSync(cwd, { recursive: true, force: true });
});

const run = (...words: readonly string[]) => moot(words, { cwd });

it("sends a file with a task and writes the files of its result", async () => {
  const { code, stdout, stderr } = await run("submit", "data.twice@1", "--file", "data=in.bin", "--output-dir", "out");
  expect([code, stderr]).toEqual([0, expect.stringContaining("done")]);
  const { twice } = JSON.parse(stdout);
  expect(twice.bytes).toBe(2 * data.length);
  expect(readFileSync(join(cwd, "out", twice.$blob)).equals(Buffer.concat([data, data]))).toBe(true);
});

it("puts, lists, gets and drops", async () => {
  const put = await run("blob", "put", "in.bin", "--media", "a/b");
  const ref = JSON.parse(put.stdout);
  expect(ref).toMatchObject({ $blob: expect.stringMatching(/^[0-9a-f]{64}$/), bytes: data.length, media: "a/b" });
  const list = JSON.parse((await run("blob", "list", "--json")).stdout);
  expect(list).toMatchObject({
    max_bytes: 8_000_000,
    blobs: expect.arrayContaining([expect.objectContaining({ blob: ref.$blob })]),
  });
  // A download that was cut goes on: what is there is not asked for again, and the whole is checked.
  writeFileSync(join(cwd, `.copy.bin.${ref.$blob.slice(0, 16)}.part`), data.subarray(0, 600_000));
  expect((await run("blob", "get", put.stdout.trim(), "-o", "copy.bin")).code).toBe(0);
  expect(readFileSync(join(cwd, "copy.bin")).equals(data)).toBe(true);
  writeFileSync(join(cwd, `.bad.bin.${ref.$blob.slice(0, 16)}.part`), bytesOf(600_000));
  expect(await run("blob", "get", ref.$blob, "-o", "bad.bin")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("is not the blob"),
  });
  expect(() => statSync(join(cwd, "bad.bin"))).toThrow();
  expect((await run("blob", "drop", ref.$blob)).code).toBe(0);
  expect(await run("blob", "drop", ref.$blob)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("has no blob"),
  });
});

it("says what to do about an input that is too large, a file that is not there, and a node that is full", async () => {
  writeFileSync(join(cwd, "big.json"), JSON.stringify("x".repeat(70_000)));
  expect(await run("submit", "data.twice@1", "--input", "@big.json")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--file key=path"),
  });
  expect(await run("submit", "data.twice@1", "--file", "data=none.bin")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("none.bin"),
  });
  expect(await run("submit", "data.twice@1", "--file", "in.bin")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--file video=movie.mp4"),
  });
  writeFileSync(join(cwd, "huge.bin"), Buffer.alloc(8_000_001));
  expect(await run("blob", "put", "huge.bin")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("moot blob drop"),
  });
});

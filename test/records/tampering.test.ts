/** F7 for records: whatever is changed in a record is refused, with the place; one that was cut off is what was written, up to there. */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Fault } from "../../node/fault.ts";
import { recordsOf } from "../../node/records/listing.ts";
import { parseRecord, readRecord } from "../../node/records/reading.ts";
import { Random } from "../../protocols/mod.ts";
import { agentWith, folder, record } from "./agents.ts";

const NEWLINE = 0x0a;

const BUSY = `async (input, context) => {
  for (let round = 0; round < 8; round++) {
    context.progress(round / 8, "räum " + round);
    await context.tool("look", { round, at: context.now() }, ({ round }) => ({ round, dice: context.random() }));
  }
  return { words: input.text.length };
}`;

function refusal(bytes: Buffer): Fault {
  try {
    parseRecord(bytes, "the record");
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("it was taken for whole");
}

test("1,000 random changes of one byte are all refused with line and offset", async () => {
  const dir = folder();
  const { file, digest } = await record({ dir, agent: agentWith(dir, BUSY), input: { text: "abc" } });
  const bytes = readFileSync(file);
  expect(parseRecord(bytes, file).digest).toBe(digest);
  const random = new Random(7);
  for (let round = 0; round < 1_000; round++) {
    const at = random.below(bytes.length);
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ (1 + random.below(255));
    const { code, details } = refusal(changed);
    expect(code).toBe("store-damaged");
    expect(details).toMatchObject({ line: expect.any(Number), offset: expect.any(Number) });
    // It is noticed at the line itself, or at the one that follows from it.
    const line = bytes.subarray(0, at).filter((byte) => byte === 0x0a).length + 1;
    expect([line, line + 1]).toContain(details?.["line"]);
  }
});

test("lines that are left out, repeated, exchanged or added are refused", async () => {
  const dir = folder();
  const { file } = await record({ dir, agent: agentWith(dir, BUSY), input: { text: "abc" } });
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  const whole = (some: readonly string[]) => Buffer.from(some.map((line) => `${line}\n`).join(""));
  for (let at = 0; at < lines.length; at++) {
    // Without its seal it is cut off.
    if (at < lines.length - 1) expect(refusal(whole(lines.toSpliced(at, 1))).code).toBe("store-damaged");
    expect(refusal(whole(lines.toSpliced(at, 0, lines[at] ?? ""))).code).toBe("store-damaged");
    expect(refusal(whole(lines.toSpliced(at, 0, lines[0] ?? ""))).code).toBe("store-damaged");
  }
  expect(refusal(whole([...lines, lines.at(-1) ?? ""])).message).toContain("follows its end");
});

test("a record that was written anew from a change on is whole, and has another digest than the outcome", async () => {
  const dir = folder();
  const agent = agentWith(dir, BUSY);
  const [one, other] = [
    await record({ dir, agent, input: { text: "abc" } }),
    await record({ dir, agent, input: { text: "abcd" } }),
  ];
  expect(readRecord(other.file).digest).not.toBe(one.digest);
  const [row] = recordsOf(dir, other.record.header.task);
  expect(row).toMatchObject({ fence: 257, digest: other.digest });
});

test("cut at any byte, a record is what was written up to its last whole line, or refused where it has none", async () => {
  const dir = folder();
  const { file, record: made } = await record({ dir, agent: agentWith(dir, BUSY), input: { text: "abc" } });
  const bytes = readFileSync(file);
  const first = bytes.indexOf(NEWLINE) + 1;
  for (let at = 0; at < bytes.length; at++) {
    const cut = bytes.subarray(0, at);
    if (at < first) {
      expect(refusal(cut).details).toMatchObject({ line: 1, offset: 0 });
      continue;
    }
    const lines = cut.filter((byte) => byte === NEWLINE).length;
    const { header, acts, end, digest } = parseRecord(cut, "the record");
    expect(header).toEqual(made.header);
    expect(acts).toEqual(made.acts.slice(0, lines - 1));
    expect(end).toEqual(lines === made.acts.length + 2 ? made.end : undefined);
    expect(digest).toBeUndefined();
  }
});

test("what a power cut leaves behind the last line is no damage; anything else there is", async () => {
  const dir = folder();
  const { file, record: made } = await record({ dir, agent: agentWith(dir, BUSY), input: { text: "abc" } });
  const bytes = readFileSync(file);
  const lines = bytes.toString("utf8").split("\n");
  const cut = Buffer.from(`${lines.slice(0, 5).join("\n")}\n`);
  const behind = (rest: Buffer | string) => Buffer.concat([cut, Buffer.from(rest)]);
  expect(parseRecord(behind(Buffer.alloc(4096)), "the record").acts).toEqual(made.acts.slice(0, 4));
  for (const rest of ["x", "{}", lines[4] ?? "", lines[6] ?? "", `${lines[5]}x`])
    expect(refusal(behind(rest)).details).toMatchObject({ line: 6, offset: cut.length });
});

test("1,000 changes inside a record that was cut off are all refused with line and offset", async () => {
  const dir = folder();
  const { file } = await record({ dir, agent: agentWith(dir, BUSY), input: { text: "abc" } });
  const lines = readFileSync(file, "utf8").split("\n");
  const cut = Buffer.from(`${lines.slice(0, 9).join("\n")}\n${lines[9]?.slice(0, 100)}`);
  const inside = Buffer.byteLength(`${lines.slice(0, 8).join("\n")}\n`);
  const random = new Random(9);
  for (let round = 0; round < 1_000; round++) {
    const at = random.below(inside);
    const changed = Buffer.from(cut);
    changed[at] = (changed[at] ?? 0) ^ (1 + random.below(255));
    const line = cut.subarray(0, at).filter((byte) => byte === NEWLINE).length + 1;
    const { code, details } = refusal(changed);
    expect(code).toBe("store-damaged");
    expect([line, line + 1]).toContain(details?.["line"]);
  }
});

test("a record that was cut off by a crash is listed without a digest", async () => {
  const dir = folder();
  const { file, record: made } = await record({ dir, agent: agentWith(dir, BUSY), input: { text: "abc" } });
  const lines = readFileSync(file, "utf8").split("\n");
  writeFileSync(file, `${lines.slice(0, 5).join("\n")}\n`);
  expect(recordsOf(dir, made.header.task)[0]?.digest).toBeUndefined();
});

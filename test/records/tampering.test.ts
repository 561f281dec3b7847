/** F7 for records: whatever is changed in a record, or cut off it, it is refused, with the place. */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Fault } from "../../node/fault.ts";
import { recordsOf } from "../../node/records/listing.ts";
import { parseRecord, readRecord } from "../../node/records/reading.ts";
import { Random } from "../../protocols/mod.ts";
import { agentWith, folder, record } from "./agents.ts";

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

test("1,000 random changes of one byte, and cuts, are all refused with line and offset", async () => {
  const dir = folder();
  const { file, digest } = await record({ dir, agent: agentWith(dir, BUSY), input: { text: "abc" } });
  const bytes = readFileSync(file);
  expect(parseRecord(bytes, file).digest).toBe(digest);
  const random = new Random(7);
  for (let round = 0; round < 1_000; round++) {
    const at = random.below(bytes.length);
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ (1 + random.below(255));
    const { code, details } = refusal(round % 4 === 0 ? bytes.subarray(0, at) : changed);
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
    expect(refusal(whole(lines.toSpliced(at, 1))).code).toBe("store-damaged");
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

test("a record that was cut off by a crash is refused, and listed without a digest", async () => {
  const dir = folder();
  const { file, record: made } = await record({ dir, agent: agentWith(dir, BUSY), input: { text: "abc" } });
  const lines = readFileSync(file, "utf8").split("\n");
  writeFileSync(file, `${lines.slice(0, 5).join("\n")}\n`);
  expect(() => readRecord(file)).toThrow("its end is missing");
  expect(recordsOf(dir, made.header.task)[0]?.digest).toBeUndefined();
});

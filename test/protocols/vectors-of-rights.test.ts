/** The vectors of permissions and blobs: this peer lets in, refuses, names and reads as the files say. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readJson } from "../../node/envelope/json.ts";
import { makeOpen } from "../../node/envelope/mod.ts";
import { makeCast, NOW_MS } from "../../node/tools/vectors/cast.ts";
import { unpacked } from "../../node/tools/vectors/print.ts";
import {
  BLOB,
  blobAnswer,
  blobRef,
  blobRequest,
  parseNetwork,
  parsePeerId,
  revocationDocument,
  Signed,
  Warden,
} from "../../protocols/mod.ts";
import { must } from "./stage.ts";

const FOLDER = join(import.meta.dirname, "../../protocols/vectors");
const cast = await makeCast();
const network = must(parseNetwork("example"));
const open = makeOpen(network);
const name = z.string();
const HEAD_DEPTH = 2;

function read<T>(file: string, schema: z.ZodType<T>): T {
  return schema.parse(JSON.parse(readFileSync(join(FOLDER, file), "utf8")));
}

describe("permissions", () => {
  const chain = { shown_by: z.string(), grants: z.array(z.string()) };
  const { roots, calendar_ms, chains, revocations } = read(
    "permissions.json",
    z.object({
      roots: z.array(z.string()),
      calendar_ms: z.int(),
      chains: z.array(z.object({ name, ...chain, admitted: z.boolean(), commands: z.array(z.string()).optional() })),
      revocations: z.array(z.object({ name, ...chain, id: z.string(), envelope: z.string(), revoked: z.boolean() })),
    }),
  );
  const peerOf = (who: string) => must(Object.values(cast).find((one) => one.name === who)).peer;
  const wardenOf = () =>
    new Warden(network, { roots: roots.map((root) => must(parsePeerId(root))), open, chain: [] }, () => undefined);

  it("are of the receiver's calendar", () => expect(calendar_ms).toBe(NOW_MS));

  it.each(chains)("a chain $name: $admitted", ({ shown_by, grants, admitted, commands }) => {
    const verdict = wardenOf().judge(peerOf(shown_by), grants, NOW_MS);
    expect(verdict.ok).toBe(admitted);
    if (verdict.ok) expect(verdict.rights.commands.toSorted()).toEqual(must(commands).toSorted());
  });

  it.each(revocations)("a revocation $name: $revoked", ({ shown_by, grants, id, envelope, revoked }) => {
    const opened = must(open(envelope));
    expect(opened.digest).toBe(id);
    const warden = wardenOf();
    expect(warden.judge(peerOf(shown_by), grants, NOW_MS).ok).toBe(true);
    const value = revocationDocument.parse(opened.payload);
    expect(warden.learn(new Signed(value, { ...opened, seal: envelope }), NOW_MS).news).toBe(true);
    expect(warden.judge(peerOf(shown_by), grants, NOW_MS).ok).toBe(!revoked);
  });
});

describe("blobs", () => {
  const bytes = z
    .union([z.string(), z.object({ parts: z.array(z.object({ base64: z.string(), times: z.int() })) })])
    .transform(unpacked);
  const frames = z.array(z.object({ name, frame: bytes }));
  const both = z.object({ valid: frames, invalid: frames });
  const refs = z.array(z.unknown());
  const { names, requests, answers, references } = read(
    "blobs.json",
    z.object({
      names: z.array(z.object({ contents: bytes, bytes: z.int(), chunks: z.array(z.string()), blob: z.string() })),
      requests: both,
      answers: both,
      references: z.object({ valid: refs, invalid: refs }),
    }),
  );

  it.each(names)("of $bytes bytes are named so", ({ contents, bytes, chunks, blob }) => {
    const sha256 = (data: Uint8Array) => createHash("sha256").update(data).digest();
    expect(contents.length).toBe(bytes);
    const list = chunks.map((_, nth) => sha256(contents.subarray(nth * 262_144, (nth + 1) * 262_144)));
    expect(list.map((digest) => digest.toString("hex"))).toEqual(chunks);
    const size = Buffer.alloc(8);
    size.writeBigUInt64BE(BigInt(bytes));
    expect(sha256(Buffer.concat([Buffer.from("moot blob 1\n"), size, ...list])).toString("hex")).toBe(blob);
  });

  it.each([
    ["requests", requests, blobRequest],
    ["answers", answers, blobAnswer],
  ] as const)("%s are read, or not", (_, { valid, invalid }, schema) => {
    const isRead = (frame: Uint8Array) => schema.safeParse(readJson(frame, BLOB.head_bytes, HEAD_DEPTH)).success;
    expect(valid.filter(({ frame }) => !isRead(frame)).map(({ name }) => name)).toEqual([]);
    expect(invalid.filter(({ frame }) => isRead(frame)).map(({ name }) => name)).toEqual([]);
    expect(invalid.length).toBeGreaterThan(3);
  });

  it("references are read, or not", () => {
    expect(references.valid.filter((ref) => !blobRef.safeParse(ref).success)).toEqual([]);
    expect(references.invalid.filter((ref) => blobRef.safeParse(ref).success)).toEqual([]);
    expect(references.invalid.length).toBeGreaterThan(3);
  });
});

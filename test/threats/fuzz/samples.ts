/** What fuzzing starts from: the valid vectors of the protocol as bytes, and valid texts of everything else that is read. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { unpacked } from "../../../node/tools/vectors/print.ts";
import type { ProtocolName } from "../../../protocols/mod.ts";

const FOLDER = join(import.meta.dirname, "../../../protocols/vectors");
/** Larger ones are runs of the same: they cost time and find nothing. */
const SAMPLE_BYTES_MAX = 4_096;

const bytes = z
  .union([z.string(), z.object({ parts: z.array(z.object({ base64: z.string(), times: z.int() })) })])
  .transform(unpacked);
const message = z.object({ protocol: z.string(), valid: z.array(z.object({ frame: bytes })) });
const messagesFile = z.object({ messages: z.record(z.string(), message) });
const documentsFile = z.record(z.string(), z.object({ valid: z.array(z.object({ envelope: bytes })) }));
const recordsFile = z.object({ valid: z.array(z.object({ key: bytes, value: bytes })) });
const topicsFile = z.object({ heard: z.array(z.object({ topic: z.string(), data: bytes, verdict: z.string() })) });

function read<T>(file: string, schema: z.ZodType<T>): T {
  return schema.parse(JSON.parse(readFileSync(join(FOLDER, file), "utf8")));
}

function small<T extends Uint8Array>(all: readonly T[]): readonly T[] {
  return all.filter(({ length }) => length <= SAMPLE_BYTES_MAX);
}

/** Frames of a stream protocol. */
export function frames(protocol: ProtocolName): readonly Buffer[] {
  const all = Object.values(read("messages.json", messagesFile).messages);
  const own = all.filter((one) => one.protocol === `/moot/${protocol}/1`);
  return small(own.flatMap(({ valid }) => valid.map(({ frame }) => frame)));
}

/** Of documents. */
export const KINDS = ["task", "award", "outcome", "cfp", "propose", "equivocation", "card"] as const;

/** Envelopes of every kind of document. */
export function envelopes(kind?: string): readonly Buffer[] {
  const kinds = Object.entries(read("documents.json", documentsFile));
  return small(
    kinds
      .filter(([name]) => kind === undefined || name === kind)
      .flatMap(([, { valid }]) => valid.map(({ envelope }) => envelope)),
  );
}

/** Keys and values of the DHT. */
export function dhtRecords(): readonly { readonly key: Buffer; readonly value: Buffer }[] {
  return read("records.json", recordsFile).valid;
}

/** What was accepted on topics. */
export function heard(): readonly { readonly topic: string; readonly data: Buffer }[] {
  return read("topics.json", topicsFile).heard.filter(({ verdict }) => verdict === "accept");
}

/** A configuration with every kind of thing in it that needs no other file. */
export const CONFIG = `
network: { name: home }
listen: [/ip4/127.0.0.1/tcp/0]
join: [/ip4/192.0.2.7/tcp/4001/p2p/12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5]
data: ./data
api: 127.0.0.1:0
blobs: { max_bytes: 1000000 }
agents:
  - name: counter
    handler: { exec: [/bin/true, "-n"] }
    concurrency: 2
    timeout_ms: 30000
    env: [LANG]
    skills:
      - name: text.count@1
        input: { type: object, required: [text], properties: { text: { type: string } } }
        output: &whole { type: integer }
        effects: none
        cost: 0.5
        expected_ms: 200
        idempotent: true
        examples: [{ input: { text: a b }, output: 2 }]
      - { name: image.count@1, output: *whole, effects: none, expected_ms: 50 }
`;

export const SCENARIO = `
name: storm
seed: 7
peers:
  - { name: quick, count: 3, cost: [4, 6], expected_ms: [50, 150], concurrency: 1 }
  - { name: large, count: 3, cost: [2, 5], expected_ms: 100 }
tasks: [{ count: 100, every_ms: [10, 80] }]
`;

export const SUBMIT = JSON.stringify({
  skill: "text.count@1",
  input: { text: "a b", more: [1, { deep: null }] },
  deadline_ms: 30_000,
  lease_ms: 9_000,
  attempts_max: 3,
  custodians: 3,
  reach: "auto",
  sealed: false,
  budget: 1,
  sub_tasks: 16,
});

export const BLOB_REFERENCE = JSON.stringify({
  video: {
    $blob: "d".repeat(64),
    bytes: 1_000_000,
    media: "video/mp4",
    from: ["12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5"],
  },
  list: [{ $blob: "e".repeat(64), bytes: 0 }],
});

export const SCHEMA = JSON.stringify({
  type: "object",
  required: ["text"],
  properties: {
    text: { type: "string", minLength: 1, pattern: "^[a-z ]*$" },
    list: { type: "array", items: { $ref: "#/$defs/item" }, uniqueItems: true, maxItems: 9 },
  },
  $defs: { item: { anyOf: [{ type: "number", minimum: 0 }, { enum: ["a", null] }] } },
  additionalProperties: false,
});

/**
 * The vectors are what this peer computes and how it judges: the files are those that the generator gives now, and its decoders,
 * its validator and its machines take every valid one, refuse every invalid one, and name the clause that the file names.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { TopicValidatorResult } from "@libp2p/gossipsub";
import { streamPair } from "@libp2p/utils";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { digestOf, makeOpen, makeSeal } from "../../node/envelope/mod.ts";
import { decoder } from "../../node/host/decode.ts";
import { FrameReader } from "../../node/host/frames.ts";
import { messageId } from "../../node/host/gossip.ts";
import { validators } from "../../node/host/records.ts";
import { Validator } from "../../node/host/validator.ts";
import { makeCast, NOW_MS } from "../../node/tools/vectors/cast.ts";
import { vectorFiles } from "../../node/tools/vectors/mod.ts";
import { unpacked } from "../../node/tools/vectors/print.ts";
import { awardDocument, outcomeDocument, taskDocument } from "../../protocols/claim/documents.ts";
import {
  type AgentCard,
  cardDocument,
  type Effect,
  Peer,
  PROTOCOLS,
  type ProtocolName,
  parseDigest,
  parseNetwork,
  parsePeerId,
  parseSkill,
  topicSchema,
} from "../../protocols/mod.ts";
import { must } from "./stage.ts";

const FOLDER = join(import.meta.dirname, "../../protocols/vectors");
const files = await vectorFiles();
const cast = await makeCast();
const network = must(parseNetwork("example"));
const README = readFileSync(join(FOLDER, "../README.md"), "utf8");

const bytes = z
  .union([z.string(), z.object({ parts: z.array(z.object({ base64: z.string(), times: z.int() })) })])
  .transform(unpacked);
const name = z.string();
const clause = z.string();

function read<T>(file: string, schema: z.ZodType<T>): T {
  return schema.parse(JSON.parse(readFileSync(join(FOLDER, file), "utf8")));
}

describe("the files", () => {
  it("are all there, and no others", () => {
    expect(readdirSync(FOLDER).toSorted()).toEqual([...files.keys(), "README.md"].toSorted());
  });

  it.each([...files.keys()])("%s is as `npm run vectors` writes it", (file) => {
    expect(readFileSync(join(FOLDER, file), "utf8") === files.get(file)).toBe(true);
  });

  it("name clauses that exist", () => {
    const named = [...files.values()].flatMap((text) => [...text.matchAll(/"clause": "([^"]+)"/g)]).map(([, id]) => id);
    expect(named.length).toBeGreaterThan(500);
    expect([...new Set(named)].filter((id) => !README.includes(`- **${id}** `))).toEqual([]);
  });

  it("are told of in their README", () => {
    const text = readFileSync(join(FOLDER, "README.md"), "utf8");
    for (const file of files.keys()) expect(text).toContain(`\`${file}\``);
  });
});

describe("ids", () => {
  const names = z.object({ valid: z.array(z.string()), invalid: z.array(z.string()) });
  const ids = read(
    "ids.json",
    z.object({
      keys: z.array(z.object({ name, seed: bytes, public_key: bytes, peer: z.string() })),
      names: z.object({ peer: names, skill: names, network: names, digest: names }),
      digests: z.array(z.object({ text: z.string(), sha256: z.string() })),
      task: z.object({ payload: bytes, id: z.string() }),
      fnv1a: z.array(z.object({ text: z.string(), hash: z.int() })),
      shards: z.array(z.object({ skill: z.string(), shard: z.int(), topic: z.string() })),
    }),
  );

  it("are parsed so", () => {
    const parsers = { peer: parsePeerId, skill: parseSkill, network: parseNetwork, digest: parseDigest };
    for (const [kind, parse] of Object.entries(parsers)) {
      const { valid, invalid } = z.record(z.string(), names).parse(ids.names)[kind] ?? { valid: [], invalid: [] };
      expect(
        valid.filter((text) => parse(text) !== text),
        kind,
      ).toEqual([]);
      expect(
        invalid.filter((text) => parse(text) !== undefined),
        kind,
      ).toEqual([]);
    }
  });

  it("are the hashes that anybody computes", () => {
    const sha256 = (data: string | Buffer) => createHash("sha256").update(data).digest("hex");
    for (const { text, sha256: hex } of ids.digests) expect(sha256(text)).toBe(hex);
    expect(sha256(ids.task.payload)).toBe(ids.task.id);
    for (const { text, hash } of ids.fnv1a) expect(fnv1a(text), text).toBe(hash);
    for (const { skill, shard } of ids.shards) expect(fnv1a(skill) % 16, skill).toBe(shard);
  });

  it("are those of keys made from their seeds", () => {
    for (const { name, seed, public_key, peer } of ids.keys) {
      const actor = must(Object.values(cast).find((one) => one.name === name));
      expect(actor.key.raw.subarray(0, 32)).toEqual(new Uint8Array(seed));
      expect(actor.key.publicKey.raw).toEqual(new Uint8Array(public_key));
      expect(actor.peer).toBe(peer);
    }
  });
});

describe("envelopes", () => {
  const open = makeOpen(network);
  const { valid, invalid, invalid_base64 } = read(
    "envelopes.json",
    z.object({
      valid: z.array(z.object({ name, signer: z.string(), id: z.string(), payload: bytes, envelope: bytes })),
      invalid: z.array(z.object({ name, clause, envelope: bytes })),
      invalid_base64: z.array(z.object({ name, text: z.string() })),
    }),
  );

  it.each(valid)("$name: opens", ({ signer, id, payload, envelope }) => {
    const opened = must(open(envelope.toString("base64")));
    const actor = must(Object.values(cast).find(({ name }) => name === signer));
    expect([opened.signer, opened.digest, opened.payload]).toEqual([actor.peer, id, JSON.parse(payload.toString())]);
    expect(digestOf(payload)).toBe(id);
  });

  it.each(invalid)("$name: does not open ($clause)", ({ envelope }) => {
    expect(open(envelope.toString("base64"))).toBeUndefined();
  });

  it.each(invalid_base64)("$name: is another spelling", ({ text }) => {
    const right = Buffer.from(text, "base64").toString("base64");
    expect(right).not.toBe(text);
    expect(open(right)).toBeDefined();
    expect(open(text)).toBeUndefined();
  });

  it("are 20 invalid ones at least", () => {
    expect(invalid.length).toBeGreaterThan(20);
  });
});

describe("documents", () => {
  const open = makeOpen(network);
  const topic = topicSchema(open);
  const schemas = new Map<string, z.ZodType>([
    ["task", taskDocument],
    ["award", awardDocument],
    ["outcome", outcomeDocument],
    ["card", cardDocument],
    ["cfp", topic],
    ["propose", topic],
    ["equivocation", topic],
  ]);
  const kinds = read(
    "documents.json",
    z.record(
      z.string(),
      z.object({
        valid: z.array(z.object({ name, id: z.string(), envelope: bytes, value: z.unknown().optional() })),
        invalid: z.array(z.object({ name, clause, envelope: bytes })),
      }),
    ),
  );
  /** The document, if it is one of that kind. */
  const readAs = (kind: string, envelope: Buffer) => {
    const opened = open(envelope.toString("base64"));
    return opened === undefined ? undefined : must(schemas.get(kind)).safeParse(opened.payload);
  };

  it("are of every kind", () => {
    expect(Object.keys(kinds).toSorted()).toEqual([...schemas.keys()].toSorted());
  });

  it.each(Object.keys(kinds))("%s: valid ones are read, invalid ones are not", (kind) => {
    const { valid, invalid } = must(kinds[kind]);
    expect(valid.filter(({ envelope }) => readAs(kind, envelope)?.success !== true).map(({ name }) => name)).toEqual(
      [],
    );
    expect(invalid.filter(({ envelope }) => readAs(kind, envelope)?.success === true).map(({ name }) => name)).toEqual(
      [],
    );
    for (const { id, envelope, value } of valid) {
      const opened = must(open(envelope.toString("base64")));
      expect(opened.digest).toBe(id);
      if (value !== undefined) expect(opened.payload).toEqual(value);
    }
  });
});

const frames = z.object({
  protocol: z.string(),
  valid: z.array(z.object({ name, frame: bytes })),
  invalid: z.array(z.object({ name, clause, frame: bytes })),
});
const said = read(
  "messages.json",
  z.object({
    messages: z.record(z.string(), frames),
    frames,
    sizes: z.array(z.object({ protocol: z.string(), bytes: z.int(), frame: bytes, clause: clause.optional() })),
    streams: z.array(z.object({ name, protocol: z.string(), bytes, frames: z.int(), reset: z.boolean() })),
  }),
);

describe("messages", () => {
  const decode = decoder(makeOpen(network));

  it("are of every type", () => {
    const typed = /^\| `([a-z-]+)` \| [^|]*→|^\| `(digest|want|cards)` \|/gm;
    const types = [...README.matchAll(typed)].map(([, one, other]) => one ?? other);
    expect(Object.keys(said.messages).toSorted()).toEqual(types.toSorted());
  });

  it.each([...Object.entries(said.messages), ["any frame", said.frames] as const])("%s: as the file says", (_, all) => {
    const protocol = protocolOf(all.protocol);
    const refused = all.valid.filter(({ frame }) => !decode(protocol, frame).ok);
    expect(refused.map(({ name }) => name)).toEqual([]);
    for (const { name, clause, frame } of all.invalid) {
      const decoded = decode(protocol, frame);
      // A decoder does not tell a strange input from a strange message.
      const told = clause === "WIRE-1" ? "WIRE-1" : "WIRE-2";
      expect(decoded.ok ? "taken" : decoded.clause, name).toBe(told);
    }
  });

  it.each(said.sizes)("$bytes bytes on $protocol: as the file says", ({ protocol, bytes, frame, clause }) => {
    const decoded = decode(protocolOf(protocol), frame);
    expect([frame.length, decoded.ok ? undefined : decoded.clause]).toEqual([bytes, clause]);
  });

  it.each(said.streams)("on a stream, $name: $frames read, reset: $reset", async (one) => {
    const [theirs, ours] = await streamPair();
    const protocol = protocolOf(one.protocol);
    let count = 0;
    const reader = new FrameReader(ours, {
      max_bytes: PROTOCOLS[protocol].frame_bytes,
      clock: () => 0,
      onBroken: () => undefined,
      onFrame: (frame) => {
        const { ok } = decode(protocol, frame);
        if (ok) count += 1;
        return ok;
      },
    });
    const ended = Promise.withResolvers<void>();
    const look = () => {
      if (count >= one.frames && (reader.over || !one.reset)) ended.resolve();
    };
    ours.addEventListener("message", look);
    ours.addEventListener("close", look);
    theirs.send(one.bytes);
    await ended.promise;
    expect([count, reader.over]).toEqual([one.frames, one.reset]);
    theirs.abort(new Error("seen"));
  });
});

function protocolOf(id: string): ProtocolName {
  for (const name of ["directory", "auction", "claim"] as const) if (PROTOCOLS[name].id === id) return name;
  throw new Error(`no protocol ${id}`);
}

describe("topics", () => {
  const open = makeOpen(network);
  const judge = new Validator({ network, open, wall: () => NOW_MS, onDocument: () => undefined });
  const verdicts = {
    accept: TopicValidatorResult.Accept,
    reject: TopicValidatorResult.Reject,
    ignore: TopicValidatorResult.Ignore,
  };
  const verdict = z.enum(["accept", "reject", "ignore"]);
  const { heard } = read(
    "topics.json",
    z.object({ heard: z.array(z.object({ name, topic: z.string(), data: bytes, message_id: z.string(), verdict })) }),
  );

  it.each(heard)("$name: $verdict", ({ topic, data, message_id, verdict }) => {
    expect(judge.judge(topic, data)).toBe(verdicts[verdict]);
    expect(messageId(topic, data)).toBe(message_id);
  });
});

describe("records of the DHT", () => {
  const validate = must(validators({ open: makeOpen(network), wall: () => NOW_MS })["moot"]);
  const record = z.object({ name, key: bytes, value: bytes });
  const { valid, invalid } = read("records.json", z.object({ valid: z.array(record), invalid: z.array(record) }));
  const options = { signal: new AbortController().signal };

  it.each(valid)("$name: is kept", ({ key, value }) => {
    expect(() => validate(key, value, options)).not.toThrow();
  });
  it.each(invalid)("$name: is refused", ({ key, value }) => {
    expect(() => validate(key, value, options)).toThrow();
  });
});

describe("judgements", () => {
  const message = z.object({ from: z.string(), protocol: z.string(), frame: bytes });
  const { cases } = read(
    "judgements.json",
    z.object({
      cases: z.array(
        z.object({
          name,
          receiver: z.string(),
          before: z.array(message),
          message,
          clause: clause.optional(),
          answers: z.array(z.object({ to: z.string(), type: z.string() })).optional(),
        }),
      ),
    }),
  );
  const actorOf = (name: string) => must(Object.values(cast).find((one) => one.name === name));

  it.each(cases)(
    "$name: $receiver answers as the file says",
    ({ receiver, before, message: last, clause, answers }) => {
      const { peer, key } = actorOf(receiver);
      const agents = receiver === "dave" ? [counter] : [];
      const seal = makeSeal(key);
      const machine = new Peer({ self: peer, network, version: "0", seed: 1, seal, durable: true, addrs: [], agents });
      const decode = decoder(makeOpen(network));
      const at = { now: 0, wall: NOW_MS };
      machine.receive({ ...at, type: "start", kept: [] });
      const say = ({ from, protocol, frame }: z.output<typeof message>): readonly Effect[] => {
        const decoded = decode(protocolOf(protocol), frame);
        if (!decoded.ok) throw new Error(decoded.detail);
        return machine.receive({ ...at, type: "message", from: actorOf(from).peer, message: decoded.message });
      };
      for (const one of before) say(one);
      const effects = say(last);
      const sent = effects.flatMap((effect) =>
        effect.type === "send" ? [{ to: effect.to, type: effect.message.type }] : [],
      );
      const refused = effects.flatMap((effect) => (effect.type === "refuse" ? [effect.clause] : []));
      expect(refused).toEqual(clause === undefined ? [] : [clause]);
      expect(sent).toEqual((answers ?? []).map(({ to, type }) => ({ to: actorOf(to).peer, type })));
    },
  );
});

const counter: AgentCard = {
  name: "counter",
  description: "",
  concurrency: 2,
  skills: [{ name: must(parseSkill("text.count@1")), description: "", effects: "none", cost: 0, expected_ms: 100 }],
};

describe("waiting", () => {
  it("differs by less than a millisecond or two from the formula with real logarithms", () => {
    const row = z.object({ eligible: z.int(), share_ppm: z.int(), window_ms: z.int(), wait_ms: z.int() });
    for (const { eligible, share_ppm, window_ms, wait_ms } of read("waiting.json", z.array(row))) {
      const rest = Math.max(1e-6, 1 - share_ppm / 1e6);
      const wait = eligible <= 32 ? 0 : window_ms * Math.max(0, 1 + Math.log(rest) / Math.log(eligible));
      expect(Math.abs(wait - wait_ms), `${eligible}, ${share_ppm}`).toBeLessThan(1.1);
    }
  });
});

describe("ranking", () => {
  it("is what the specification's formula gives", () => {
    const bid = z.object({
      bidder: z.string(),
      cost: z.number(),
      expected_ms: z.int(),
      load_permille: z.int(),
      done: z.int(),
      failed: z.int(),
      failed_here: z.boolean(),
    });
    const round = z.object({
      task: z.string(),
      bids: z.array(bid),
      ranking: z.array(z.object({ bidder: z.string(), score: z.number() })),
    });
    for (const { task, bids, ranking } of read("ranking.json", z.array(round))) {
      const scored = bids.map(({ bidder, cost, expected_ms, load_permille, done, failed, failed_here }) => {
        const price = 1000 * cost + (expected_ms * (1000 + load_permille)) / 1000 + 1;
        const score = (price * (done + failed + 2 * failed + 1)) / (done + failed + 1);
        return { bidder, score, failed_here, hash: fnv1a(task + bidder) };
      });
      scored.sort((a, b) => Number(a.failed_here) - Number(b.failed_here) || a.score - b.score || a.hash - b.hash);
      expect(scored.map(({ bidder, score }) => ({ bidder, score }))).toEqual(ranking);
    }
  });
});

/** Written anew, from the specification. */
function fnv1a(text: string): number {
  let hash = 2166136261n;
  for (const char of text) hash = ((hash ^ BigInt(char.charCodeAt(0))) * 16777619n) % 2n ** 32n;
  return Number(hash);
}

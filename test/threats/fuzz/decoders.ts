/**
 * Everything of the product that makes something of bytes it did not write: frames, documents, records, heads, files, requests. Each
 * entry has what it starts from and one call that reads. A decoder that is new has to find its place here.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { TopicValidatorResult } from "@libp2p/gossipsub";
import { parseLine } from "../../../node/api/answers.ts";
import { API } from "../../../node/api/limits.ts";
import { checked, dryRunRequest, parseBody, revokeRequest, submitRequest } from "../../../node/api/requests.ts";
import { isTcpAddress, parseApi } from "../../../node/config/addresses.ts";
import { parseConfig } from "../../../node/config/config.ts";
import { keyText, parseKeyText } from "../../../node/config/identity.ts";
import { parseRoot } from "../../../node/config/root.ts";
import { parseBaseline } from "../../../node/conformance/baseline.ts";
import { valueIn } from "../../../node/conformance/kad.ts";
import { decodeEnvelope } from "../../../node/envelope/format.ts";
import { digestOf, makeOpen, openBytes, readJson } from "../../../node/envelope/mod.ts";
import { Fault } from "../../../node/fault.ts";
import { validator } from "../../../node/handlers/schema.ts";
import { usable } from "../../../node/host/addresses.ts";
import { decoder } from "../../../node/host/decode.ts";
import { FrameGuard } from "../../../node/host/frame-guard.ts";
import { cardKey, readCard, selectors, validators } from "../../../node/host/records.ts";
import { Validator } from "../../../node/host/validator.ts";
import { noticeOf } from "../../../node/permissions/keys.ts";
import { ChainReader, readChain } from "../../../node/records/chain.ts";
import { replayJournal } from "../../../node/records/journal-replay.ts";
import { parseRecord } from "../../../node/records/reading.ts";
import { parseDraft } from "../../../node/sim/file.ts";
import type { Actor } from "../../../node/tools/vectors/cast.ts";
import { NETWORK, NOW_MS } from "../../../node/tools/vectors/cast.ts";
import { brokenContract, contractOf } from "../../../protocols/directory/contracts.ts";
import { body } from "../../../protocols/kernel/wire.ts";
import {
  BLOB,
  blobAnswer,
  blobRequest,
  blobsIn,
  cardDocument,
  LIMITS,
  type PeerId,
  type ProtocolName,
  parseDigest,
  parseNetwork,
  parsePeerId,
  parseSkill,
  parseTaskId,
  recordSchema,
  Warden,
  WrongReference,
} from "../../../protocols/mod.ts";
import { grantsOf, journalOf, linked, payloads, recordOf, recordsOfStore, revocationOf } from "./made.ts";
import { BLOB_REFERENCE, CONFIG, dhtRecords, envelopes, frames, heard, SCENARIO, SCHEMA, SUBMIT } from "./samples.ts";

export interface Decoder {
  readonly name: string;
  readonly samples: readonly Uint8Array[];
  /** Its samples are signed envelopes, or hold some: these are also changed and signed again. */
  readonly sealed?: "is" | "holds";
  /** Undefined: refused. What it throws has to be one of its own errors (see `isOwn`), which refuses as well. */
  readonly read: (bytes: Buffer) => unknown;
}

/** Errors that callers of decoders are told of, with what to do. */
export function isOwn(error: unknown): boolean {
  return error instanceof Fault || error instanceof WrongReference;
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("utf8");
const textSamples = (...all: readonly string[]) => all.map((one) => Buffer.from(one));
const open = makeOpen(NETWORK);
const wall = () => NOW_MS;

export function decoders(root: Actor, member: Actor): readonly Decoder[] {
  return [...wire(), ...permissions(root, member), ...bodies(), ...files(member), ...requests()];
}

/** What peers send. */
function wire(): readonly Decoder[] {
  const decode = decoder(open);
  const frame = (protocol: ProtocolName): Decoder => ({
    name: `frames of ${protocol}`,
    samples: frames(protocol),
    sealed: "holds",
    read: (bytes) => (decode(protocol, bytes).ok ? true : undefined),
  });
  const topics = heard();
  const names = [...new Set(topics.map(({ topic }) => topic))];
  const onDocument = () => undefined;
  return [
    frame("directory"),
    frame("auction"),
    frame("claim"),
    {
      name: "messages of topics",
      samples: topics.map(({ data }) => data),
      sealed: "is",
      read: (bytes) => {
        // One for each: what it remembers of a signer would make it deaf.
        const validator = new Validator({ network: NETWORK, open, wall, onDocument });
        return names.find((topic) => validator.judge(topic, bytes) !== TopicValidatorResult.Reject);
      },
    },
    { name: "records of the DHT", samples: dhtRecords().map(({ value }) => value), sealed: "is", read: readRecord },
    { name: "keys of the DHT", samples: dhtRecords().map(({ key }) => key), read: readKey },
    { name: "envelopes", samples: envelopes(), sealed: "is", read: (bytes) => openBytes(open, bytes) },
    { name: "envelopes, unchecked", samples: envelopes(), read: (bytes) => decodeEnvelope(bytes) },
    {
      name: "base64 of envelopes",
      samples: textSamples(...envelopes().map((one) => one.toString("base64"))),
      read: (bytes) => open(bytes.toString("latin1")),
    },
    { name: "JSON of strangers", samples: frames("claim"), read: (bytes) => readJson(bytes, LIMITS.claim_bytes) },
    { name: "muxer frames", samples: muxerFrames(), read: readMuxer },
    {
      name: "addresses of cards",
      samples: textSamples(
        "/ip4/192.0.2.7/tcp/4001\n/dns4/a.example/tcp/1/p2p/12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5\n/ip6/::1/tcp/9",
      ),
      read: readAddresses,
    },
    {
      name: "answers of another DHT",
      samples: dhtRecords().map(({ value }) => kadAnswer(value)),
      read: (bytes) => valueIn(bytes),
    },
  ];
}

function readRecord(bytes: Buffer): unknown {
  const options = { open, wall };
  const { key } = dhtRecords_[0] ?? {};
  const { moot: select } = selectors(options);
  const peer = signerOf(bytes);
  select?.(key ?? cardKey(SOMEBODY), [bytes, bytes]);
  return peer === undefined ? undefined : readCard(peer, bytes, options);
}

const dhtRecords_ = dhtRecords();
const SOMEBODY = peerNamed("12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5");

function peerNamed(words: string): PeerId {
  const peer = parsePeerId(words);
  if (peer === undefined) throw new Error("the test's own peer id is wrong");
  return peer;
}

function signerOf(bytes: Buffer): PeerId | undefined {
  return openBytes(open, bytes)?.signer;
}

/** The validator says no by throwing, as the library has it: any plain error will do. */
function readKey(key: Buffer): unknown {
  const { moot: judge } = validators({ open, wall });
  try {
    judge?.(key, dhtRecords_[0]?.value ?? key);
    return true;
  } catch (error) {
    if (error instanceof Error && error.message === "not a card of this peer") return undefined;
    throw error;
  }
}

/** Data, a window update, a ping, a go-away. */
function muxerFrames(): readonly Buffer[] {
  const header = (type: number, length: number) => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt8(type, 1);
    bytes.writeUInt32BE(length, 8);
    return bytes;
  };
  return [
    Buffer.concat([header(0, 30), Buffer.alloc(30), header(1, 99), header(2, 0)]),
    Buffer.concat([header(3, 0), header(0, 4)]),
  ];
}

/** It ends a connection by throwing; what it says then is its own. */
function readMuxer(bytes: Buffer): unknown {
  try {
    new FrameGuard(0).inspect(bytes);
    return true;
  } catch (error) {
    if (!(error instanceof Error) || !/not a yamux frame|a frame that declares/.test(error.message)) throw error;
    return undefined;
  }
}

function readAddresses(bytes: Buffer): unknown {
  const all = text(bytes).split("\n");
  const dialled = usable(SOMEBODY, all);
  return all.some(isTcpAddress) || dialled.length > 0 ? dialled : undefined;
}

/** `record { value }` in an answer. */
function kadAnswer(value: Buffer): Buffer {
  const length = (bytes: number) => Buffer.from([(bytes & 0x7f) | 0x80, bytes >> 7]);
  const inner = Buffer.concat([Buffer.from([0x12]), length(value.length), value]);
  return Buffer.concat([Buffer.from([0x08, 0x01, 0x1a]), length(inner.length), inner]);
}

/** Chains of grants, revocations, and the files that hold them. */
function permissions(root: Actor, member: Actor): readonly Decoder[] {
  const { grant, shown } = grantsOf(root, member);
  const revocation = revocationOf(root, grant);
  const warden = new Warden(NETWORK, { roots: [root.peer], open, chain: [] }, () => undefined);
  return [
    {
      name: "chains of grants",
      samples: textSamples(JSON.stringify(shown)),
      sealed: "holds",
      read: (bytes) => {
        const value = readJson(bytes, 8 * 1_024);
        const chain = Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
        return warden.judge(member.peer, chain, NOW_MS).ok ? true : undefined;
      },
    },
    {
      name: "revocations",
      samples: [Buffer.from(revocation, "base64")],
      sealed: "is",
      read: (bytes) => noticeOf(bytes.toString("base64"), NETWORK),
    },
  ];
}

/** What stands in the bodies of tasks and on cards. */
function bodies(): readonly Decoder[] {
  return [
    { name: "bodies", samples: textSamples(SUBMIT, BLOB_REFERENCE), read: (bytes) => body.safeParse(text(bytes)).data },
    {
      name: "references to blobs",
      samples: textSamples(BLOB_REFERENCE),
      read: (bytes) => blobsIn(readJson(bytes, LIMITS.body_bytes)),
    },
    {
      name: "heads of blob streams",
      samples: textSamples(
        JSON.stringify({ type: "list", blob: "d".repeat(64) }),
        JSON.stringify({ type: "get", blob: "d".repeat(64), from: 0, count: 16 }),
        JSON.stringify({ type: "have", blob: "d".repeat(64), bytes: 1_000 }),
        JSON.stringify({ type: "refuse", blob: "d".repeat(64), reason: "busy" }),
      ),
      read: (bytes) => {
        const head = readJson(bytes, BLOB.head_bytes, 2);
        return blobRequest.safeParse(head).data ?? blobAnswer.safeParse(head).data;
      },
    },
    {
      name: "contracts of cards",
      samples: payloads("card"),
      read: (bytes) => {
        const card = cardDocument.safeParse(readJson(bytes, LIMITS.card_bytes));
        if (!card.success) return undefined;
        const skills = card.data.agents.flatMap((agent) => agent.skills);
        return [brokenContract(card.data, digestOf), skills.map((skill) => contractOf(skill, digestOf))];
      },
    },
    { name: "schemas of cards", samples: textSamples(SCHEMA), read: readSchema },
  ];
}

function readSchema(bytes: Buffer): unknown {
  const schema = readJson(bytes, LIMITS.card_bytes);
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return undefined;
  const complaint = validator({ ...schema })({ text: "a b", list: [1, "a", null] });
  return complaint ?? "it fits";
}

/** What lies on disk. */
function files(member: Actor): readonly Decoder[] {
  const record = recordOf();
  const journal = journalOf(member);
  const schema = recordSchema(open);
  const peers = textSamples(member.peer, "CAESIIqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c");
  return [
    { name: "moot.yaml", samples: textSamples(CONFIG), read: (bytes) => parseConfig(text(bytes), FILE) },
    { name: "scenarios", samples: textSamples(SCENARIO), read: (bytes) => parseDraft(text(bytes), FILE) },
    { name: "records of runs", samples: [record], read: (bytes) => parseRecord(bytes, FILE) },
    { name: "chains of lines", samples: [record, journal], read: (bytes) => readChain(bytes, FILE) },
    {
      name: "journals",
      samples: [journal],
      read: (bytes) => {
        const reader = new ChainReader(() => undefined);
        const rest = reader.add(bytes, FILE);
        reader.end();
        return rest === 0 ? true : undefined;
      },
    },
    { name: "entries of records", samples: [record], read: (bytes) => parseRecord(relinked(bytes), FILE) },
    { name: "entries of journals", samples: [journal], read: (bytes) => replayed(relinked(bytes)) },
    {
      name: "records of the store",
      samples: recordsOfStore(member),
      sealed: "holds",
      read: (bytes) => schema.safeParse(readJson(bytes, 1_000_000)).data,
    },
    {
      name: "identities",
      samples: textSamples(keyText(member.key)),
      read: (bytes) => parseKeyText(bytes.toString("latin1")).catch(() => undefined),
    },
    { name: "roots", samples: peers, read: (bytes) => parseRoot(text(bytes)) },
    {
      name: "baselines",
      samples: textSamples("# none is known to fail\n\n"),
      read: (bytes) => parseBaseline(text(bytes), []),
    },
  ];
}
/** The same entries in a chain that holds, as far as there are lines. */
function relinked(bytes: Buffer): Buffer {
  const lines = bytes.toString("utf8").split("\n").slice(0, 64);
  return linked(
    lines.flatMap((line) => /^\{"n":.{0,20}"prev":"[^"]*","entry":(.*)\}$/s.exec(line)?.[1] ?? []).slice(0, -1),
  );
}

let folder: string | undefined;
function replayed(journal: Buffer): unknown {
  folder ??= temporary();
  writeFileSync(join(folder, "000000.ndjson"), journal);
  return replayJournal(folder);
}

function temporary(): string {
  const made = mkdtempSync(join(tmpdir(), "folkmoot-fuzz-"));
  process.once("exit", () => rmSync(made, { recursive: true, force: true }));
  return made;
}

const FILE = `${dirname(import.meta.dirname)}/none`;

/** What users, their programs and the command line say. */
function requests(): readonly Decoder[] {
  return [
    {
      name: "requests of the control API",
      samples: textSamples(SUBMIT, JSON.stringify({ revocation: "Ci" })),
      read: (bytes) => {
        if (bytes.length > API.body_bytes) return undefined;
        const value = parseBody(bytes);
        return [submitRequest, dryRunRequest, revokeRequest].find((schema) => takes(() => checked(schema, value)));
      },
    },
    {
      name: "answers of the control API",
      samples: textSamples(
        JSON.stringify({ event: "end", message: "stopped", error: { code: "internal", message: "x" } }),
        JSON.stringify({
          type: "progress",
          task: "d".repeat(64),
          node: SOMEBODY,
          at_ms: 1,
          done_permille: 1,
          note: "",
        }),
      ),
      read: (bytes) => parseLine(readJson(bytes, API.line_bytes)),
    },
    {
      name: "names",
      samples: textSamples(SOMEBODY, "d".repeat(64), "text.count@1", "home", "127.0.0.1:8080", "unix:./moot.sock"),
      read: (bytes) => {
        const words = text(bytes);
        const all = [parsePeerId, parseTaskId, parseDigest, parseSkill, parseNetwork].map((parse) => parse(words));
        return all.find((one) => one !== undefined) ?? parseApi(words, "/tmp");
      },
    },
  ];
}

function takes(act: () => unknown): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (!isOwn(error)) throw error;
    return false;
  }
}

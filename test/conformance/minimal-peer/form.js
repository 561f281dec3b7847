// What may be said: the forms of section 2 (Values, Documents) and of the message tables, and the envelopes.
//
// Everything that comes from others goes through `read` (a frame), `open` (an envelope) or both, and is refused there
// or has exactly the promised form. Nothing here knows of connections, clocks or tasks.
import { createHash, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { isIP } from "node:net";
import { base58btc } from "multiformats/bases/base58";

const BODY_BYTES = 65_536;
const SEAL_CHARS = 212_992;
const DAY_MS = 86_400_000;

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest();
export const hex = (bytes) => Buffer.from(bytes).toString("hex");
/** Whether an input is the one that a task names (WIRE-5). */
export const inputFits = (task, input) => hex(sha256(Buffer.from(input))) === task.input_digest;

/** 32-bit FNV-1a: the shard of a skill is its hash modulo 16 (AUCTION-1). */
export function fnv1a(text) {
  let hash = 2_166_136_261;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 16_777_619) >>> 0;
  return hash;
}
export const shard = (network, skill) => `moot/1/${network}/${fnv1a(skill) % 16}`;

// ---- Values: each is a predicate.

const whole = (low, high) => (v) => Number.isInteger(v) && v >= low && v <= high;
const text = (low, high) => (v) => typeof v === "string" && v.length >= low && v.length <= high;
const match = (pattern, longest) => (v) => typeof v === "string" && v.length <= longest && pattern.test(v);
const list =
  (of, most, least = 0) =>
  (v) =>
    Array.isArray(v) && v.length >= least && v.length <= most && v.every((one) => of(one));
const one =
  (...values) =>
  (v) =>
    values.includes(v);
const or = (a, b) => (v) => a(v) || b(v);
const bool = (v) => typeof v === "boolean";
const plain = (v) => typeof v === "object" && v !== null && !Array.isArray(v);

/** An object with these fields; a name that ends in `?` may be absent. Strict ones have no others. */
const object = (fields, strict = false) => {
  const wanted = Object.entries(fields).map(([name, is]) => [name.replace("?", ""), name.endsWith("?"), is]);
  const names = new Set(wanted.map(([name]) => name));
  return (v) =>
    plain(v) &&
    wanted.every(([name, optional, is]) => (Object.hasOwn(v, name) ? is(v[name]) : optional)) &&
    (!strict || Object.keys(v).every((name) => names.has(name)));
};

const peer = match(/^[1-9A-HJ-NP-Za-km-z]{32,64}$/, 64);
const digest = match(/^[0-9a-f]{64}$/, 64);
const skill = match(/^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)*@[1-9][0-9]{0,3}$/, 96);
const network = match(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 64);
const ballot = object({ round: whole(1, 1_000_000), custodian: whole(0, 4) }, true);
const ms = whole(0, DAY_MS);
const count = whole(0, 1_000_000_000);
const big = whole(0, Number.MAX_SAFE_INTEGER);
const permille = whole(0, 1000);
const cost = (v) => typeof v === "number" && v >= 0 && v <= 1e12;
const agent = text(1, 64);
const note = text(0, 2048);
/** A seal of one kind of document. A signature is looked at when the document is used: a bad one breaks WIRE-3, not WIRE-2. */
const seal = (kind) => (v) => {
  const bytes = text(1, SEAL_CHARS)(v) && fromBase64(v);
  return Boolean(bytes) && documents[kind](unseal(bytes, { signature: false })?.document);
};
const reach = one("auto", "directed", "wide");

/** Any JSON text of at most `body_bytes`, nested at most `body_depth` deep. */
export function body(v) {
  if (typeof v !== "string" || Buffer.byteLength(v) > BODY_BYTES) return false;
  try {
    JSON.parse(v);
  } catch {
    return false;
  }
  return depth(v) <= 64;
}

const failureReason = one(
  ...["error", "retry", "timeout", "invalid-input", "output-too-large", "invalid-output", "spawn", "cancelled", "lost"],
  ...["fenced", "deadline", "no-bids", "attempts", "not-stored", "refused", "silent", "shutdown"],
);
const refusalReason = one(
  ...["no-skill", "overloaded", "draining", "too-late", "too-large", "stale", "silent", "invalid-input"],
  ...["not-initiator", "too-dear", "denied"],
);

// ---- Documents.

const toolTrace = list(object({ name: text(0, 128), argsDigest: digest, outcome: text(0, 64), ms: count }, true), 64);
const failure = object(
  {
    status: one("failed", "cancelled", "expired"),
    reason: failureReason,
    message: note,
    retryable: bool,
    attempts: list(
      object(
        { contractor: peer, ballot, started: count, ended: count, exitReason: failureReason, "message?": note },
        true,
      ),
      16,
    ),
    toolTrace,
    retryCount: count,
    causes: list(note, 16),
    asked: list(peer, 64),
    refusals: list(object({ peer, reason: refusalReason, times: count }, true), 64),
    rounds: count,
  },
  true,
);
const call = {
  task: digest,
  skill,
  round: count,
  window_ms: ms,
  left_ms: ms,
  input_bytes: count,
  eligible: count,
  "initiator?": peer,
  "contract?": digest,
};
const bid = { task: digest, round: count, agent, cost, expected_ms: ms, load_permille: permille, "contract?": digest };
const signed = { network, issued_ms: big };
const cardSkill = object({
  name: skill,
  "description?": note,
  "input?": plain,
  "output?": plain,
  effects: or(one("none", "read", "write"), list(text(0, 256), 32)),
  cost,
  expected_ms: ms,
  "idempotent?": bool,
  "contract?": digest,
});
const cardAgent = object({
  name: agent,
  "description?": note,
  concurrency: whole(1, 4096),
  skills: list(cardSkill, 64, 1),
});

const lineage = object(
  { root: digest, parent: digest, fence: count, depth: whole(1, 8), path: list(skill, 8, 1) },
  true,
);
const document = (kind, fields) => object({ kind: one(kind), ...fields }, kind !== "card"); // WIRE-13
const documents = {
  task: document("task", {
    network,
    skill,
    input_digest: digest,
    input_bytes: whole(0, BODY_BYTES),
    custodians: (v) => list(peer, 5)(v) && v.length % 2 === 1,
    reach,
    sealed: bool,
    deadline_ms: whole(1, DAY_MS),
    lease_ms: whole(300, 600_000),
    attempts_max: whole(1, 16),
    nonce: text(16, 64),
    issued_ms: big,
    "lineage?": (v) => lineage(v) && v.path.length === v.depth, // CLAIM-43
    "budget?": cost,
    "contract?": digest,
    "sub_tasks?": whole(0, 16_384), // CLAIM-47
  }),
  award: document("award", { network, task: digest, ballot, contractor: or(peer, (v) => v === null) }),
  outcome: document("outcome", {
    network,
    task: digest,
    ballot,
    status: one("done", "failed", "cancelled", "expired"),
    "contractor?": peer,
    "agent?": text(0, 64),
    "result?": body,
    "failure?": failure,
    "ran_ms?": count,
    "cost?": cost,
    "record?": digest,
  }),
  cfp: document("cfp", { ...signed, ...call, sealed: bool }),
  propose: document("propose", { ...signed, ...bid }),
  equivocation: document("equivocation", { network, first: seal("award"), second: seal("award") }),
  revocation: document("revocation", {
    network,
    grants: list(object({ grant: digest, expires_ms: big }, true), 8, 1),
    proof: (v) => list(text(0, 4096), 4)(v) && v.join("").length <= 4096,
    nonce: text(16, 64),
    issued_ms: big,
  }),
  card: document("card", {
    ...signed,
    version: text(0, 32),
    seq: big,
    valid_ms: ms,
    uptime_ms: big,
    addrs: list(text(0, 256), 16),
    durable: bool,
    agents: list(cardAgent, 64),
  }),
};

// ---- Messages, by protocol.

const said = (v) => list(body, 256)(v) && v.reduce((sum, item) => sum + Buffer.byteLength(item), 0) <= 12_288;
const value = object({ outcome: seal("outcome"), origin: seal("award") });
export const protocols = {
  "/moot/directory/1": {
    bytes: 65_536,
    messages: {
      digest: object({
        network,
        news: bool,
        cards: list((v) => Array.isArray(v) && v.length === 2 && peer(v[0]) && big(v[1]), 512),
      }),
      want: object({ peers: list(peer, 512) }),
      cards: object({ cards: list(seal("card"), 64) }),
      revocations: object({ revocations: list(seal("revocation"), 64) }),
    },
  },
  "/moot/auction/1": {
    bytes: 262_144,
    messages: {
      cfp: object(call),
      propose: object({ ...bid, hold_ms: ms }),
      refuse: object({ task: digest, round: count, reason: refusalReason, load_permille: permille, "ballot?": ballot }),
      "accept-proposal": object({
        task: digest,
        round: count,
        award: seal("award"),
        document: seal("task"),
        input: body,
        left_ms: ms,
      }),
      agree: object({ task: digest, ballot }),
      "reject-proposal": object({ task: digest, round: count }),
    },
  },
  "/moot/claim/1": {
    bytes: 262_144,
    messages: {
      store: object({ task: digest, document: seal("task"), input: body, left_ms: ms }),
      stored: object({ task: digest }),
      prepare: object({ task: digest, ballot }),
      promise: object({ task: digest, ballot, "accepted?": object({ ballot, value }), "live?": seal("award") }),
      nack: object({ task: digest, ballot, promised: ballot }),
      accept: object({ task: digest, ballot, award: seal("award"), value }),
      accepted: object({ task: digest, ballot, digest }),
      decided: object({ task: digest, digest, "value?": value }),
      query: object({ task: digest }),
      renew: object({ task: digest, award: seal("award"), done_permille: permille, "note?": note, beat: count }),
      partial: object({
        ...{ task: digest, award: seal("award"), beat: count, seq: count },
        ...{ items: said, done_permille: permille, "note?": note },
      }),
      renewed: object({
        task: digest,
        ballot,
        answer: one("ok", "cancel", "moved", "fenced"),
        "promised?": ballot,
        beat: count,
      }),
      failure: object({
        ...{ task: digest, award: seal("award"), reason: failureReason, message: note, retryable: bool },
        ...{ "toolTrace?": toolTrace, "causes?": list(note, 16) },
      }),
      tend: object({ task: digest, ballot }),
      cancel: object({ task: digest }),
      "not-understood": object({
        task: digest,
        what: text(0, 32),
        reason: one("unknown-task", "not-custodian", "overloaded"),
      }),
    },
  },
};

// ---- JSON, checked before it is parsed (WIRE-1).

const TOKENS = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"|[{}[\]:]/g;

/** How deep a text nests; throws on too many keys, a key twice, and `__proto__`. */
function depth(json, keys_max = Number.POSITIVE_INFINITY) {
  const open = [];
  let deepest = 0;
  let keys = 0;
  let last = "";
  for (const [token] of json.matchAll(TOKENS)) {
    if (token === "{" || token === "[") deepest = Math.max(deepest, open.push(new Set()));
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":" && keys_max !== Number.POSITIVE_INFINITY) {
      const key = JSON.parse(last);
      keys += 1;
      if (keys > keys_max || key === "__proto__" || open.at(-1)?.has(key)) throw new Error("WIRE-1: keys");
      open.at(-1)?.add(key);
    }
    last = token;
  }
  return deepest;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function parse(bytes, longest) {
  if (bytes.length > longest) throw new Error("WIRE-1: length");
  const json = utf8.decode(bytes);
  if (depth(json, 4096) > 16) throw new Error("WIRE-1: depth");
  return JSON.parse(json);
}

/** A frame of a protocol as its message; throws at whatever is none (WIRE-1, WIRE-2). */
export function read(protocol, bytes) {
  const { bytes: longest, messages } = protocols[protocol];
  const message = parse(bytes, longest);
  if (!plain(message) || typeof message.type !== "string" || !Object.hasOwn(messages, message.type)) {
    throw new Error("WIRE-2: no message");
  }
  if (!messages[message.type](message)) throw new Error(`WIRE-2: ${message.type}`);
  return message;
}

// ---- Keys and envelopes.

const varint = (n) => (n < 128 ? [n] : [(n % 128) + 128, ...varint(Math.floor(n / 128))]);
const field = (tag, bytes) => Buffer.concat([Buffer.from([tag, ...varint(bytes.length)]), bytes]);
const prefixed = (bytes) => Buffer.concat([Buffer.from(varint(bytes.length)), bytes]);
export const frame = (message) => prefixed(Buffer.from(JSON.stringify(message)));

const KEY_HEAD = Buffer.from([8, 1, 18, 32]); // libp2p's encoding: type Ed25519, 32 bytes
const TYPE = Buffer.from("/moot/doc");
const toSign = (payload) => Buffer.concat([prefixed(Buffer.from("moot")), prefixed(TYPE), prefixed(payload)]);
const peerOf = (key) => base58btc.baseEncode(Buffer.concat([Buffer.from([0, 36]), KEY_HEAD, key]));

/** The identity of a 32-byte seed: its peer id, and `seal`, which signs a document as an envelope in base64. */
export function identity(seed) {
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const raw = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32);
  const sealed = (document) => {
    const payload = Buffer.from(JSON.stringify(document));
    const parts = [field(10, Buffer.concat([KEY_HEAD, raw])), field(18, TYPE), field(26, payload)];
    return Buffer.concat([...parts, field(42, sign(null, toSign(payload), key))]).toString("base64");
  };
  return { peer: peerOf(raw), seal: sealed };
}

const fromBase64 = (string) => {
  const bytes = Buffer.from(string, "base64");
  return bytes.toString("base64") === string ? bytes : undefined;
};

/** What is in an envelope's bytes, if they have the one form and are well signed; undefined, else. */
export function unseal(bytes, { signature: checked } = { signature: true }) {
  if (bytes.length < 118 || bytes.length > (SEAL_CHARS / 4) * 3) return undefined;
  const key = bytes.subarray(6, 38);
  const signature = bytes.subarray(-64);
  const head = Buffer.concat([field(10, Buffer.concat([KEY_HEAD, key])), field(18, TYPE)]);
  // How long the payload is follows from the rest: made again from its parts, a sound envelope is the same bytes.
  const tails = [1, 2, 3].map((width) => bytes.subarray(head.length + 1 + width, -66));
  const same = (part) => Buffer.concat([head, field(26, part), field(42, signature)]).equals(bytes);
  const payload = tails.find(same);
  if (payload === undefined) return undefined;
  try {
    const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key]);
    const publicKey = { key: spki, format: "der", type: "spki" };
    if (checked && !verify(null, toSign(payload), publicKey, signature)) return undefined;
    return { id: hex(sha256(payload)), signer: peerOf(key), document: parse(payload, bytes.length) };
  } catch {
    return undefined; // not UTF-8, no JSON, no key: all the same to whoever gets it
  }
}

/**
 * Opens an envelope (bytes, or base64 inside JSON): `{ id, signer, document }`, or undefined when it is not of one of
 * `kinds`, of this network, in the one form and well signed (WIRE-3, WIRE-4, WIRE-13).
 */
export function open(envelope, { kinds, network: name }) {
  const bytes = typeof envelope === "string" ? fromBase64(envelope) : Buffer.from(envelope);
  const opened = bytes && unseal(bytes);
  const document = opened?.document;
  if (!plain(document) || document.network !== name) return undefined;
  return kinds.includes(document.kind) && documents[document.kind](document) ? opened : undefined;
}

/** The bytes of one stream, cut into messages; throws where the stream is to be reset (WIRE-15). */
export class Frames {
  #protocol;
  #rest = Buffer.alloc(0);

  constructor(protocol) {
    this.#protocol = protocol;
  }

  *push(chunk) {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const width = this.#rest.subarray(0, 4).findIndex((byte) => byte < 128) + 1;
      if (width === 0 && this.#rest.length >= 4) throw new Error("WIRE-15: a length of five bytes");
      if (width === 0) return;
      const length = this.#rest.subarray(0, width).reduce((sum, byte, i) => sum + (byte & 127) * 128 ** i, 0);
      if (length === 0 || length > protocols[this.#protocol].bytes) throw new Error("WIRE-15: length");
      if (this.#rest.length < width + length) return;
      const bytes = this.#rest.subarray(width, width + length);
      this.#rest = this.#rest.subarray(width + length);
      yield read(this.#protocol, bytes);
    }
  }
}

/** An address that is dialled: TCP alone (section 2, Below). */
export function dialable(address) {
  const parts = /^\/(ip4|ip6|dns[46]?)\/([^/]+)\/tcp\/\d{1,5}(\/p2p\/[^/]+)?$/.exec(address);
  return parts !== null && (parts[1] === "ip4" ? isIP(parts[2]) === 4 : parts[1] !== "ip6" || isIP(parts[2]) === 6);
}

/** Signed envelopes, against libp2p's own implementation in both directions, and against everything that is wrong. */
import { generateKeyPair, generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { RecordEnvelope } from "@libp2p/peer-record";
import { describe, expect, it } from "vitest";
import { digestOf, makeOpen, makeSeal, openBytes } from "../../node/envelope/mod.ts";
import { LIMITS, type Network, parseNetwork } from "../../protocols/mod.ts";

const network = networkOf("home");
const key = await generateKeyPair("Ed25519");
const seal = makeSeal(key);
const document = { kind: "test", network, words: "ä\u2028\u0000 and ☃", list: [1, 2.5, null] };

function networkOf(name: string): Network {
  const parsed = parseNetwork(name);
  if (parsed === undefined) throw new Error("a network has a name");
  return parsed;
}

/** An envelope as libp2p makes it. */
async function foreign(payload: Uint8Array, changes: { domain?: string; codec?: string } = {}): Promise<string> {
  const record = {
    domain: changes.domain ?? "moot",
    codec: Buffer.from(changes.codec ?? "/moot/doc"),
    marshal: () => payload,
    equals: () => false,
  };
  const envelope = await RecordEnvelope.seal(record, key);
  return Buffer.from(envelope.marshal()).toString("base64");
}
const json = (value: unknown) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));

describe("an envelope", () => {
  it("is read by libp2p's own reader", async () => {
    const signed = seal(document);
    const theirs = await RecordEnvelope.openAndCertify(Buffer.from(signed.seal, "base64"), "moot");
    expect(JSON.parse(Buffer.from(theirs.payload.subarray()).toString())).toEqual(document);
    expect(theirs.publicKey.equals(key.publicKey)).toBe(true);
    await expect(RecordEnvelope.openAndCertify(Buffer.from(signed.seal, "base64"), "other")).rejects.toThrow();
  });

  it("of libp2p's own making opens", async () => {
    const opened = makeOpen(network)(await foreign(json(document)));
    expect(opened).toEqual({
      signer: peerIdFromPrivateKey(key).toString(),
      digest: digestOf(json(document)),
      payload: document,
    });
  });

  it("opens to what was sealed, the second time from memory", () => {
    const open = makeOpen(network);
    const signed = seal(document);
    const opened = open(signed.seal);
    expect(opened).toEqual({ signer: signed.signer, digest: signed.digest, payload: document });
    expect(open(signed.seal)).toBe(opened);
    expect(JSON.stringify(signed)).toBe(JSON.stringify(signed.seal));
  });

  it("is deterministic", () => {
    expect(seal(document).seal).toBe(makeSeal(key)(document).seal);
  });

  it("of another network, domain or type does not open", async () => {
    expect(makeOpen(networkOf("away"))(seal(document).seal)).toBeUndefined();
    expect(makeOpen(network)(await foreign(json(document), { domain: "libp2p-peer-record" }))).toBeUndefined();
    expect(makeOpen(network)(await foreign(json(document), { codec: "/moot/dox" }))).toBeUndefined();
  });

  it.each([
    ["an array", [{ network }]],
    ["null", null],
    ["a text", JSON.stringify("home")],
    ["no network", {}],
    ["broken JSON", '{"network":"home",}'],
    ["a key twice", '{"network":"home","network":"home"}'],
    ["a key twice, once escaped", '{"network":"home","a":1,"\\u0061":2}'],
    ["a prototype", '{"network":"home","__proto__":{"x":1}}'],
    ["bad UTF-8", Buffer.from('{"network":"home","a":"\xff"}', "latin1").toString("latin1")],
  ])("around %s does not open", async (what, payload) => {
    const bytes = what === "bad UTF-8" ? Buffer.from(String(payload), "latin1") : json(payload);
    expect(makeOpen(network)(await foreign(bytes))).toBeUndefined();
    expect(Object.prototype).not.toHaveProperty("x");
  });

  it("opens at its bounds of depth and keys, and not beyond", async () => {
    const open = makeOpen(network);
    const deep = (depth: number) => `{"network":"home","a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
    const wide = (keys: number) => ({
      network,
      a: Object.fromEntries(Array.from({ length: keys - 2 }, (_, index) => [`k${index}`, 0])),
    });
    expect(open(await foreign(json(deep(LIMITS.json_depth))))).toBeDefined();
    expect(open(await foreign(json(deep(LIMITS.json_depth + 1))))).toBeUndefined();
    expect(open(await foreign(json(wide(LIMITS.json_keys))))).toBeDefined();
    expect(open(await foreign(json(wide(LIMITS.json_keys + 1))))).toBeUndefined();
  });

  it("opens at its bound of size, and not beyond", () => {
    const open = makeOpen(network);
    const size = (text: string) => Buffer.from(seal({ ...document, text }).seal, "base64").length;
    const room = (LIMITS.seal_chars / 4) * 3 - size("x".repeat(100_000)) + 100_000;
    expect(seal({ ...document, text: "x".repeat(room) }).seal).toHaveLength(LIMITS.seal_chars);
    expect(open(seal({ ...document, text: "x".repeat(room) }).seal)).toBeDefined();
    expect(open(seal({ ...document, text: "x".repeat(room + 1) }).seal)).toBeUndefined();
  });

  it("with any bit flipped, or anything added or cut, does not open", () => {
    const open = makeOpen(network);
    const bytes = Buffer.from(seal({ kind: "t", network }).seal, "base64");
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const copy = Buffer.from(bytes);
      copy.writeUInt8(copy.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(openBytes(open, copy)).toBeUndefined();
    }
    for (let cut = 0; cut < bytes.length; cut++) expect(openBytes(open, bytes.subarray(0, cut))).toBeUndefined();
    expect(openBytes(open, Buffer.concat([bytes, Buffer.from([0])]))).toBeUndefined();
    expect(openBytes(open, Buffer.concat([bytes, bytes]))).toBeUndefined();
    expect(openBytes(open, bytes)).toBeDefined();
  });

  it("has one spelling in base64", () => {
    const open = makeOpen(network);
    const { seal: text } = seal(document);
    for (const other of [`${text} `, `${text}=`, `${text}\n`, `-${text}`, text.replace(/=+$/, ""), "", "=", "ä"])
      if (other !== text) expect(open(other)).toBeUndefined();
  });

  it("under keys that are no points on the curve does not open, and does not throw", async () => {
    const open = makeOpen(network);
    const bytes = Buffer.from(seal(document).seal, "base64");
    for (let fill = 0; fill < 256; fill++) {
      const copy = Buffer.from(bytes);
      copy.fill(fill, 6, 6 + 32);
      expect(openBytes(open, copy)).toBeUndefined();
    }
    const other = await generateKeyPairFromSeed("Ed25519", new Uint8Array(32).fill(7));
    const copy = Buffer.from(bytes);
    copy.set(other.publicKey.raw, 6);
    expect(openBytes(open, copy)).toBeUndefined();
  });
});

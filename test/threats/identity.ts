/**
 * Identity: what is signed counts as its signer's and nobody else's, as the kind that it is and no other, once, in its own network. Tried
 * on the decoders and the machines of a node. That `from` is who sent it is the work of the encrypted connection, below all this.
 */

import { generateKeyPair } from "@libp2p/crypto/keys";
import { TopicValidatorResult } from "@libp2p/gossipsub";
import { decodeEnvelope, encodeEnvelope } from "../../node/envelope/format.ts";
import { makeOpen, makeSeal } from "../../node/envelope/mod.ts";
import { decoder } from "../../node/host/decode.ts";
import { readCard } from "../../node/host/records.ts";
import { topicOf } from "../../node/host/topics.ts";
import { Validator } from "../../node/host/validator.ts";
import { makeCast, NETWORK, NOW_MS } from "../../node/tools/vectors/cast.ts";
import { type Effect, type PeerId, parseNetwork, type Seal } from "../../protocols/mod.ts";
import { grantsOf, revocationOf } from "./fuzz/made.ts";
import { dhtRecords, envelopes, frames, heard, KINDS } from "./fuzz/samples.ts";
import { type Row, Tally } from "./row.ts";
import { judged, Stage } from "./scenes.ts";
import { type Chance, seeded } from "./seeded.ts";

const STRANGERS = 32;
const PROTOCOLS_OF_FRAMES = ["directory", "auction", "claim"] as const;
/** A good envelope inside a frame, in base64. */
const SEAL = /"(Ci[A-Za-z0-9+/]{100,}={0,2})"/g;

const other = parseNetwork("another");

/** Envelopes that claim another signer, another document, another domain: none opens. */
export async function tryForgedEnvelopes(count: number): Promise<Row> {
  const tally = new Tally("identity", "forged signer of an envelope");
  const [open, chance, all] = [makeOpen(NETWORK), seeded(count), envelopes()];
  const thief = makeSeal(await generateKeyPair("Ed25519"));
  for (const good of all)
    tally.add(open(good.toString("base64")) === undefined ? "a good one does not open" : undefined);
  for (let attempt = 0; attempt < count; attempt++) {
    const forged = forge(chance, { good: chance.pick(all), another: chance.pick(all), thief });
    if (all.some((one) => one.equals(forged))) continue;
    tally.add(open(forged.toString("base64")) === undefined ? undefined : `${forged.toString("base64")} opens`);
  }
  return tally.row();
}

interface Theft {
  readonly good: Buffer;
  readonly another: Buffer;
  readonly thief: Seal;
}

function forge(chance: Chance, { good, another, thief }: Theft): Buffer {
  const [victim, donor] = [envelope(good), envelope(another)];
  const text = Buffer.from(victim.payload).toString("utf8");
  const signed = envelope(Buffer.from(thief({ kind: "any", network: NETWORK, text }).seal, "base64"));
  switch (chance.below(5)) {
    case 0: // the victim's name on the thief's words
      return encodeEnvelope({ ...signed, key: victim.key });
    case 1: // a good signature of something else
      return encodeEnvelope({ ...victim, signature: donor.signature });
    case 2: // other words under a good signature
      return encodeEnvelope({ ...victim, payload: Buffer.from(reworded(chance, text)) });
    case 3: // the thief's name on the victim's words
      return encodeEnvelope({ ...victim, key: signed.key });
    default: // of another domain or type: the bytes are the right ones but for one
      return domained(chance, good);
  }
}

function envelope(bytes: Buffer) {
  const found = decodeEnvelope(bytes);
  if (found === undefined) throw new Error("a sample is no envelope");
  return found;
}

function reworded(chance: Chance, text: string): string {
  const at = chance.below(text.length);
  return `${text.slice(0, at)}${text[at] === "1" ? "2" : "1"}${text.slice(at + 1)}`;
}

/** One bit of the header, up to the end of the payload's type. */
function domained(chance: Chance, good: Buffer): Buffer {
  const bytes = Buffer.from(good);
  const at = chance.below(Math.min(bytes.length, 50));
  bytes[at] = (bytes[at] ?? 0) ^ (1 << chance.below(8));
  return bytes;
}

/** Well signed documents in the places of others: in frames, on topics, in the DHT. None is taken. */
export async function tryOtherKinds(count: number): Promise<Row> {
  const tally = new Tally("identity", "bytes of one kind shown as another");
  const { alice, bob } = await makeCast();
  const { grant } = grantsOf(alice, bob);
  const extra = [grant.seal, revocationOf(alice, grant)].map((seal) => Buffer.from(seal, "base64"));
  const kinds = [...KINDS.flatMap((kind) => envelopes(kind)), ...extra];
  const chance = seeded(count);
  const open = makeOpen(NETWORK);
  const kindOf = (seal: string): string | undefined => documentOf(open(seal)?.payload)?.kind;
  const decode = decoder(open);
  const talk = PROTOCOLS_OF_FRAMES.flatMap((protocol) =>
    frames(protocol).flatMap((frame) => {
      const seals = [...frame.toString("latin1").matchAll(SEAL)].map(([, seal = ""]) => seal);
      return seals
        .filter((seal) => kindOf(seal) !== undefined)
        .map((seal) => ({ protocol, frame: frame.toString("latin1"), seal }));
    }),
  );
  const topics = [...new Set(heard().map(({ topic }) => topic)), topicOf(NETWORK, "all")];
  const ways: readonly ((shown: Buffer) => string | undefined)[] = [
    (shown) => {
      const { protocol, frame, seal } = chance.pick(talk);
      const instead = shown.toString("base64");
      if (kindOf(instead) === kindOf(seal)) return undefined;
      const { ok } = decode(protocol, Buffer.from(frame.replace(seal, instead), "latin1"));
      return ok ? `a ${kindOf(instead)} was taken for a ${kindOf(seal)}` : undefined;
    },
    (shown) => {
      const validator = new Validator({ network: NETWORK, open, wall: () => NOW_MS, onDocument: () => undefined });
      const kind = kindOf(shown.toString("base64"));
      if (kind === "cfp" || kind === "propose" || kind === "equivocation") return undefined;
      const verdict = validator.judge(chance.pick(topics), shown);
      return verdict === TopicValidatorResult.Reject ? undefined : `a topic took a ${kind}`;
    },
    (shown) => {
      const kind = kindOf(shown.toString("base64"));
      const signer = open(shown.toString("base64"))?.signer ?? alice.peer;
      // A card too, under somebody else's name.
      const name = kind === "card" ? chance.pick([alice.peer, bob.peer].filter((peer) => peer !== signer)) : signer;
      const card = readCard(name, shown, { open, wall: () => NOW_MS });
      return card === undefined ? undefined : `a ${kind} was a card of ${name}`;
    },
  ];
  for (let attempt = 0; attempt < count; attempt++) tally.add(chance.pick(ways)(chance.pick(kinds)));
  const [first] = dhtRecords();
  const value = first?.value ?? Buffer.alloc(0);
  const own = open(value.toString("base64"))?.signer ?? alice.peer;
  tally.add(readCard(own, value, { open, wall: () => NOW_MS }) === undefined ? "a card is not taken" : undefined);
  return tally.row(`${talk.length} places in frames, ${topics.length} topics, the DHT`);
}

/**
 * Messages that count from whoever may say them, said by strangers: word for word, and with every document in them signed anew by the
 * stranger. Nothing is kept, run or passed on.
 */
export async function tryForgedSenders(count: number): Promise<Row> {
  const tally = new Tally("identity", "forged sender of an award, a vote, a result, a lease");
  const stage = new Stage(await makeCast());
  const scenes = judged().filter(({ counts }) => counts);
  const chance = seeded(count);
  const thieves = await Promise.all(
    Array.from({ length: STRANGERS }, async () => makeSeal(await generateKeyPair("Ed25519"))),
  );
  for (const scene of scenes)
    tally.add(stage.play(scene).some(({ type }) => type !== "wake") ? undefined : `${scene.name} has no effect`);
  for (let attempt = 0; attempt < count; attempt++) {
    const scene = chance.pick(scenes);
    const seal = chance.pick(thieves);
    const from = seal({ kind: "name" }).signer;
    const frame = chance.below(2) === 0 ? scene.message.frame : signedAnew(scene.message.frame, seal, chance);
    const effects = stage.play(scene, { from, frame });
    const wrong = effects.find((effect) => isForged(effect, from));
    tally.add(wrong === undefined ? undefined : `${scene.name}: a stranger's led to ${wrong.type}`);
  }
  return tally.row(`${scenes.length} messages, ${STRANGERS} strangers`);
}

/** What a stranger may get: a refusal, an answer to itself. */
function isForged(effect: Effect, from: PeerId): boolean {
  if (effect.type === "send") return effect.to !== from;
  return effect.type !== "refuse" && effect.type !== "wake" && effect.type !== "note";
}

/** One of the documents in it, or all of them, are the stranger's. */
function signedAnew(frame: Buffer, seal: Seal, chance: Chance): Buffer {
  const text = frame.toString("latin1").replace(SEAL, (whole, inner: string) => {
    const value = documentOf(JSON.parse(Buffer.from(envelope(Buffer.from(inner, "base64")).payload).toString("utf8")));
    if (chance.below(3) === 0 || value === undefined) return whole;
    return `"${seal(value).seal}"`;
  });
  return Buffer.from(text, "latin1");
}

function documentOf(value: unknown): { readonly kind: string } | undefined {
  const isOne = typeof value === "object" && value !== null && "kind" in value && typeof value.kind === "string";
  return isOne ? { ...value, kind: String(value.kind) } : undefined;
}

/** Every message that ever counted, again: at once, later, after a restart, in another network. Nothing has a second effect. */
export async function tryReplays(count: number): Promise<Row> {
  const tally = new Tally("identity", "replay: later, after a restart, on another network");
  const cast = await makeCast();
  const stage = new Stage(cast);
  const scenes = judged().filter(({ counts }) => counts);
  const chance = seeded(count);
  const elsewhere = decoder(makeOpen(other ?? NETWORK));
  let life = stage.live(scenes);
  // The award of the next conductor finds it at work.
  tally.add(life.runs === 1 ? undefined : `two awards led to ${life.runs} runs`);
  tally.add(life.isDecided ? undefined : "its task is not decided");
  for (let attempt = 0; attempt < count; attempt++) {
    if (attempt % 2_000 === 1_999) life = stage.live(scenes);
    if (attempt % 200 === 199) life.restart();
    const { name, message, receiver } = chance.pick(scenes);
    if (chance.below(4) === 0) {
      const { ok } = elsewhere(message.protocol, message.frame);
      const hasSeal = message.frame.toString("latin1").search(SEAL) !== -1;
      tally.add(ok && hasSeal ? `${name} counts in another network` : undefined);
      continue;
    }
    const before = life.runs;
    const changed = life.hear(receiver, message, chance.below(1_000));
    tally.add(life.runs === before ? changed : `${name}, heard again, ran a second time`);
  }
  return tally.row(`${scenes.length} messages; a restart after every 200`);
}

/**
 * Poisoned records: what strangers would put into the DHT in the place of a peer's card. None gets past the validator, and among several
 * the newest good one is served. What a DHT server does with a record that its validator refuses is the library's.
 */
import { generateKeyPair } from "@libp2p/crypto/keys";
import { makeOpen, makeSeal } from "../../node/envelope/mod.ts";
import { cardKey, selectors, validators } from "../../node/host/records.ts";
import { NETWORK, NOW_MS } from "../../node/tools/vectors/cast.ts";
import { LIMITS, type Seal } from "../../protocols/mod.ts";
import { must } from "../host/helpers.ts";
import { mutated } from "./fuzz/mutate.ts";
import { type Row, Tally } from "./row.ts";
import { type Chance, seeded } from "./seeded.ts";

const options = { open: makeOpen(NETWORK), wall: () => NOW_MS };
const judge = must(validators(options)["moot"]);
const select = must(selectors(options)["moot"]);
const LATE_MS = LIMITS.card_ms + LIMITS.clock_tolerance_ms + 1;

function card(changes: object = {}) {
  const times = { seq: 7, issued_ms: NOW_MS, valid_ms: LIMITS.card_ms, uptime_ms: 0 };
  return { kind: "card", network: NETWORK, version: "1", ...times, addrs: [], agents: [], durable: true, ...changes };
}

export async function tryPoison(count: number): Promise<Row> {
  const tally = new Tally("directory", "poisoned, stale and foreign records");
  const [owner, thief] = [makeSeal(await generateKeyPair("Ed25519")), makeSeal(await generateKeyPair("Ed25519"))];
  const key = cardKey(owner(card()).signer);
  const good = bytesOf(owner, card());
  const chance = seeded(count);
  tally.add(await taken(key, good));
  for (let attempt = 0; attempt < count; attempt++) {
    const bad = poison(chance, { owner, thief, good });
    if (bad.equals(good)) continue;
    tally.add((await taken(key, bad)) === undefined ? "a poisoned record was taken" : undefined);
    const both = chance.below(2) === 0 ? [bad, good] : [good, bad];
    tally.add(both[await select(key, both)] === good ? undefined : "a poisoned record was served before a good one");
  }
  return tally.row();
}

/** Undefined: yes. */
async function taken(key: Uint8Array, value: Uint8Array): Promise<string | undefined> {
  try {
    await judge(key, value);
    return undefined;
  } catch {
    return "a record was refused";
  }
}

interface Poison {
  readonly owner: Seal;
  readonly thief: Seal;
  readonly good: Buffer;
}

function poison(chance: Chance, { owner, thief, good }: Poison): Buffer {
  const seq = 8 + chance.below(1_000_000);
  switch (chance.below(6)) {
    case 0: // newer, by somebody else
      return bytesOf(thief, card({ seq }));
    case 1: // its owner's, and long over
      return bytesOf(owner, card({ seq, issued_ms: NOW_MS - LATE_MS - seq }));
    case 2: // from a day that has not come
      return bytesOf(owner, card({ seq, issued_ms: NOW_MS + LATE_MS + seq }));
    case 3: // for another network
      return bytesOf(owner, card({ seq, network: "another" }));
    case 4: // not a card
      return bytesOf(owner, { ...card({ seq }), kind: "award" });
    default:
      return mutated(chance, good, [good]);
  }
}

function bytesOf(seal: Seal, document: { readonly kind: string }): Buffer {
  return Buffer.from(seal(document).seal, "base64");
}

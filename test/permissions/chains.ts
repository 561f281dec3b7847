/** Random chains of grants: honest ones, and ones in which somebody reaches for more. Signatures are taken for granted here. */
import {
  type Bounds,
  type Digest,
  type Grant,
  type GrantDocument,
  holds,
  type PeerId,
  parseDigest,
  parseNetwork,
  parsePeerId,
  Random,
  type Rights,
  Signed,
  verify,
} from "../../protocols/mod.ts";
import { type Act, brokenBecause, says, type World } from "./oracle.ts";

const WALL = 1_800_000_000_000;
const HOUR_MS = 3_600_000;
const PEERS = Array.from({ length: 8 }, (_, index) =>
  must(parsePeerId(`12D3KooW${"abcdefgh"[index] ?? "z"}`.padEnd(52, "x"))),
);
const [ROOT, OTHER_ROOT, ...PEOPLE] = [must(PEERS[0]), must(PEERS[1]), ...PEERS.slice(2)] as const;
const HOME = must(parseNetwork("home"));
const AWAY = must(parseNetwork("away"));
const SKILLS = ["text.count@1", "text.sort@2", "text.a.deep@1", "textual.count@1", "text@1", "image.resize@1"];
const PATTERNS = ["*", "text.*", "text.a.*", "image.*", ...SKILLS];
const TASK = "ab".repeat(32);
const COMMANDS = [
  "member",
  "delegate",
  "revoke",
  ...["announce", "execute"].flatMap((verb) => PATTERNS.map((what) => `${verb}/${what}`)),
  "read/*",
  `read/${TASK}`,
];
const AMOUNTS = ["rate_per_min", "concurrency", "input_bytes", "deadline_ms", "budget"] as const;

const ACTS: readonly Act[] = [
  ...["member", "delegate", "revoke"].map((verb) => ({ verb, about: "" })),
  ...["announce", "execute"].flatMap((verb) => SKILLS.map((about) => ({ verb, about }))),
  ...[TASK, "cd".repeat(32)].map((about) => ({ verb: "read", about })),
].map((act) => ({ ...act, amounts: {}, peer: PEOPLE[0] ?? "" }));

export interface Tally {
  chains: number;
  accepted: number;
  acts: number;
  escalations: number;
  /** Chains that are good and were refused: by construction or by the oracle, with nothing passed on that is wider. */
  wronged: number;
  readonly lengths: number[];
}

/** Draws so many chains and compares. Every escalation is told. */
export function tryChains(count: number, seed: number, tell: (what: string) => void): Tally {
  const random = new Random(seed);
  const tally: Tally = { chains: 0, accepted: 0, acts: 0, escalations: 0, wronged: 0, lengths: [0, 0, 0, 0, 0, 0] };
  for (let index = 0; index < count; index++) {
    const drawn = draw(random, index);
    const { chain, world, honest } = drawn;
    const verdict = verify(chain, { ...drawn.about });
    tally.chains += 1;
    tally.lengths[chain.length] = (tally.lengths[chain.length] ?? 0) + 1;
    if (!verdict.ok) {
      if (honest) {
        tally.wronged += 1;
        tell(`an honest chain of ${chain.length} was refused: ${verdict.why} at ${verdict.at}`);
      }
      continue;
    }
    tally.accepted += 1;
    const broken = brokenBecause(chain, world);
    if (broken !== undefined) {
      tally.escalations += 1;
      tell(`accepted in spite of ${broken}: ${JSON.stringify(chain.map(({ value }) => value))}`);
    }
    tally.acts += tryActs({ chain, rights: verdict.rights, random }, (act) => {
      tally.escalations += 1;
      tell(`${JSON.stringify(act)} by ${JSON.stringify(chain.map(({ value }) => value))}`);
    });
  }
  return tally;
}

interface Tried {
  readonly chain: readonly Grant[];
  readonly rights: Rights;
  readonly random: Random;
}

function tryActs({ chain, rights, random }: Tried, escalates: (act: Act) => void): number {
  let tried = 0;
  for (const plain of ACTS) {
    const act = { ...plain, amounts: amountsOf(random), peer: pick(random, PEOPLE) };
    if (!allows(rights, act)) continue;
    tried += 1;
    if (!chain.every((grant) => says(grant, act))) escalates(act);
  }
  return tried;
}

function allows(rights: Rights, { verb, about, amounts, peer }: Act): boolean {
  const command = about === "" ? verb : `${verb}/${about}`;
  const { limits } = rights;
  if (limits.peers !== undefined && !limits.peers.some((one) => one === peer)) return false;
  for (const name of AMOUNTS) if ((amounts[name] ?? 0) > (limits[name] ?? Number.MAX_SAFE_INTEGER)) return false;
  return holds(rights, command);
}

function draw(random: Random, index: number) {
  const honest = random.below(3) === 0;
  const length = 1 + random.below(honest ? 4 : 5);
  const revoked = new Map<Digest, PeerId>();
  const chain: Grant[] = [];
  for (let at = 0; at < length; at++) {
    const above = chain.at(-1);
    const value = above === undefined ? certificate(random, honest) : passedOn(random, above.value, honest);
    const named: GrantDocument = { ...value, parent: above?.digest ?? null };
    const signer = above?.value.audience ?? ROOT;
    chain.push(signed(honest ? named : bent(random, named), honest ? signer : usurped(random, signer), index * 8 + at));
  }
  if (random.below(8) === 0) {
    const { digest } = pick(random, chain);
    // A stranger's revocation counts for nothing.
    const by = honest ? must(parsePeerId("z".repeat(40))) : pick(random, PEERS);
    revoked.set(digest, by);
  }
  const world: World = { network: HOME, roots: [ROOT], wall: WALL, revoked };
  const counts = (grant: Digest, issuers: readonly PeerId[]) => issuers.some((issuer) => issuer === revoked.get(grant));
  return { chain, world, honest, about: { network: HOME, roots: [ROOT], wall: WALL, revoked: counts } };
}

function certificate(random: Random, honest: boolean): Omit<GrantDocument, "parent"> {
  const can = [...new Set(["delegate", ...some(random, COMMANDS)])].slice(0, 16);
  const start = WALL - random.below(HOUR_MS);
  return {
    kind: "grant",
    network: HOME,
    audience: pick(random, PEOPLE),
    can: honest || random.below(8) > 0 ? can : can.slice(1).length > 0 ? can.slice(1) : can,
    limits: limitsOf(random),
    nonce: "n".repeat(16),
    not_before_ms: start,
    expires_ms: start + 2 * HOUR_MS + random.below(200 * HOUR_MS),
  };
}

/** Honest: a part of what is above. Otherwise whatever comes. */
function passedOn(random: Random, above: GrantDocument, honest: boolean): Omit<GrantDocument, "parent"> {
  const start = above.not_before_ms + random.below(Math.max(1, WALL - above.not_before_ms));
  const end = Math.min(above.expires_ms, start + 20 * HOUR_MS);
  const base = { kind: "grant" as const, network: HOME, audience: pick(random, PEOPLE), nonce: "n".repeat(16) };
  const times = { not_before_ms: start, expires_ms: Math.max(WALL + 1, end - random.below(1000)) };
  if (!honest && random.below(3) === 0) {
    const can = [...new Set([...(random.below(2) === 0 ? ["delegate"] : []), ...some(random, COMMANDS)])].slice(0, 16);
    return { ...base, ...times, can, limits: limitsOf(random) };
  }
  const kept = above.can.filter((one) => one === "delegate" || one.includes("/") || random.below(2) === 0);
  return { ...base, ...times, can: kept, limits: random.below(2) === 0 ? above.limits : {} };
}

/** One thing that is not as it should be, now and then. */
function bent(random: Random, value: GrantDocument): GrantDocument {
  switch (random.below(24)) {
    case 0:
      return { ...value, network: AWAY };
    case 1:
      return { ...value, expires_ms: WALL - random.below(1000) };
    case 2:
      return { ...value, not_before_ms: WALL + 120_001 + random.below(1000) };
    case 3:
      return { ...value, parent: digestOf(random.below(64)) };
    case 4:
      return { ...value, parent: null };
    case 5:
      return { ...value, expires_ms: value.expires_ms + 500 * 24 * HOUR_MS };
    case 6:
      return { ...value, not_before_ms: value.not_before_ms - HOUR_MS };
    case 7:
      return { ...value, can: [...value.can, pick(random, COMMANDS)].slice(0, 16) };
    case 8:
      return { ...value, limits: limitsOf(random) };
    case 9:
      return { ...value, expires_ms: value.expires_ms + 2 * HOUR_MS };
    default:
      return value;
  }
}

function usurped(random: Random, signer: PeerId): PeerId {
  return random.below(12) === 0 ? pick(random, [...PEERS, OTHER_ROOT]) : signer;
}

function limitsOf(random: Random): Bounds {
  const limits: { -readonly [name in keyof Bounds]: Bounds[name] } = {};
  for (const name of AMOUNTS) if (random.below(4) === 0) limits[name] = random.below(10);
  if (random.below(6) === 0) limits.peers = PEOPLE.filter(() => random.below(2) === 0);
  return limits;
}

function amountsOf(random: Random): Record<string, number> {
  return Object.fromEntries(AMOUNTS.map((name) => [name, random.below(10)]));
}

function signed(value: GrantDocument, signer: PeerId, number: number): Grant {
  return new Signed(value, { signer, digest: digestOf(number), seal: "x".repeat(700) });
}

function digestOf(number: number): Digest {
  return must(parseDigest(number.toString(16).padStart(64, "0")));
}

function some<T>(random: Random, items: readonly T[]): T[] {
  const few = items.filter(() => random.below(5) === 0);
  return few.length > 0 ? few : [pick(random, items)];
}

function pick<T>(random: Random, items: readonly T[]): T {
  return must(items[random.below(items.length)]);
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the test is wrong");
  return value;
}

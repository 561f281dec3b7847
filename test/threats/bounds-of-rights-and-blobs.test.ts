/**
 * The numbers of permissions, of blobs and of the control API that guard a decoder, each tried one below, at and one above its bound. As
 * in `bounds.test.ts`, a new number has to find its place: among the cases, or among those that guard something else.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { API } from "../../node/api/limits.ts";
import { checked, parseBody, stopRequest, tasksQuery } from "../../node/api/requests.ts";
import { parseConfig } from "../../node/config/mod.ts";
import { makeOpen, readJson } from "../../node/envelope/mod.ts";
import {
  BLOB,
  blobAnswer,
  blobRef,
  blobRequest,
  blobsIn,
  chainSeals,
  type Grant,
  grantDocument,
  PERMISSIONS,
  type PeerId,
  parsePeerId,
  revocationDocument,
  Warden,
} from "../../protocols/mod.ts";
import { grant, HOME, must, type Person, person, seals } from "../permissions/cast.ts";

const DIGEST = "d".repeat(64);
const WALL = Date.now();
const some = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));

let people: readonly Person[];
beforeAll(async () => {
  people = await Promise.all(some(12, () => person()));
});

const by = (index: number) => must(people[index]);

/** A chain of so many grants, each of the holder of the one before. */
function chained(length: number): readonly Grant[] {
  const chain: Grant[] = [];
  for (let index = 0; index < length; index++) {
    const can = ["member", "delegate"];
    const terms = { to: by(index + 1).id, can, from_ms: WALL - 1_000, for_ms: 3_600_000 };
    const under = chain.at(-1);
    chain.push(grant(by(index), under === undefined ? terms : { ...terms, under }));
  }
  return chain;
}

function admits(holder: PeerId, chain: readonly Grant[]): boolean {
  const warden = new Warden(HOME, { roots: [by(0).id], open: makeOpen(HOME), chain: [] }, () => undefined);
  return warden.judge(holder, seals(...chain), WALL).ok;
}

function lives(for_ms: number): Grant {
  return grant(by(0), { to: by(1).id, for_ms, from_ms: WALL - 1_000 });
}

function delegated(for_ms: number): readonly Grant[] {
  const from_ms = WALL - 1_000;
  const wide = grant(by(0), { to: by(1).id, can: ["member", "delegate"], from_ms, for_ms: 48 * 3_600_000 });
  return [wide, grant(by(1), { to: by(2).id, under: wide, from_ms, for_ms })];
}

function revoking(count: number) {
  const grants = some(count, () => ({ grant: DIGEST, expires_ms: WALL }));
  return { kind: "revocation", network: HOME, grants, proof: [], nonce: "n".repeat(16), issued_ms: WALL };
}

function withRoots(count: number): string {
  return `network: { name: home, roots: [${some(count, (index) => by(index).id).join(", ")}] }\nagents: []\n`;
}

function isFine(act: () => unknown): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}

type Takes = (number: number) => boolean;
type Cases = Readonly<Record<string, readonly Takes[]>>;

const OF_PERMISSIONS: Cases = {
  chain_max: [
    (count) => admits(by(count).id, chained(count)),
    (count) => chainSeals.safeParse(some(count, () => "Ci")).success,
  ],
  chain_chars: [
    (chars) => chainSeals.safeParse(["x".repeat(chars)]).success,
    (chars) => chainSeals.safeParse(["x".repeat(chars - 1_000), "x".repeat(1_000)]).success,
  ],
  commands_max: [
    (count) => grantDocument.safeParse({ ...must(chained(1)[0]).value, can: some(count, () => "member") }).success,
  ],
  peers_max: [
    (count) => {
      const peers = some(count, (index) =>
        must(parsePeerId(`12D3KooW${must("ABCDEFGHJKLMNPQRSTUVWXYZ"[index]).repeat(44)}`)),
      );
      return grantDocument.safeParse({ ...must(chained(1)[0]).value, limits: { peers } }).success;
    },
  ],
  roots_max: [(count) => isFine(() => parseConfig(withRoots(count), "/tmp/none/moot.yaml"))],
  certificate_ms_max: [(ms) => admits(by(1).id, [lives(ms)])],
  delegated_ms_max: [(ms) => admits(by(2).id, delegated(ms))],
  revoked_grants_max: [(count) => revocationDocument.safeParse(revoking(count)).success],
};

const OF_BLOBS: Cases = {
  blob_bytes_max: [
    (bytes) => blobRef.safeParse({ $blob: DIGEST, bytes }).success,
    (bytes) => blobAnswer.safeParse({ type: "have", blob: DIGEST, bytes }).success,
  ],
  head_bytes: [
    (bytes) =>
      readJson(Buffer.from(JSON.stringify({ type: "list", blob: DIGEST }).padEnd(bytes)), BLOB.head_bytes, 2) !==
      undefined,
  ],
  request_chunks: [(count) => blobRequest.safeParse({ type: "get", blob: DIGEST, from: 0, count }).success],
  holders_max: [(count) => blobRef.safeParse({ $blob: DIGEST, bytes: 1, from: some(count, () => by(0).id) }).success],
  references_max: [(count) => isFine(() => blobsIn(some(count, () => ({ $blob: DIGEST, bytes: 1 }))))],
  media_chars: [(chars) => blobRef.safeParse({ $blob: DIGEST, bytes: 1, media: "x".repeat(chars) }).success],
};

const OF_API: Cases = {
  body_depth: [(levels) => isFine(() => parseBody(Buffer.from(`${"[".repeat(levels)}${"]".repeat(levels)}`)))],
  grace_ms_max: [(grace_ms) => isFine(() => checked(stopRequest, { grace_ms }))],
  tasks_max: [(limit) => isFine(() => checked(tasksQuery, { limit: String(limit) }))],
};

/** What bounds no decoder, and why. */
const ELSEWHERE: Readonly<Record<string, RegExp>> = {
  // Held in memory (rules.test.ts fills them), a time of a connection (admission.test.ts), the bound of the stream's own reader.
  permissions: /^(revocations_max|revocations_of_one_max|announcers_max|admit_ms|admit_bytes)$/,
  // What bytes are cut into, what a node fetches by itself, times.
  blobs: /^(chunk_bytes|digest_bytes|frame_bytes|replicated_bytes)$|_ms$/,
  // The server's own and the client's: test/api.
  api: /^(token_bytes|body_bytes|dropped_bytes|header_bytes|headers_max|connections_max|stream_bytes|tasks_default|seen_max|prefix_chars|answer_bytes|line_bytes)$|_ms$/,
};

describe.each([
  ["permissions", PERMISSIONS, OF_PERMISSIONS],
  ["blobs", BLOB, OF_BLOBS],
  ["api", API, OF_API],
] as const)("of %s", (what, limits, cases) => {
  const numbers = new Map<string, number>(Object.entries(limits));

  it.each(
    Object.entries(cases).flatMap(([name, ways]) => ways.map((takes, index) => [name, index + 1, takes] as const)),
  )("%s is kept, way %i", (name, _, takes) => {
    const bound = must(numbers.get(name));
    expect([bound - 1, bound, bound + 1].map(takes)).toEqual([true, true, false]);
  });

  it("every number has a case, or says why not", () => {
    const homeless = [...numbers.keys()].filter(
      (name) => !Object.hasOwn(cases, name) && ELSEWHERE[what]?.test(name) !== true,
    );
    expect(homeless).toEqual([]);
  });
});

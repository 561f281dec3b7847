/** What a peer holds of permissions: revocations, in all and of one signer; announcers that are counted; a file of grants. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll } from "vitest";
import { makeOpen } from "../../node/envelope/mod.ts";
import { readGrants } from "../../node/permissions/grants-file.ts";
import { ADMISSION } from "../../node/permissions/limits.ts";
import { type Grant, PERMISSIONS, type PeerId, parseDigest, parsePeerId, parseTaskId } from "../../protocols/mod.ts";
import { Warden } from "../../protocols/permissions/warden.ts";
import { grant, HOME, must, type Person, person, seals } from "../permissions/cast.ts";
import { fill } from "./full.ts";

const HOUR_MS = 3_600_000;
const open = makeOpen(HOME);
const hex = (index: number) => index.toString(16).padStart(64, "0");
const peer = (index: number): PeerId => {
  const digits = [...index.toString(9)].map((digit) => Number(digit) + 1).join("");
  return must(parsePeerId(`12D3KooW${digits.padStart(44, "1")}`));
};

let root: Person;
let other: Person;
let announcers: readonly Grant[];
beforeAll(async () => {
  [root, other] = [await person(), await person()];
  const limits = { rate_per_min: 1 };
  announcers = Array.from({ length: PERMISSIONS.announcers_max + 1 }, (_, at) => grant(root, { to: peer(at), limits }));
});

const warden = () => new Warden(HOME, { roots: [root.id], open, chain: [] }, () => undefined);

/** Whether the last of so many revocations of one signer is kept. */
function keepsRevocations(by: Person, count: number): boolean {
  const held = warden();
  const wall = Date.now();
  let last = false;
  for (let index = 0; index < count; index++) {
    const grants = [{ grant: must(parseDigest(hex(index))), expires_ms: wall + HOUR_MS }];
    const about = { kind: "revocation" as const, network: HOME, grants, proof: [] };
    last = held.learn(by.seal({ ...about, nonce: hex(index), issued_ms: wall }), wall).news;
  }
  return last;
}

/** Whether the first of so many announcers is still counted when the last has announced. */
function remembers(count: number): boolean {
  const held = warden();
  const at = { now: 0, wall: Date.now() };
  for (const [index, one] of announcers.slice(0, count).entries()) {
    held.present(peer(index), seals(one));
    held.isTooFrequent(peer(index), must(parseTaskId(hex(index))), at);
  }
  return held.isTooFrequent(peer(0), must(parseTaskId(hex(count))), at);
}

function readsFile(bytes: number): boolean {
  const dir = mkdtempSync(join(tmpdir(), "moot-grants-"));
  const file = join(dir, "member.grants");
  writeFileSync(file, JSON.stringify({ network: HOME, grants: seals(must(announcers[0])) }).padEnd(bytes));
  try {
    return readGrants(file).seals.length === 1;
  } catch {
    return false;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

fill({
  revocations_max: [PERMISSIONS.revocations_max, (count) => keepsRevocations(root, count)],
  revocations_of_one_max: [PERMISSIONS.revocations_of_one_max, (count) => keepsRevocations(other, count)],
  announcers_max: [PERMISSIONS.announcers_max, remembers],
  file_bytes_max: [ADMISSION.file_bytes_max, readsFile],
});

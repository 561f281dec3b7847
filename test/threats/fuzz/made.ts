/** Samples that only the product itself can make: chains of grants, revocations, records of runs, a journal, records of the store. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeEnvelope } from "../../../node/envelope/format.ts";
import { digestOf } from "../../../node/envelope/mod.ts";
import { makeRevocation } from "../../../node/permissions/granting.ts";
import { Chain } from "../../../node/records/chain.ts";
import { wordsOf } from "../../../node/records/journal.ts";
import { findRecord } from "../../../node/records/places.ts";
import { Records } from "../../../node/records/records.ts";
import type { Actor } from "../../../node/tools/vectors/cast.ts";
import { NETWORK, NOW_MS } from "../../../node/tools/vectors/cast.ts";
import { Peer, type PeerEvent, type Seal } from "../../../protocols/mod.ts";
import { agentOf } from "../../handlers/helpers.ts";
import { envelopes, SUBMIT } from "./samples.ts";

const HOUR_MS = 3_600_000;

/** A certificate of the root's, and one that its holder made of it for another: what the member shows. */
export function grantsOf(root: Actor, member: Actor) {
  const terms = {
    network: NETWORK,
    limits: { rate_per_min: 9, peers: [member.peer] },
    not_before_ms: NOW_MS - HOUR_MS,
  };
  const wide = root.seal({
    ...terms,
    kind: "grant" as const,
    audience: root.peer,
    can: ["member", "delegate", "execute/text.*"],
    nonce: "n".repeat(16),
    expires_ms: NOW_MS + 9 * HOUR_MS,
    parent: null,
  });
  const grant = root.seal({
    ...terms,
    kind: "grant" as const,
    audience: member.peer,
    can: ["member", "execute/text.*"],
    nonce: "m".repeat(16),
    expires_ms: NOW_MS + HOUR_MS,
    parent: wide.digest,
  });
  return { grant, shown: [wide.seal, grant.seal] };
}

export function revocationOf(root: Actor, { digest, value }: ReturnType<typeof grantsOf>["grant"]): string {
  const grants = [{ grant: digest, expires_ms: value.expires_ms }];
  return makeRevocation({ key: root.key, network: NETWORK, grants, proof: [] });
}

/** A record as a run leaves it. */
export function recordOf(): Buffer {
  const data = mkdtempSync(join(tmpdir(), "folkmoot-fuzz-"));
  try {
    const records = new Records({ data, max_bytes: 1e9, retention_ms: HOUR_MS });
    const task = "0".repeat(64);
    const agent = agentOf({ kind: "exec", argv: ["true"] });
    const run = { skill: "test.it@1", input: SUBMIT, fence: 1, left_ms: 1_000, agent };
    records.begin({ ...run, task }).end({ ok: true, output: { words: 2 }, ms: 1, cost: 0, toolTrace: [] });
    return readFileSync(findRecord(data, { task }).file);
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

/** The first events of a peer's life. */
export function journalOf(by: Actor): Buffer {
  let seals: string[] = [];
  const seal: Seal = (document) => {
    const signed = by.seal(document);
    seals.push(signed.seal);
    return signed;
  };
  const options = { self: by.peer, network: NETWORK, version: "1", seed: 7, durable: true, addrs: [], agents: [] };
  const peer = new Peer({ ...options, seal, digestOf });
  const stamp = { now: 1, wall: NOW_MS };
  const events: readonly PeerEvent[] = [
    { type: "start", kept: [], ...stamp },
    { type: "addresses", addrs: ["/ip4/192.0.2.7/tcp/4001"], ...stamp },
    { type: "alarm", ...stamp },
    { type: "drain", ...stamp },
  ];
  const entries = [JSON.stringify({ type: "journal", version: 1, options })];
  for (const event of events) {
    const effects = peer.receive(event).map((effect): unknown => JSON.parse(wordsOf(effect)));
    entries.push(JSON.stringify({ type: "event", event, seals, effects }));
    seals = [];
  }
  return linked(entries);
}

/** Entries as a chain that holds: a change that the links alone would find says nothing about what reads the entries. */
export function linked(entries: readonly string[]): Buffer {
  const chain = new Chain();
  return Buffer.from(entries.map((entry) => chain.link(entry)).join("") + chain.seal());
}

/** Of each kind, as JSON. */
export function recordsOfStore(by: Actor): readonly Buffer[] {
  const [task] = envelopes("task");
  const [award] = envelopes("award");
  const ballot = { round: 1, custodian: 0 };
  const custody = {
    kind: "custody",
    document: task?.toString("base64"),
    due_ms: NOW_MS,
    promised: ballot,
    decided: false,
    cancel: false,
    attempts: [{ contractor: by.peer, ballot, started: 1, ended: 2, exitReason: "error", message: "" }],
  };
  const run = { kind: "run", award: award?.toString("base64"), custodians: [by.peer], due_ms: NOW_MS };
  const seq = { kind: "seq", seq: 9 };
  return [custody, run, seq, { kind: "input", text: SUBMIT }].map((record) => Buffer.from(JSON.stringify(record)));
}

/** The documents inside envelopes of a kind. */
export function payloads(kind: string): readonly Uint8Array[] {
  return envelopes(kind).flatMap((one) => decodeEnvelope(one)?.payload ?? []);
}

/**
 * What the DHT may hold: cards under `/moot/<peer>`, signed by that peer, for this network, not lapsed; the newest wins.
 * Everything else is refused, also records of kinds that the library knows by itself.
 */
import type { Selectors, Validators } from "@libp2p/kad-dht";
import {
  type CardDocument,
  cardDocument,
  LIMITS,
  type Open,
  type PeerId,
  parsePeerId,
  Signed,
} from "../../protocols/mod.ts";
import { openBytes } from "../envelope/mod.ts";

const NAMESPACE = "moot";

export interface RecordsOptions {
  readonly open: Open;
  readonly wall: () => number;
  /** Whether these grants make a member of that peer; absent: everybody is. */
  readonly admits?: ((peer: PeerId, chain: readonly string[]) => boolean) | undefined;
}

export function cardKey(peer: PeerId): Uint8Array {
  return Buffer.from(`/${NAMESPACE}/${peer}`);
}

/** The card in a record, or undefined when it is not a valid one of that peer. */
export function readCard(peer: PeerId, value: Uint8Array, options: RecordsOptions): Signed<CardDocument> | undefined {
  if (value.length > LIMITS.card_bytes) return undefined;
  const opened = openBytes(options.open, value);
  if (opened === undefined || opened.signer !== peer) return undefined;
  const parsed = cardDocument.safeParse(opened.payload);
  if (!parsed.success) return undefined;
  const { issued_ms, valid_ms, grants = [] } = parsed.data;
  if (options.admits?.(peer, grants) === false) return undefined;
  const age_ms = options.wall() - issued_ms;
  if (age_ms < -LIMITS.clock_tolerance_ms || age_ms > valid_ms + LIMITS.clock_tolerance_ms) return undefined;
  return new Signed(parsed.data, { ...opened, seal: Buffer.from(value).toString("base64") });
}

export function validators(options: RecordsOptions): Validators {
  return {
    [NAMESPACE]: (key, value) => {
      const peer = peerOfKey(key);
      if (peer === undefined || readCard(peer, value, options) === undefined)
        throw new Error("not a card of this peer");
    },
  };
}

export function selectors(options: RecordsOptions): Selectors {
  return {
    [NAMESPACE]: (key, records) => {
      const peer = peerOfKey(key);
      const seqs = records.map((value) =>
        peer === undefined ? -1 : (readCard(peer, value, options)?.value.seq ?? -1),
      );
      return seqs.indexOf(Math.max(...seqs));
    },
  };
}

/**
 * The library looks namespaces up in these objects by the names that strangers send, so nothing may be inherited (a key
 * `/constructor/x` would find a function), and its own kind `pk` goes.
 */
export function close(table: Validators | Selectors): void {
  Object.setPrototypeOf(table, null);
  delete table["pk"];
}

function peerOfKey(key: Uint8Array): PeerId | undefined {
  const [empty, namespace, peer = "", ...rest] = Buffer.from(key).toString("latin1").split("/");
  return empty === "" && namespace === NAMESPACE && rest.length === 0 ? parsePeerId(peer) : undefined;
}

/**
 * The key that closes a network: a libp2p pre-shared key file, format v1, base16 (the same file on every machine). The
 * node's own identity is another file: see `identity.ts`.
 */
import { readFileSync } from "node:fs";
import { generateKey } from "@libp2p/pnet";
import { messageOf, systemCode } from "../fault.ts";
import { Secret } from "../fields/secret.ts";
import { looseMode } from "./files.ts";

const FORMAT = /^\/key\/swarm\/psk\/1\.0\.0\/\r?\n\/base16\/\r?\n[0-9a-fA-F]{64}\s*$/;
/** Three lines: 95 bytes. Anything much larger is another file. */
const KEY_FILE_BYTES = 95;
const KEY_FILE_BYTES_MAX = 256;

/** The content of a new key file. */
export function makeNetworkKey(): Uint8Array {
  const bytes = new Uint8Array(KEY_FILE_BYTES);
  generateKey(bytes);
  return bytes;
}

export type KeyRead =
  | { readonly ok: true; readonly key: Secret<Uint8Array> }
  | { readonly ok: false; readonly problem: string; readonly remedy: string };

export function readNetworkKey(path: string): KeyRead {
  const make = "run moot init in an empty folder to get one, or copy the network's key from another of its machines";
  try {
    const mode = looseMode(path);
    if (mode !== undefined) {
      return { ok: false, problem: `names a key that others can read (mode ${mode})`, remedy: `run chmod 600 ${path}` };
    }
    const bytes = readFileSync(path);
    if (bytes.length > KEY_FILE_BYTES_MAX || !FORMAT.test(bytes.toString("latin1"))) {
      const problem = `names ${path}, which is not a libp2p pre-shared key (/key/swarm/psk/1.0.0/, /base16/, 64 hex digits)`;
      return { ok: false, problem, remedy: make };
    }
    return { ok: true, key: new Secret(new Uint8Array(bytes)) };
  } catch (error) {
    const missing = systemCode(error) === "ENOENT";
    return {
      ok: false,
      problem: missing ? `names ${path}, which does not exist` : `cannot be read: ${messageOf(error)}`,
      remedy: make,
    };
  }
}

/**
 * Private keys in files of their own: a root's, far from any data folder, or a node's identity. Written once, 0600, never over
 * another file, and refused when others can read them. Nothing here prints one.
 */
import { readFileSync } from "node:fs";
import { generateKeyPair } from "@libp2p/crypto/keys";
import type { Ed25519PrivateKey } from "@libp2p/interface";
import { looseMode, writeOnce } from "../config/files.ts";
import { keyText, parseKeyText } from "../config/identity.ts";
import { Fault, messageOf, systemCode } from "../fault.ts";

/** Throws Fault "usage" when the name is taken or cannot be written. */
export async function makeKeyFile(path: string): Promise<Ed25519PrivateKey> {
  const key = await generateKeyPair("Ed25519");
  writeNew(path, keyText(key));
  return key;
}

/** A new file that nobody else can read. Throws Fault "usage". */
export function writeNew(path: string, text: string | Uint8Array): void {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  try {
    if (writeOnce(path, bytes, 0o600)) return;
  } catch (error) {
    const remedy = "name a file in a folder that this user can write to, with --out";
    throw new Fault("usage", `cannot write ${path}: ${messageOf(error)}`, { remedy, cause: error });
  }
  const remedy = "name another file with --out, or move it away; nothing is ever overwritten";
  throw new Fault("usage", `there already is ${path}`, { remedy });
}

/** Throws Fault "config" when it is not there, not private or not whole. */
export async function readKeyFile(path: string): Promise<Ed25519PrivateKey> {
  let text: string;
  try {
    const mode = looseMode(path);
    if (mode !== undefined)
      throw new Fault("config", `the key ${path} can be read by others (mode ${mode})`, {
        remedy: `run chmod 600 ${path}`,
      });
    text = readFileSync(path, "latin1");
  } catch (error) {
    if (error instanceof Fault) throw error;
    const what = systemCode(error) === "ENOENT" ? "it does not exist" : messageOf(error);
    const remedy = "name the signer's key with --key; moot keys make root makes a root's";
    throw new Fault("config", `cannot read the key ${path}: ${what}`, { remedy, cause: error });
  }
  const key = await parseKeyText(text).catch(() => undefined);
  if (key !== undefined) return key;
  throw new Fault("config", `${path} is no private key, or damaged`, { remedy: "restore it from a backup" });
}

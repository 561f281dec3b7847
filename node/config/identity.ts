/**
 * Who this node is: an Ed25519 key in `<data>/identity.key`, made at the first start and never replaced. Whoever holds
 * the file is the node, so a copy must never run twice, and a file that others can read is refused.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  generateKeyPair,
  generateKeyPairFromSeed,
  privateKeyFromProtobuf,
  privateKeyToProtobuf,
} from "@libp2p/crypto/keys";
import type { Ed25519PrivateKey } from "@libp2p/interface";
import { Fault, messageOf, systemCode } from "../fault.ts";
import { makeFolder } from "../folder.ts";
import { looseMode, writeOnce } from "./files.ts";

const SEED_BYTES = 32;
const FILE_BYTES_MAX = 1024;

/**
 * Reads the identity, making it when there is none: base64 of libp2p's PrivateKey protobuf, one line, mode 0600. Throws
 * Fault "config" when others can read the file, or its content is not what was written, or it cannot be made.
 */
export async function loadIdentity(dataDir: string): Promise<Ed25519PrivateKey> {
  const path = join(dataDir, "identity.key");
  try {
    const found = await read(path);
    if (found !== undefined) return found;
    makeFolder(dataDir, 0o700);
    const made = await generateKeyPair("Ed25519");
    if (writeOnce(path, Buffer.from(keyText(made)), 0o600)) return made;
    const theirs = await read(path); // another start was quicker: there is one identity
    if (theirs !== undefined) return theirs;
    throw new Error("it vanished while it was made");
  } catch (error) {
    if (error instanceof Fault) throw error;
    const remedy = `make sure that ${dataDir} is a folder this user can write to`;
    throw new Fault("config", `cannot use the identity ${path}: ${messageOf(error)}`, { remedy, cause: error });
  }
}

async function read(path: string): Promise<Ed25519PrivateKey | undefined> {
  let text: string;
  try {
    const mode = looseMode(path);
    if (mode !== undefined) {
      const remedy = `run chmod 600 ${path}; if someone else may have read it, move it away: the node then gets a new identity`;
      throw new Fault("config", `the identity ${path} can be read by others (mode ${mode})`, { remedy });
    }
    text = readFileSync(path, "latin1");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
  const key = await parseKeyText(text).catch(() => undefined);
  if (key !== undefined) return key;
  const remedy =
    "restore it from a backup, or move it away together with the store beside it: the node then gets a new identity";
  throw new Fault("config", `the identity ${path} is damaged`, { remedy });
}

/** One line, as it is kept in a file. */
export function keyText(key: Ed25519PrivateKey): string {
  return `${Buffer.from(privateKeyToProtobuf(key)).toString("base64")}\n`;
}

/** Undefined unless every byte is as it was written: the public half must follow from the private one. */
export async function parseKeyText(text: string): Promise<Ed25519PrivateKey | undefined> {
  if (text.length > FILE_BYTES_MAX) return undefined;
  const bytes = Buffer.from(text, "base64");
  if (`${bytes.toString("base64")}\n` !== text) return undefined;
  const key = privateKeyFromProtobuf(bytes);
  if (key.type !== "Ed25519") return undefined;
  const again = await generateKeyPairFromSeed("Ed25519", key.raw.subarray(0, SEED_BYTES));
  return Buffer.from(privateKeyToProtobuf(again)).equals(bytes) ? key : undefined;
}

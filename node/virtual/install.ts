/**
 * Puts a virtual clock and seeded chance in the place of the real ones, for this whole thread and for good: to be called before
 * anything that keeps a timer function to itself is imported. Real code then runs as it is. Crypto that would run off this thread
 * is refused, because its end would fall at no particular point of virtual time.
 */
import crypto, { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers";
import timersPromises from "node:timers/promises";
import { promisify } from "node:util";
import type { Clock } from "./clock.ts";
import { VirtualTimers } from "./timers.ts";

/** RFC 8410: everything of the DER form that is before the key's own 32 bytes. */
const X25519 = Buffer.from("302e020100300506032b656e04220420", "hex");
const KEY_BYTES = 32;
const WORD_BYTES = 4;
const WORDS = 0x1_0000_0000;
/** What runs in a pool of threads. */
const OFF_THREAD = ["generateKeyPair", "generateKey", "generatePrime", "checkPrime", "hkdf", "pbkdf2", "scrypt"];

export function install(clock: Clock): void {
  installTimers(clock);
  installDates(clock);
  installChance(clock);
  syncBuiltinESMExports();
}

function installTimers(clock: Clock): void {
  const virtual = new VirtualTimers(clock);
  const { promises } = virtual;
  const plain = {
    setTimeout: virtual.setTimeout,
    setInterval: virtual.setInterval,
    setImmediate: virtual.setImmediate,
    clearTimeout: virtual.clear,
    clearInterval: virtual.clear,
    clearImmediate: virtual.clear,
  };
  put(plain.setTimeout, { [promisify.custom]: promises.setTimeout });
  put(plain.setImmediate, { [promisify.custom]: promises.setImmediate });
  put(globalThis, plain);
  put(timers, plain);
  put(timersPromises, promises);
  put(AbortSignal, { timeout: virtual.abortAfter });
}

function installDates(clock: Clock): void {
  const now = (): number => clock.wall_ms;
  put(Date, { now });
  put(performance, { now: () => clock.monotonic_ms });
  const virtual = new Proxy(Date, {
    construct: (target, words: unknown[], caller) =>
      Reflect.construct(target, words.length === 0 ? [now()] : words, caller),
    apply: (target) => new target(now()).toString(),
  });
  put(globalThis, { Date: virtual });
}

function installChance(clock: Clock): void {
  const bytes = (size: number): Buffer => filled(clock, Buffer.alloc(size));
  const refuse = (): never => {
    throw new Error("this runs off the thread, where no virtual time is");
  };
  put(Math, { random: () => clock.random.word() / WORDS });
  put(globalThis.crypto, {
    getRandomValues: <T extends ArrayBufferView>(array: T): T => {
      filled(clock, new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
      return array;
    },
    randomUUID: () => uuidOf(bytes(16)),
  });
  for (const name of ["digest", "sign", "verify", "encrypt", "decrypt", "importKey", "generateKey", "deriveBits"])
    put(globalThis.crypto.subtle, { [name]: refuse });
  put(crypto, {
    randomBytes: (size: number, answer?: (error: null, bytes: Buffer) => void) => {
      if (answer === undefined) return bytes(size);
      setImmediate(() => answer(null, bytes(size)));
      return undefined;
    },
    randomFillSync: (view: Uint8Array, from = 0, size = view.length - from) => {
      filled(clock, view.subarray(from, from + size));
      return view;
    },
    randomInt: (low: number, high?: number) =>
      high === undefined ? clock.random.below(low) : low + clock.random.below(high - low),
    randomUUID: () => uuidOf(bytes(16)),
    generateKeyPairSync: (type: string) => {
      if (type === "x25519") return keyPair(bytes(KEY_BYTES));
      throw new Error(`a ${type} key by chance: give it a seed`);
    },
    ...Object.fromEntries(OFF_THREAD.map((name) => [name, refuse])),
  });
}

/** In the form that noise asks for. */
function keyPair(seed: Uint8Array): { readonly publicKey: Buffer; readonly privateKey: Buffer } {
  const key: KeyObject = createPrivateKey({ key: Buffer.concat([X25519, seed]), format: "der", type: "pkcs8" });
  return {
    publicKey: createPublicKey(key).export({ type: "spki", format: "der" }),
    privateKey: key.export({ type: "pkcs8", format: "der" }),
  };
}

function filled<T extends Uint8Array>(clock: Clock, view: T): T {
  const { random } = clock;
  for (let at = 0; at < view.length; at += WORD_BYTES) {
    const word = random.word();
    for (let byte = 0; byte < Math.min(WORD_BYTES, view.length - at); byte++) view[at + byte] = word >>> (8 * byte);
  }
  return view;
}

function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Own properties, so that also what is inherited (or behind a getter of a prototype) is replaced. */
function put(target: object, values: Readonly<Record<PropertyKey, unknown>>): void {
  for (const name of Reflect.ownKeys(values)) {
    const value = values[name];
    Object.defineProperty(target, name, { value, configurable: true, enumerable: true, writable: true });
  }
}

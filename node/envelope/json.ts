/**
 * JSON from strangers: bounds before parse. One linear scan over the text counts nesting and keys and finds keys that come
 * twice (two readers could disagree on which one counts); only then `JSON.parse` sees it. Pure; never throws. A key named
 * `__proto__` is refused: nothing of ours is called that, and somebody's copying loop would set a prototype with it.
 */
import { LIMITS } from "../../protocols/kernel/mod.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** The value, or undefined (which is no JSON value) when anything is wrong, its size first. */
export function readJson(bytes: Uint8Array, max_bytes: number, max_depth: number = LIMITS.json_depth): unknown {
  if (bytes.byteLength > max_bytes) return undefined;
  try {
    const text = utf8.decode(bytes);
    return isBounded(text, max_depth) ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

/** Within the limits of depth and keys, no key twice in one object. Says nothing about syntax. */
function isBounded(text: string, max_depth: number): boolean {
  /** The keys of each open object; null for an array. */
  const open: (Set<string> | null)[] = [];
  let keys = 0;
  for (let index = 0; index < text.length; index++) {
    const char = text.charCodeAt(index);
    if (char === QUOTE) {
      const end = endOfString(text, index);
      if (end === -1) return false;
      if (isKey(text, end + 1)) {
        keys += 1;
        if (keys > LIMITS.json_keys || !isNewKey(text.slice(index, end + 1), open.at(-1))) return false;
      }
      index = end;
    } else if (char === OPEN_OBJECT || char === OPEN_ARRAY) {
      if (open.length >= max_depth) return false;
      open.push(char === OPEN_OBJECT ? new Set() : null);
    } else if (char === CLOSE_OBJECT || char === CLOSE_ARRAY) open.pop();
  }
  return true;
}

/** The closing quote: the first one behind an even run of backslashes. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text.charCodeAt(before) === BACKSLASH) before -= 1;
    if ((end - before) % 2 === 1) return end;
  }
  return -1;
}

function isKey(text: string, after: number): boolean {
  let index = after;
  while (isSpace(text.charCodeAt(index))) index += 1;
  return text.charCodeAt(index) === COLON;
}

function isSpace(char: number): boolean {
  return char === 0x20 || char === 0x0a || char === 0x0d || char === 0x09;
}

function isNewKey(quoted: string, keys: Set<string> | null | undefined): boolean {
  if (keys === null || keys === undefined) return false;
  const key: unknown = quoted.includes("\\") ? JSON.parse(quoted) : quoted.slice(1, -1);
  if (typeof key !== "string" || key === "__proto__" || keys.has(key)) return false;
  keys.add(key);
  return true;
}

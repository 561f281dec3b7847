/** Why an address cannot be listened on, out of what the network library throws: its message is for programmers, and has stacks. Pure. */
import { messageOf } from "../fault.ts";

const SYSTEM = /\blisten (E[A-Z]+: [^\n]+)/g;

/** The operating system's words (`EADDRINUSE: address already in use 127.0.0.1:4001`), else the error's own. */
export function listenError(error: unknown): string {
  const message = messageOf(error);
  const found = new Set(
    [...message.matchAll(SYSTEM)].flatMap(([, words]) => (words === undefined ? [] : words.trim())),
  );
  return found.size === 0 ? message : [...found].join(", ");
}

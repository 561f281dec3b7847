/**
 * Why a dial failed, for whoever wrote the address: the library's words are those of the layer that noticed, which seldom is
 * the one to mend. Pure. A wrong network key cannot be told from garbage on the line: both ends read noise.
 */
import { messageOf, systemCode } from "../fault.ts";

const WORDS_CHARS = 300;

const BY_CODE: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "nothing listens there"],
  ["ECONNRESET", "it hung up"],
  ["ENOTFOUND", "no such host name"],
  ["EHOSTUNREACH", "no route to that host"],
  ["ENETUNREACH", "no route to that network"],
  ["ETIMEDOUT", "no answer"],
]);

export function dialWords(error: unknown): string {
  const message = messageOf(error).slice(0, WORDS_CHARS);
  const means = meaningOf(error, message);
  return means === undefined ? message : `${means} (${message})`;
}

function meaningOf(error: unknown, message: string): string | undefined {
  const name = error instanceof Error ? error.name : "";
  if (name === "TimeoutError") return "no answer";
  if (name === "EncryptionFailedError")
    return message.includes("identity key") ? "another node listens there" : "no handshake: another network key?";
  return BY_CODE.get(systemCode(error) ?? "");
}

/** Plain words for why a chain of grants will not do. Pure. */
import type { Why } from "../../protocols/mod.ts";

const WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    missing: "there is none",
    "too-long": "it has more grants, or characters, than a chain may have",
    unreadable: "it cannot be read, or is of another network",
    "other-network": "it is of another network",
    "wrong-root": "it does not begin at a root of this network",
    "broken-chain": "a grant is not of the peer that the one before it names",
    "no-delegate": "it passes on what was not given with delegate",
    "too-wide": "it gives more than the grant before it",
    "looser-limit": "it has a looser limit than the grant before it",
    "outlives-parent": "it holds longer than the grant before it",
    "lives-too-long": "it holds longer than a grant may",
    "not-yet": "it does not hold yet",
    expired: "it has expired",
    revoked: "it was revoked",
    "not-yours": "it names another peer",
    "no-member": "it does not make its holder a member",
  } satisfies Record<Why, string>),
);

export function whyWords(why: string): string {
  return WORDS.get(why) ?? why;
}

/** Whether it is a code of ours: others may say anything. */
export function isWhy(text: string): boolean {
  return WORDS.has(text);
}

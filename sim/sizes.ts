/**
 * How many bytes a message would be on a wire. Messages are not encoded on a modelled link (that costs more than all else), so
 * the size of a kind is taken from its first message, and lists are counted by their entries.
 */
import type { Message, TopicDocument } from "../protocols/mod.ts";

/** A signed envelope in base64 around its payload: key, domain, type and signature. */
const ENVELOPE_BYTES = 140;
const FRAME_BYTES = 4;
/** A peer id, a sequence number and their punctuation. */
const DIGEST_ENTRY_BYTES = 72;
const PEER_BYTES = 55;
const CARD_BYTES = 1_000;

export class Sizes {
  readonly #known = new Map<string, number>();

  message(message: Message): number {
    switch (message.type) {
      case "digest":
        return 80 + DIGEST_ENTRY_BYTES * message.cards.length;
      case "want":
        return 40 + PEER_BYTES * message.peers.length;
      case "cards":
        return 40 + CARD_BYTES * message.cards.length;
      default:
        return this.#kind(message.type, message);
    }
  }
  document(document: TopicDocument): number {
    return this.#kind(document.kind, document) + ENVELOPE_BYTES;
  }

  #kind(kind: string, what: object): number {
    const known = this.#known.get(kind);
    if (known !== undefined) return known;
    const bytes = FRAME_BYTES + wireLength(what);
    this.#known.set(kind, bytes);
    return bytes;
  }
}

/** JSON's length with every signed document as its envelope would be. */
function wireLength(what: unknown): number {
  if (typeof what !== "object" || what === null) return (JSON.stringify(what) ?? "").length;
  if ("seal" in what && "value" in what) return Math.ceil(((wireLength(what.value) + ENVELOPE_BYTES) * 4) / 3);
  if (Array.isArray(what)) return what.reduce<number>((sum, item) => sum + wireLength(item) + 1, 2);
  let sum = 2;
  for (const [key, value] of Object.entries(what)) if (value !== undefined) sum += key.length + 4 + wireLength(value);
  return sum;
}

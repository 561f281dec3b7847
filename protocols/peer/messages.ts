/**
 * Messages, where they enter a peer: each goes to the part that it concerns, in two cases to two of them. Woken by every message,
 * its own to itself included. Nothing is checked here: each part refuses what it must.
 */
import type { PeerId } from "../kernel/mod.ts";
import type { Parts } from "./parts.ts";
import type { Message } from "./wire.ts";

export class Messages {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Those to itself, before anything else happens. */
  deliver(): void {
    const { post } = this.#parts;
    for (let message = post.next(); message !== undefined; message = post.next()) this.receive(post.self, message);
  }

  receive(from: PeerId, message: Message): void {
    const { post, presence, calls, works, custodies, rules } = this.#parts;
    const { now } = post.at;
    switch (message.type) {
      case "digest":
      case "want":
      case "cards":
        return presence.direct({ ...post.at, type: "message", from, message });
      case "cfp":
        return calls.receive({ conductor: from, cfp: message, reach: "directed", sealed: false });
      case "revocations":
        return rules?.receive(from, message);
      case "reject-proposal":
        return works.bid({ type: "reject", now, task: message.task, round: message.round, conductor: from });
      case "accept-proposal":
        return works.award(from, message);
      case "propose":
      case "refuse":
        presence.noteLoad(from, message.load_permille);
        return custodies.receive(from, message);
      case "decided":
      case "not-understood":
      case "nack":
        // A custodian of the task can be its contractor too: both are told.
        custodies.receive(from, message);
        return works.step(message.task, { type: "message", now, from, message });
      case "renewed":
        return works.step(message.task, { type: "message", now, from, message });
      case "store":
      case "agree":
      case "stored":
      case "prepare":
      case "promise":
      case "accept":
      case "accepted":
      case "renew":
      case "partial":
      case "failure":
      case "tend":
      case "cancel":
      case "query":
        return custodies.receive(from, message);
    }
  }
}

/**
 * Documents of announcement topics, where they enter a peer: calls, others' bids, revocations, accusations. Woken by each, and in a
 * large network by little else. Gossip has carried a document on before it is looked at here, so what nobody needs is just dropped.
 */
import { equivocal } from "../claim/mod.ts";
import type { PeerId } from "../kernel/mod.ts";
import type { PeerEvent } from "./contract.ts";
import type { Parts } from "./parts.ts";

type Heard = Extract<PeerEvent, { type: "heard" }>["document"];
type HeardCall = Extract<Heard, { kind: "cfp" }>;
type Accusation = Extract<Heard, { kind: "equivocation" }>;

export class Topics {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  receive(signer: PeerId, document: Heard): void {
    switch (document.kind) {
      case "cfp":
        return this.#call(signer, document);
      case "propose":
        if (this.#parts.rules?.isMember(signer) === false) return;
        return this.#parts.works.overhear(signer, document);
      case "revocation-notice":
        return this.#parts.rules?.heard(document.revocation);
      case "equivocation":
        return this.#accuse(signer, document);
    }
  }

  #call(conductor: PeerId, document: HeardCall): void {
    // Field by field: this is what a large network hears most, and copying "the rest" costs more than all that follows.
    const { task, skill, round, window_ms, left_ms, input_bytes, eligible, initiator, contract } = document;
    const cfp = {
      type: "cfp" as const,
      task,
      skill,
      round,
      window_ms,
      left_ms,
      input_bytes,
      eligible,
      initiator,
      contract,
    };
    this.#parts.calls.receive({ conductor, cfp, reach: "wide", sealed: document.sealed });
  }

  #accuse(signer: PeerId, { first, second }: Accusation): void {
    const { post } = this.#parts;
    if (!equivocal(first, second)) return post.refuse(signer, "CLAIM-14", "an accusation that proves nothing");
    const { task, ballot } = first.value;
    post.note({ type: "equivocation", task, conductor: first.signer, ballot });
    post.refuse(first.signer, "CLAIM-14", "two awards signed for one ballot");
  }
}

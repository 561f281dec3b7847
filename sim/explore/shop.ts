/** What all rooms of one small world share: names, numbers for what is said and seen, and the making of machines. */
import { type CardDocument, Peer, type Signed } from "../../protocols/mod.ts";
import { Notary } from "../notary.ts";
import { nonceFor } from "./asking.ts";
import { Post } from "./mail.ts";
import { Names } from "./names.ts";
import { agentsOf, EPOCH_MS, must, NETWORK, type SmallWorld, START_MS } from "./small-world.ts";
import { Witness } from "./witness.ts";

export class Shop {
  readonly world: SmallWorld;
  readonly names: Names;
  readonly post = new Post();
  readonly witness: Witness;
  readonly #cards: readonly Signed<CardDocument>[];
  readonly #nonces = new Map<number, string>();
  readonly #notary = new Notary({ opens: false });

  constructor(world: SmallWorld) {
    this.world = world;
    this.names = new Names(world);
    this.witness = new Witness(this.names, world.tasks.length);
    this.#cards = world.peers.map((_, index) => this.#firstCard(index));
  }

  #firstCard(index: number): Signed<CardDocument> {
    const at = { now: START_MS, wall: EPOCH_MS + START_MS };
    for (const effect of this.machine(index).receive({ ...at, type: "start", kept: [] }))
      if (effect.type === "advertise") return effect.card;
    throw new Error("a peer that starts has a card");
  }

  /** With this nonce the task gets the custodians that it should have. */
  nonce(task: number): string {
    const nonce = this.#nonces.get(task) ?? nonceFor(this, task);
    this.#nonces.set(task, nonce);
    return nonce;
  }

  /** The cards of all others. */
  cardsFor(index: number): readonly Signed<CardDocument>[] {
    return this.#cards.filter((_, other) => other !== index);
  }
  /** A machine is seeded by who it is alone: in its next life it draws the same again. */
  machine(index: number): Peer {
    const self = this.names.id(index);
    const agents = agentsOf(must(this.world.peers[index]));
    const seal = this.#notary.sealOf(self);
    return new Peer({ self, network: NETWORK, version: "0", seed: 1 + index, seal, durable: true, addrs: [], agents });
  }
}

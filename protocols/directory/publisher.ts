/**
 * What a peer says of itself: its own card, renewed before it lapses, with a sequence number that only grows. Woken when the
 * offer changes and at a third of the card's life. Where the card goes is the finder's and the driver's business.
 */
import { type Instant, LIMITS, NEVER, type Signed, type Skill } from "../kernel/mod.ts";
import type { DirectoryOptions, Emit } from "./contract.ts";
import type { AgentCard, CardDocument } from "./wire.ts";

interface Offer {
  readonly agents: readonly AgentCard[];
  readonly addrs: readonly string[];
  readonly seq: number;
  readonly grants?: readonly string[] | undefined;
}

export class Publisher {
  readonly #options: DirectoryOptions;
  readonly #emit: Emit;
  #agents: readonly AgentCard[] = [];
  #addrs: readonly string[] = [];
  #grants: readonly string[] | undefined;
  #seq = 0;
  #started: number | undefined;
  #leaving = false;
  #renew_at = NEVER;

  constructor(options: DirectoryOptions, emit: Emit) {
    this.#options = options;
    this.#emit = emit;
  }

  deadline(): number {
    return this.#renew_at;
  }

  offer({ agents, addrs, seq, grants }: Offer): void {
    this.#grants = grants;
    this.#agents = agents;
    this.#addrs = addrs;
    this.#seq = Math.max(this.#seq, seq);
  }

  leave(): void {
    this.#agents = [];
    this.#leaving = true;
  }

  /** DIR-2, DIR-8: a new card, kept by its number before anybody sees it. */
  publish(at: Instant): Signed<CardDocument> {
    const { network, version, durable, random, seal } = this.#options;
    this.#started ??= at.now;
    this.#seq = Math.max(this.#seq + 1, at.wall);
    const seq = this.#seq;
    const card: Signed<CardDocument> = seal({
      kind: "card" as const,
      network,
      version,
      seq,
      issued_ms: at.wall,
      valid_ms: LIMITS.card_ms,
      uptime_ms: at.now - this.#started,
      addrs: [...this.#addrs],
      agents: [...this.#agents],
      // Who leaves is not asked to keep anything for others.
      durable: durable && !this.#leaving,
      ...(this.#grants === undefined ? {} : { grants: [...this.#grants] }),
    });
    const third = Math.floor(LIMITS.card_ms / 3);
    // A little early, each time by another bit: peers that started together do not renew together for ever.
    this.#renew_at = at.now + third - random.below(third >> 3);
    this.#emit({ type: "keep", key: "seq", record: { kind: "seq", seq } });
    const skills: Skill[] = [...new Set(this.#agents.flatMap((agent) => agent.skills.map(({ name }) => name)))];
    this.#emit({ type: "advertise", card, skills });
    return card;
  }
}

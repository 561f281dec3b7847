/**
 * What happens to a message of a topic: Reject what any honest forwarder would have caught (size, envelope, schema,
 * network, wrong topic), which costs the forwarder its score; Ignore what depends on time or on what was seen before;
 * Accept the rest, hand it to the node and let it travel on. One signature check for each message, ever.
 */
import { TopicValidatorResult } from "@libp2p/gossipsub";
import {
  LIMITS,
  type Network,
  type Open,
  type PeerId,
  shardOf,
  type TopicDocument,
  topicSchema,
} from "../../protocols/mod.ts";
import { claimedSigner, openBytes, Recent } from "../envelope/mod.ts";
import { HOST } from "./limits.ts";
import { topicOf } from "./topics.ts";

export interface ValidatorOptions {
  readonly network: Network;
  readonly open: Open;
  readonly wall: () => number;
  readonly onDocument: (signer: PeerId, document: TopicDocument) => void;
}

type Schema = ReturnType<typeof topicSchema>;

export class Validator {
  readonly #options: ValidatorOptions;
  readonly #schema: Schema;
  readonly #seen = new Recent<string, true>({ entries: HOST.gossip_seen_max });
  readonly #allowances = new Recent<PeerId, { left: number; at: number }>({ entries: HOST.gossip_signers_max });

  constructor(options: ValidatorOptions) {
    this.#options = options;
    this.#schema = topicSchema(options.open);
  }

  judge(topic: string, data: Uint8Array): TopicValidatorResult {
    if (data.byteLength > LIMITS.gossip_bytes) return TopicValidatorResult.Reject;
    // Checking what will be ignored is what a flood costs most. Somebody else's name on it gains nothing.
    const claimed = claimedSigner(data);
    if (claimed !== undefined && this.#left(claimed) < 1) return TopicValidatorResult.Ignore;
    const opened = openBytes(this.#options.open, data);
    if (opened === undefined) return TopicValidatorResult.Reject;
    const parsed = this.#schema.safeParse(opened.payload);
    if (!parsed.success || !this.#belongs(topic, parsed.data)) return TopicValidatorResult.Reject;
    const document = parsed.data;
    // Of its signer: whoever signs another's words must not make the other's a repetition.
    const name = `${opened.signer} ${opened.digest}`;
    if (!this.#isTimely(document) || this.#seen.has(name) || !this.#isAllowed(opened.signer))
      return TopicValidatorResult.Ignore;
    this.#seen.set(name, true);
    this.#options.onDocument(opened.signer, document);
    return TopicValidatorResult.Accept;
  }

  /** A bid does not name its skill, so any shard will do for it. */
  #belongs(topic: string, document: TopicDocument): boolean {
    const { network } = this.#options;
    const all = topic === topicOf(network, "all");
    if (document.kind === "equivocation" || document.kind === "revocation-notice") return all;
    if (document.kind === "cfp") return topic === topicOf(network, shardOf(document.skill));
    return !all;
  }

  #isTimely(document: TopicDocument): boolean {
    // A proof does not age, and a revocation ends with its grants.
    if (document.kind === "equivocation" || document.kind === "revocation-notice") return true;
    return Math.abs(this.#options.wall() - document.issued_ms) <= LIMITS.clock_tolerance_ms;
  }

  /** A bucket for each signer, so that one who announces without end is heard no more than others. */
  #isAllowed(signer: PeerId): boolean {
    const left = this.#left(signer);
    this.#allowances.set(signer, { left: left >= 1 ? left - 1 : left, at: this.#options.wall() });
    return left >= 1;
  }
  #left(signer: PeerId): number {
    const now = this.#options.wall();
    const before = this.#allowances.get(signer);
    if (before === undefined) return HOST.gossip_burst;
    const gained = (Math.max(0, now - before.at) / 1_000) * HOST.gossip_per_s;
    return Math.min(HOST.gossip_burst, before.left + gained);
  }
}

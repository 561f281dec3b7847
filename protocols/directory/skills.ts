/**
 * Who has a skill, and how good those are: an index over the cards of present peers. A skill is indexed from the first time that
 * somebody asks about it, and kept up to date from then on, so that no announcement costs a walk over all cards. It reads the
 * cards that it is given and decides nothing about them.
 */
import { type Candidate, scoreOf } from "../auction/mod.ts";
import { LIMITS, type PeerId, type Random, type Skill } from "../kernel/mod.ts";
import type { Known } from "./cards.ts";
import type { SkillCard } from "./wire.ts";

interface Shelf {
  /** What an agent of each peer would bid, by what is known: ascending. */
  readonly scores: number[];
  /** In the order of their ids as text; made when somebody asks for it. */
  candidates: Candidate[] | undefined;
}

/** A peer's past work is not known to all alike: the index goes by the cards alone. */
const UNKNOWN = { done: 0, failed: 0 } as const;

export class Skills {
  readonly #known: ReadonlyMap<PeerId, Known>;
  readonly #shelves = new Map<Skill, Shelf>();

  constructor(known: ReadonlyMap<PeerId, Known>) {
    this.#known = known;
  }

  get shelves(): number {
    return this.#shelves.size;
  }
  count(skill: Skill): number {
    return this.#shelf(skill).scores.length;
  }

  /** One best agent of each peer. Valid until the next card comes: who keeps it, copies it. */
  candidates(skill: Skill): readonly Candidate[] {
    const shelf = this.#shelf(skill);
    if (shelf.candidates === undefined) {
      shelf.candidates = this.#find(skill).sort((left, right) => (left.peer < right.peer ? -1 : 1));
    }
    return shelf.candidates;
  }

  /**
   * The share of the agents, in millionths, that a bid of this score beats. Those that are held are a sample: among equals, and in
   * the gap between two scores, the place is drawn, so that those who beat all that they know of do not speak at once.
   */
  quality(skill: Skill, score: number, random: Random): number {
    const { scores } = this.#shelf(skill);
    if (scores.length === 0) return 500_000;
    const below = placeOf(scores, score);
    let above = below;
    while (scores[above] === score) above += 1;
    const worse = scores.length - above;
    const place = worse + random.below(above - below + 1);
    return Math.floor(((place * 1000 + random.below(1000)) * 1000) / (scores.length + 1));
  }

  add(known: Known): void {
    this.#each(known, (shelf, candidate) => {
      const score = scoreOf(candidate, UNKNOWN);
      shelf.scores.splice(placeOf(shelf.scores, score), 0, score);
      shelf.candidates?.splice(seatOf(shelf.candidates, candidate.peer), 0, candidate);
    });
  }

  /** Takes out what `add` put in: with the same card and load. */
  remove(known: Known): void {
    this.#each(known, (shelf, candidate) => {
      shelf.scores.splice(placeOf(shelf.scores, scoreOf(candidate, UNKNOWN)), 1);
      shelf.candidates?.splice(seatOf(shelf.candidates, candidate.peer), 1);
    });
  }

  #each(known: Known, change: (shelf: Shelf, candidate: Candidate) => void): void {
    if (this.#shelves.size === 0) return;
    for (const agent of known.card.value.agents) {
      for (const offer of agent.skills) {
        const shelf = this.#shelves.get(offer.name);
        if (shelf === undefined || offer !== firstOf(known, offer.name)) continue;
        const candidate = bestOf(known, offer.name);
        if (candidate !== undefined) change(shelf, candidate);
      }
    }
  }

  #shelf(skill: Skill): Shelf {
    const known = this.#shelves.get(skill);
    if (known !== undefined) return known;
    if (this.#shelves.size >= LIMITS.receipts_max) this.#shelves.clear();
    const scores = this.#find(skill).map((candidate) => scoreOf(candidate, UNKNOWN));
    const shelf: Shelf = { scores: scores.sort((left, right) => left - right), candidates: undefined };
    this.#shelves.set(skill, shelf);
    return shelf;
  }

  #find(skill: Skill): Candidate[] {
    const found: Candidate[] = [];
    for (const known of this.#known.values()) {
      const candidate = known.present ? bestOf(known, skill) : undefined;
      if (candidate !== undefined) found.push(candidate);
    }
    return found;
  }
}

/** A skill that a peer offers several times counts once. */
function firstOf({ card }: Known, skill: Skill): SkillCard | undefined {
  for (const { skills } of card.value.agents) for (const offer of skills) if (offer.name === skill) return offer;
  return undefined;
}

/** The agent of a peer that would do it best, loaded as the peer is. */
function bestOf({ card, load_permille }: Known, skill: Skill): Candidate | undefined {
  let best: Candidate | undefined;
  for (const { name: agent, skills } of card.value.agents) {
    for (const { name, cost, expected_ms, contract } of skills) {
      if (name !== skill) continue;
      const candidate = { peer: card.signer, agent, cost, expected_ms, load_permille, contract };
      if (best === undefined || scoreOf(candidate, UNKNOWN) < scoreOf(best, UNKNOWN)) best = candidate;
      break;
    }
  }
  return best;
}

/** Where the first number that is not below `value` stands, or would stand. */
function placeOf(ascending: readonly number[], value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? value) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The same for peers in the order of their ids. */
function seatOf(candidates: readonly Candidate[], peer: PeerId): number {
  let low = 0;
  let high = candidates.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const seated = candidates[middle];
    if (seated !== undefined && seated.peer < peer) low = middle + 1;
    else high = middle;
  }
  return low;
}

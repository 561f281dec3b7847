/**
 * Messages that read well, and what a peer makes of them: who may say what about a task. Each is said to a peer that just
 * started, knows nobody, and has been told what stands in `before`.
 */

import type { Message } from "../../../protocols/mod.ts";
import { LIMITS, type PeerId, PROTOCOLS, protocolOf } from "../../../protocols/mod.ts";
import { type Actor, type Cast, NETWORK, NOW_MS } from "./cast.ts";
import { awardOf, INPUT, SKILL, sealedBy, taskOf } from "./documents.ts";
import type { Fields } from "./fields.ts";
import { type Json, packed } from "./print.ts";

interface Said {
  readonly from: Actor;
  readonly type: Message["type"];
  readonly fields: Fields;
}

interface Judgement {
  readonly name: string;
  readonly to: Actor;
  readonly before?: readonly Said[];
  readonly said: Said;
  /** The clause that it breaks, or what is answered: to whom, and what. */
  readonly expected: string | readonly (readonly [to: Actor, type: Message["type"]])[];
}

export function judgements(cast: Cast): Json {
  const all = [...tasks(cast), ...voting(cast), ...values(cast), ...leases(cast), ...awards(cast), ...strangers(cast)];
  return { network: NETWORK, calendar_ms: NOW_MS, agents: { dave: SKILL }, cases: all.map(shown) };
}

function shown({ name, to, before = [], said, expected }: Judgement): Json {
  const judged =
    typeof expected === "string"
      ? { clause: expected }
      : { answers: expected.map(([to, type]) => ({ to: to.name, type })) };
  return { name, receiver: to.name, before: before.map(spoken), message: spoken(said), ...judged };
}

function spoken({ from, type, fields }: Said): Json {
  const { id } = PROTOCOLS[protocolOf(type)];
  return { from: from.name, protocol: id, frame: packed(JSON.stringify({ type, ...fields })) };
}

const ballotOf = (round: number, custodian: number) => ({ round, custodian });

/** What is said of the examples' task, which bob keeps. */
class Talk {
  readonly cast: Cast;
  readonly id: string;
  readonly #document: string;

  constructor(cast: Cast, changes: Fields = {}, by: Actor = cast.alice) {
    const { id, seal } = sealedBy(by, taskOf(cast, changes));
    this.cast = cast;
    this.id = id;
    this.#document = seal;
  }

  store(changes: Fields = {}, from: Actor = this.cast.alice): Said {
    const fields = { task: this.id, document: this.#document, input: INPUT, left_ms: 30_000, ...changes };
    return { from, type: "store", fields };
  }
  order(award: string, changes: Fields = {}, from: Actor = this.cast.alice): Said {
    const fields = {
      task: this.id,
      round: 1,
      award,
      document: this.#document,
      input: INPUT,
      left_ms: 29_000,
      ...changes,
    };
    return { from, type: "accept-proposal", fields };
  }
  say(from: Actor, type: Message["type"], fields: Fields = {}): Said {
    return { from, type, fields: { task: this.id, ...fields } };
  }
  award(by: Actor, at: readonly [round: number, custodian: number], to: PeerId | null): string {
    return sealedBy(by, awardOf(this.id, ballotOf(...at), to)).seal;
  }
  /** By dave, in the first ballot, unless changed. */
  outcome(changes: Fields = {}, by: Actor = this.cast.dave): string {
    const terms = { status: "done", contractor: this.cast.dave.peer, result: "3" };
    const outcome = { kind: "outcome", network: NETWORK, task: this.id, ballot: ballotOf(1, 0), ...terms };
    return sealedBy(by, { ...outcome, ...changes }).seal;
  }
}

function tasks(cast: Cast): Judgement[] {
  const { alice, bob, carol, dave } = cast;
  const task = new Talk(cast);
  const listed = (...peers: Actor[]) => new Talk(cast, { custodians: peers.map(({ peer }) => peer) }).store();
  const issued = (issued_ms: number, left_ms = 30_000) => new Talk(cast, { issued_ms }).store({ left_ms });
  const tolerance = LIMITS.clock_tolerance_ms;
  const own = new Talk(cast, { custodians: [bob.peer, alice.peer, carol.peer] }, bob);
  const stored = [[alice, "stored"]] as const;
  const at = (name: string, said: Said, expected: Judgement["expected"]): Judgement => ({
    name,
    to: bob,
    said,
    expected,
  });
  return [
    at("a task, from its initiator", task.store(), stored),
    { ...at("the same once more", task.store(), stored), before: [task.store()] },
    at("a task, from its contractor", task.store({ left_ms: 20_000 }, dave), [[dave, "stored"]]),
    at("a task whose signer is not its first custodian", listed(bob, alice, carol), "CLAIM-1"),
    at("a task with a custodian twice", listed(alice, bob, bob), "CLAIM-1"),
    at("a task under another id", task.store({ task: "cd".repeat(32) }), "WIRE-4"),
    at("a task for others to keep", listed(alice, carol, dave), [[alice, "not-understood"]]),
    at("one's own task, forgotten", own.store({}, alice), []),
    at("issued as far ahead as calendars may differ", issued(NOW_MS + tolerance), stored),
    at("issued from too far ahead", issued(NOW_MS + tolerance + 1), "WIRE-6"),
    at("just submitted, and old already", issued(NOW_MS - tolerance - 1), "WIRE-6"),
    at("handed on after a while", issued(NOW_MS - tolerance - 1, 5_000), stored),
    at("handed on after its deadline", issued(NOW_MS - 30_000 - tolerance, 0), stored),
    at("handed on too long after its deadline", issued(NOW_MS - 30_001 - tolerance, 0), "WIRE-6"),
  ];
}

function voting(cast: Cast): Judgement[] {
  const { alice, bob, carol, dave, mallory } = cast;
  const task = new Talk(cast);
  const before = [task.store()];
  const prepare = (from: Actor, round: number, custodian: number) =>
    task.say(from, "prepare", { ballot: ballotOf(round, custodian) });
  const promised = [...before, prepare(carol, 2, 2)];
  const at = (name: string, said: Said, expected: Judgement["expected"]): Judgement => ({
    name,
    to: bob,
    before,
    said,
    expected,
  });
  const late = (name: string, said: Said, expected: Judgement["expected"]): Judgement => ({
    ...at(name, said, expected),
    before: promised,
  });
  return [
    at("a prepare of the custodian in its ballot", prepare(carol, 2, 2), [[carol, "promise"]]),
    late("the same once more", prepare(carol, 2, 2), [[carol, "promise"]]),
    late("a lower prepare", prepare(alice, 2, 0), [[alice, "nack"]]),
    at("a prepare of another's ballot", prepare(alice, 2, 2), "CLAIM-5"),
    at("a prepare by no custodian", prepare(dave, 2, 2), "CLAIM-5"),
    at("the highest round of a young task", prepare(carol, LIMITS.round_jump + 1, 2), [[carol, "promise"]]),
    at("a round beyond it", prepare(carol, LIMITS.round_jump + 2, 2), "CLAIM-5"),
    at("a sign of life of the conductor", task.say(alice, "tend", { ballot: ballotOf(1, 0) }), []),
    late("one of a conductor that was overtaken", task.say(alice, "tend", { ballot: ballotOf(1, 0) }), [
      [alice, "nack"],
    ]),
    at("stored, by no custodian", task.say(dave, "stored"), "CLAIM-5"),
    at("a promise by no custodian", task.say(mallory, "promise", { ballot: ballotOf(2, 1) }), "CLAIM-5"),
    at(
      "a nack by no custodian",
      task.say(mallory, "nack", { ballot: ballotOf(2, 1), promised: ballotOf(3, 0) }),
      "CLAIM-5",
    ),
    at(
      "a vote by no custodian",
      task.say(dave, "accepted", { ballot: ballotOf(1, 0), digest: "ab".repeat(32) }),
      "CLAIM-5",
    ),
    at("a wish to cancel by no custodian", task.say(mallory, "cancel"), "CLAIM-5"),
    at("a question before there is an answer", task.say(carol, "query"), []),
  ];
}

function values(cast: Cast): Judgement[] {
  const { alice, bob, carol, dave, mallory } = cast;
  const task = new Talk(cast);
  const award = task.award(alice, [1, 0], dave.peer);
  const value = { outcome: task.outcome(), origin: award };
  const accept = (from: Actor, changes: Fields = {}) =>
    task.say(from, "accept", { ballot: ballotOf(1, 0), award, value, ...changes });
  const valued = (outcome: string, origin = award) => accept(dave, { value: { outcome, origin } });
  const kept = (outcome: string, origin?: string) => {
    const own = task.award(carol, [2, 2], null);
    return accept(carol, { ballot: ballotOf(2, 2), award: own, value: { outcome, origin: origin ?? own } });
  };
  /** Carol's own word, in a ballot that she keeps. */
  const own = (status: string) => {
    const outcome = { kind: "outcome", network: NETWORK, task: task.id, ballot: ballotOf(2, 2), status };
    return sealedBy(carol, outcome).seal;
  };
  const voted = [
    [alice, "accepted"],
    [carol, "accepted"],
  ] as const;
  const at = (name: string, said: Said, expected: Judgement["expected"]): Judgement => ({
    name,
    to: bob,
    before: [task.store()],
    said,
    expected,
  });
  return [
    at("a contractor's outcome", accept(dave), voted),
    at("handed over by another", accept(mallory), "CLAIM-7"),
    at("handed over by the conductor", accept(alice), "CLAIM-7"),
    at("in a ballot that its award does not name", accept(dave, { ballot: ballotOf(2, 0) }), "CLAIM-7"),
    at(
      "under an award by the contractor itself",
      accept(dave, { award: task.award(dave, [1, 0], dave.peer) }),
      "CLAIM-6",
    ),
    at("under an award by another custodian", accept(dave, { award: task.award(bob, [1, 0], dave.peer) }), "CLAIM-6"),
    at(
      "under an award of a custodian that there is not",
      accept(dave, { award: task.award(alice, [1, 3], dave.peer), ballot: ballotOf(1, 3) }),
      "CLAIM-6",
    ),
    at(
      "under an award for another task",
      accept(dave, { award: new Talk(cast, { nonce: "f".repeat(16) }).award(alice, [1, 0], dave.peer) }),
      "CLAIM-6",
    ),
    at(
      "with the award of a lower ballot as origin",
      accept(dave, { ballot: ballotOf(2, 0), award: task.award(alice, [2, 0], dave.peer) }),
      "CLAIM-7",
    ),
    at("signed by another", valued(task.outcome({}, mallory)), "CLAIM-8"),
    at("that names another contractor", valued(task.outcome({ contractor: mallory.peer })), "CLAIM-8"),
    at("that names another ballot", valued(task.outcome({ ballot: ballotOf(2, 0) })), "CLAIM-8"),
    at("of another task", valued(task.outcome({ task: "ab".repeat(32) })), "CLAIM-8"),
    at("a contractor's cancelled", valued(task.outcome({ status: "cancelled" })), "CLAIM-8"),
    at("a contractor's expired", valued(task.outcome({ status: "expired" })), "CLAIM-8"),
    at("a conductor's expired, in a ballot that it keeps", kept(own("expired")), voted),
    at("a conductor's done", kept(own("done")), "CLAIM-8"),
    at("what a conductor found in a lower ballot", kept(task.outcome(), award), voted),
    at(
      "what it claims to have found in a higher one",
      kept(task.outcome({ ballot: ballotOf(3, 0) }), task.award(alice, [3, 0], dave.peer)),
      "CLAIM-9",
    ),
  ];
}

function leases(cast: Cast): Judgement[] {
  const { alice, bob, carol, dave, mallory } = cast;
  const task = new Talk(cast);
  const award = task.award(alice, [1, 0], dave.peer);
  const renew = (from: Actor, changes: Fields = {}) =>
    task.say(from, "renew", { award, done_permille: 0, beat: 1, ...changes });
  const failure = (from: Actor, changes: Fields = {}) =>
    task.say(from, "failure", { award, reason: "retry", message: "", retryable: true, ...changes });
  const before = [task.store()];
  const promised = [...before, task.say(carol, "prepare", { ballot: ballotOf(2, 2) })];
  const at = (name: string, said: Said, expected: Judgement["expected"]): Judgement => ({
    name,
    to: bob,
    before,
    said,
    expected,
  });
  const unknown = (name: string, said: Said): Judgement => ({
    name: `${name} of a task that is not here`,
    to: bob,
    said,
    expected: [[said.from, "not-understood"]],
  });
  const silent = (name: string, said: Said): Judgement => ({
    name: `${name} of a task that is not here`,
    to: bob,
    said,
    expected: [],
  });
  return [
    at("a renewal", renew(dave), [[dave, "renewed"]]),
    { ...at("a renewal below the promise", renew(dave), [[dave, "renewed"]]), before: promised },
    at("a renewal of another's lease", renew(mallory), "CLAIM-16"),
    at(
      "a renewal under an award that nobody could make",
      renew(dave, { award: task.award(dave, [1, 0], dave.peer) }),
      "CLAIM-16",
    ),
    at("a renewal of a ballot that is kept", renew(alice, { award: task.award(alice, [1, 0], null) }), "CLAIM-16"),
    at("a failure", failure(dave), []),
    at("a failure of another's attempt", failure(mallory), "CLAIM-16"),
    {
      ...at(
        "a renewal under a second award for one ballot",
        renew(mallory, { award: task.award(alice, [1, 0], mallory.peer) }),
        "CLAIM-14",
      ),
      before: [...before, renew(dave)],
    },
    unknown("a renewal", renew(dave)),
    unknown("a failure", failure(dave)),
    unknown("a prepare", task.say(carol, "prepare", { ballot: ballotOf(2, 2) })),
    unknown("a sign of life", task.say(alice, "tend", { ballot: ballotOf(1, 0) })),
    unknown("a wish to cancel", task.say(alice, "cancel")),
    silent("a question", task.say(carol, "query")),
    silent("a vote", task.say(carol, "accepted", { ballot: ballotOf(1, 0), digest: "ab".repeat(32) })),
  ];
}

function awards(cast: Cast): Judgement[] {
  const { alice, carol, dave, mallory } = cast;
  const task = new Talk(cast);
  const award = task.award(alice, [1, 0], dave.peer);
  const at = (name: string, said: Said, expected: Judgement["expected"]): Judgement => ({
    name,
    to: dave,
    said,
    expected,
  });
  const other = new Talk(cast, { skill: "image.resize@2" });
  const old = new Talk(cast, { issued_ms: NOW_MS - 30_001 - LIMITS.clock_tolerance_ms });
  const agreed = [[alice, "agree"]] as const;
  const again = task.order(task.award(alice, [2, 0], dave.peer));
  return [
    at("an award", task.order(award), agreed),
    { ...at("the same once more", task.order(award), agreed), before: [task.order(award)] },
    {
      ...at("a higher one, of the next conductor", task.order(task.award(carol, [2, 2], dave.peer), {}, carol), [
        [carol, "agree"],
      ]),
      before: [task.order(award)],
    },
    { ...at("a lower one", task.order(award), [[alice, "refuse"]]), before: [again] },
    at("handed over by another", task.order(award, {}, mallory), "CLAIM-6"),
    at("for another contractor", task.order(task.award(alice, [1, 0], mallory.peer)), "CLAIM-6"),
    at("for nobody", task.order(task.award(alice, [1, 0], null)), "CLAIM-6"),
    at("by a custodian whose ballot it is not", task.order(task.award(carol, [1, 0], dave.peer), {}, carol), "CLAIM-6"),
    at(
      "for another task",
      task.order(new Talk(cast, { nonce: "f".repeat(16) }).award(alice, [1, 0], dave.peer)),
      "CLAIM-6",
    ),
    at("under another id", task.order(award, { task: "cd".repeat(32) }), "WIRE-4"),
    at("for a skill that is not here", other.order(other.award(alice, [1, 0], dave.peer)), [[alice, "refuse"]]),
    at("long after the deadline", old.order(old.award(alice, [1, 0], dave.peer)), "WIRE-6"),
    at(
      "a call",
      task.say(alice, "cfp", { skill: SKILL, round: 1, window_ms: 400, left_ms: 29_000, input_bytes: 24, eligible: 5 }),
      [[alice, "propose"]],
    ),
    at(
      "a call for a skill that is not here",
      task.say(alice, "cfp", {
        skill: "image.resize@2",
        round: 1,
        window_ms: 400,
        left_ms: 29_000,
        input_bytes: 24,
        eligible: 5,
      }),
      [[alice, "refuse"]],
    ),
  ];
}

function strangers({ alice, bob }: Cast): Judgement[] {
  const digest = (network: string): Said => ({
    from: alice,
    type: "digest",
    fields: { network, news: true, cards: [] },
  });
  return [
    { name: "a digest", to: bob, said: digest(NETWORK), expected: [] },
    { name: "a digest of another network", to: bob, said: digest("elsewhere"), expected: "DIR-1" },
  ];
}

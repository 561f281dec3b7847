/**
 * A peer that lies with its own key: it shows different results to different custodians, repeats old words to anybody, withholds
 * others, claims to have failed what it goes on doing, awards a ballot of its own tasks twice, and talks in about tasks of others,
 * whose awards it has overheard. It is custodian of its own tasks only; what it could do with its key there is provable, not
 * preventable.
 */
import type { Effect, Message, PeerId, Random, TaskId } from "../protocols/mod.ts";
import type { SeenAward } from "./evidence.ts";
import type { Host, Rewrite } from "./host.ts";
import type { World } from "./world.ts";

type Sent = Extract<Effect, { type: "send" }>;
/** What it needs of the world that it lies in, be that modelled or made of real nodes. */
export type Surroundings = Pick<World, "evidence" | "id" | "indexOf" | "seal"> & {
  readonly hosts: readonly Pick<Host, "index" | "id">[];
};
const REMEMBERED = 64;

export function liar(world: Surroundings, index: number, random: Random): Rewrite {
  const said: Sent[] = [];
  const others = world.hosts.filter((host) => host.index !== index).map(({ id }) => id);
  return (effect) => {
    if (effect.type !== "send") return [effect];
    if (said.length < REMEMBERED) said.push(effect);
    const effects: Sent[] = random.chance(12) ? [] : [random.chance(2) ? effect : twisted(world, index, effect)];
    const [again] = random.chance(4) ? random.pick(said, 1) : [];
    const [to] = random.pick(others, 1);
    if (again !== undefined && to !== undefined) effects.push({ ...again, to });
    if (to !== undefined && effect.message.type === "accept-proposal" && random.chance(2))
      effects.push(awardedAgain(world, index, { ...effect, to }));
    // Where it has no vote, it votes all the same.
    const votes = effects.filter(({ message }) => "task" in message && !isCustodian(world, index, message.task));
    effects.push(...votes.flatMap(voted));
    const [overheard] = random.chance(3) ? random.pick(world.evidence.awards.slice(-REMEMBERED), 1) : [];
    if (overheard !== undefined) effects.push(...meddling({ world, index, random, overheard }));
    return effects;
  };
}

function twisted(world: Surroundings, index: number, sent: Sent): Sent {
  const { message } = sent;
  if (message.type === "accept" && message.value.outcome.signer === world.id(index)) {
    const outcome = world.seal(index, {
      ...message.value.outcome.value,
      result: `"for ${world.indexOf(sent.to) % 2}"`,
    });
    return { ...sent, message: { ...message, value: { ...message.value, outcome } } };
  }
  if (message.type === "renew") {
    const { task, award } = message;
    return { ...sent, message: { type: "failure", task, award, reason: "retry", message: "or not", retryable: true } };
  }
  if (message.type === "propose") return { ...sent, message: { ...message, cost: 0, expected_ms: 1 } };
  return sent;
}

function custodiansOf(world: Surroundings, task: TaskId): readonly PeerId[] {
  return world.evidence.facts("submitted", task)[0]?.custodians ?? [];
}
function isCustodian(world: Surroundings, index: number, task: TaskId): boolean {
  return custodiansOf(world, task).includes(world.id(index));
}

/** For what it proposes itself; and when it gives up, it is the first to promise the ballot that must follow. */
function voted({ to, message }: Sent): Sent[] {
  if (message.type === "failure") {
    const { task, award } = message;
    const { round, custodian } = award.value.ballot;
    return [{ type: "send", to, message: { type: "promise", task, ballot: { round: round + 1, custodian } } }];
  }
  if (message.type !== "accept") return [];
  const { task, ballot, value } = message;
  return [{ type: "send", to, message: { type: "accepted", task, ballot, digest: value.outcome.digest } }];
}

/** The same ballot to another peer. */
function awardedAgain(world: Surroundings, index: number, sent: Sent): Sent {
  const { message, to } = sent;
  if (message.type !== "accept-proposal") return sent;
  return { ...sent, message: { ...message, award: world.seal(index, { ...message.award.value, contractor: to }) } };
}

/** Words about a task of others, to one of its custodians. */
function meddling(of: { world: Surroundings; index: number; random: Random; overheard: SeenAward }): Sent[] {
  const { world, index, random, overheard } = of;
  const { task, ballot, document: award } = overheard;
  const [to] = random.pick(custodiansOf(world, task), 1);
  if (to === undefined || isCustodian(world, index, task)) return [];
  const me = world.id(index);
  const mine = world.seal(index, { ...award.value, contractor: me });
  const outcome = outcomeOf(world, index, award.value);
  const [message] = random.pick<Message>(
    [
      { type: "accept", task, ballot, award: mine, value: { outcome, origin: mine } },
      { type: "accept", task, ballot, award, value: { outcome, origin: award } },
      { type: "accepted", task, ballot, digest: outcome.digest },
      { type: "decided", task, digest: outcome.digest, value: { outcome, origin: mine } },
      { type: "renew", task, award, done_permille: 999, beat: 1 },
      { type: "failure", task, award, reason: "retry", message: "they gave up", retryable: true },
      { type: "promise", task, ballot: { ...ballot, round: ballot.round + 1 } },
      { type: "prepare", task, ballot: { ...ballot, round: ballot.round + 9 } },
      { type: "nack", task, ballot, promised: { ...ballot, round: ballot.round + 9 } },
      { type: "cancel", task },
    ],
    1,
  );
  return message === undefined ? [] : [{ type: "send", to, message }];
}

function outcomeOf(world: Surroundings, index: number, { network, task, ballot }: SeenAward["document"]["value"]) {
  const contractor: PeerId = world.id(index);
  return world.seal(index, {
    kind: "outcome" as const,
    network,
    task,
    ballot,
    status: "done" as const,
    contractor,
    result: `"mine"`,
  });
}

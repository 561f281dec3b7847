/** Peers that lie, with their own keys: nobody can forge another's. Honest peers refuse by clause, and the promises hold. */
import { expect, test } from "vitest";
import type { Effect, OutcomeDocument, TaskId } from "../../../protocols/mod.ts";
import { oneContractor, oneOutcome, type World } from "../../../sim/mod.ts";
import { contractorOf, crew, custodiansOf, must, office, ok, outcomeOf, put, sound, worldOf } from "../stage.ts";

/** Peers that are neither custodians nor contractor of the task. */
function strangers(world: World, task: TaskId): number[] {
  const involved = [...custodiansOf(world, task), ...world.evidence.runs.map(({ node }) => node)];
  return world.hosts.map(({ index }) => index).filter((index) => !involved.includes(index));
}

function outcomeBy(world: World, index: number, ballot = { round: 1, custodian: 0 }) {
  return (task: TaskId): OutcomeDocument => {
    const network = must(world.evidence.facts("submitted", task)[0]) && ("world" as OutcomeDocument["network"]);
    return {
      kind: "outcome",
      network,
      task,
      ballot,
      status: "done",
      contractor: world.id(index),
      agent: "liar",
      result: `"mine"`,
    };
  };
}

test("two awards for one ballot are noticed, proven to all, and still one outcome", () => {
  const world = worldOf(crew(6, ({ node }) => ok(700, `"by ${node}"`)));
  let twice = false;
  world.corrupt(0, (effect) => {
    if (twice || effect.type !== "send" || effect.message.type !== "accept-proposal") return [effect];
    const { award } = effect.message;
    const other = must([1, 2, 3, 4, 5].find((index) => world.id(index) !== effect.to));
    const second = world.seal(0, { ...award.value, contractor: world.id(other) });
    twice = true;
    return [effect, { ...effect, to: world.id(other), message: { ...effect.message, award: second } }];
  });
  const task = put(world, { reach: "directed" });
  const outcome = outcomeOf(world, task);
  expect(outcome.status).toBe("done");
  world.run(5_000);
  const seen = world.evidence.facts("equivocation", task);
  expect(new Set(seen.map(({ conductor }) => world.indexOf(conductor)))).toEqual(new Set([0]));
  // The proof travels: also peers that are no custodians know.
  expect(new Set(seen.map(({ node }) => node)).size).toBeGreaterThan(3);
  expect(world.evidence.refusals.some(({ clause, from }) => clause === "CLAIM-14" && from === world.id(0))).toBe(true);
  expect(oneOutcome(world.evidence)).toEqual([]);
  // The checker of P2 sees the lie as well.
  expect(oneContractor(world.evidence, () => [world.id(0)]).map(({ promise }) => promise)).toContain("P2");
});

test("claims of strangers are refused by clause", () => {
  const world = worldOf(office(7, () => ok(3_000)));
  const task = put(world);
  contractorOf(world, task);
  const stranger = must(strangers(world, task)[0]);
  const [, second] = custodiansOf(world, task);
  const victim = must(second);
  const ballot = { round: 1, custodian: 0 };
  const { network } = outcomeBy(world, stranger)(task);
  const award = world.seal(stranger, { kind: "award", network, task, ballot, contractor: world.id(stranger) } as const);
  const outcome = world.seal(stranger, outcomeBy(world, stranger)(task));
  const value = { outcome, origin: award };
  const told = (): string[] =>
    world.evidence.refusals
      .filter(({ node, from }) => node === victim && from === world.id(stranger))
      .map(({ clause }) => clause);
  world.inject(stranger, victim, { type: "accept", task, ballot, award, value });
  world.inject(stranger, victim, { type: "renew", task, award, done_permille: 1, beat: 1 });
  world.inject(stranger, victim, { type: "failure", task, award, reason: "error", message: "", retryable: false });
  world.inject(stranger, victim, { type: "prepare", task, ballot: { round: 9, custodian: 0 } });
  world.inject(stranger, victim, { type: "promise", task, ballot });
  world.inject(stranger, victim, { type: "nack", task, ballot, promised: { round: 99, custodian: 2 } });
  world.inject(stranger, victim, { type: "accepted", task, ballot, digest: outcome.digest });
  world.inject(stranger, victim, { type: "decided", task, digest: outcome.digest, value });
  world.inject(stranger, victim, { type: "cancel", task });
  world.run(200);
  expect(told().sort()).toEqual([
    "CLAIM-16",
    "CLAIM-16",
    "CLAIM-5",
    "CLAIM-5",
    "CLAIM-5",
    "CLAIM-5",
    "CLAIM-5",
    "CLAIM-5",
    "CLAIM-6",
  ]);
  expect(outcomeOf(world, task)).toMatchObject({ status: "done", result: `"done"` });
  sound(world);
});

test("a contractor cannot claim a ballot that was awarded to another, nor change its mind", () => {
  const world = worldOf(office(7, () => ok(3_000)));
  const task = put(world);
  const contractor = contractorOf(world, task);
  const thief = must(strangers(world, task)[0]);
  const custodian = must(custodiansOf(world, task)[1]);
  const accepted: Extract<Effect, { type: "send" }>[] = [];
  world.corrupt(contractor, (effect) => {
    if (effect.type === "send" && effect.message.type === "accept") accepted.push(effect);
    return [effect];
  });
  outcomeOf(world, task);
  world.run(1_000);
  const { message } = must(accepted[0]);
  if (message.type !== "accept") throw new Error("captured an accept");
  // The thief shows the real award around its own outcome; the contractor offers a second result.
  const stolen = world.seal(thief, outcomeBy(world, thief)(task));
  const changed = world.seal(contractor, outcomeBy(world, contractor)(task));
  world.inject(thief, custodian, { ...message, value: { ...message.value, outcome: stolen } });
  world.inject(contractor, custodian, { ...message, value: { ...message.value, outcome: changed } });
  world.run(200);
  expect(world.evidence.refusals.filter(({ from }) => from === world.id(thief)).map(({ clause }) => clause)).toEqual([
    "CLAIM-7",
  ]);
  sound(world);
});

test("a task that was forged, or names others, is not stored", () => {
  const world = worldOf(crew(4, () => ok(3_000)));
  const stores: Extract<Effect, { type: "send" }>[] = [];
  world.corrupt(0, (effect) => {
    if (effect.type === "send" && effect.message.type === "store") stores.push(effect);
    return [effect];
  });
  const task = put(world);
  const custodians = custodiansOf(world, task);
  const outside = must([1, 2, 3].find((index) => !custodians.includes(index)));
  const { message } = must(stores[0]);
  if (message.type !== "store") throw new Error("captured a store");
  // Signed by somebody who is not its initiator.
  const document = world.seal(outside, message.document.value);
  const victim = must(custodians[1]);
  world.inject(outside, victim, { ...message, document, task: document.digest as string as TaskId });
  world.inject(outside, victim, { ...message, document });
  // A real task, shown to a peer that it does not name.
  world.inject(0, outside, message);
  world.run(200);
  expect(world.peer(outside).tasks()).toEqual([]);
  expect(world.peer(victim).tasks()).toHaveLength(1);
  sound(world);
});

test("a task replayed after its time is not stored again, and its award not run again", () => {
  const world = worldOf(crew(4));
  const said: Extract<Effect, { type: "send" }>[] = [];
  world.corrupt(0, (effect) => {
    if (effect.type === "send" && (effect.message.type === "store" || effect.message.type === "accept-proposal"))
      said.push(effect);
    return [effect];
  });
  const task = put(world, { deadline_ms: 10_000 });
  outcomeOf(world, task);
  // Until everybody has forgotten it.
  world.run(2 * 3600 * 1000);
  expect(world.hosts.flatMap((_, index) => world.peer(index).tasks())).toEqual([]);
  const runs = world.evidence.runs.length;
  for (const { to, message } of said) world.inject(0, world.indexOf(to), message);
  world.run(1_000);
  expect(world.hosts.flatMap((_, index) => world.peer(index).tasks())).toEqual([]);
  expect(world.evidence.runs).toHaveLength(runs);
  expect(new Set(world.evidence.refusals.map(({ clause }) => clause))).toEqual(new Set(["WIRE-6"]));
});

test("calls and awards about a stranger's task come to nothing", () => {
  const world = worldOf(crew(5));
  const awards: Extract<Effect, { type: "send" }>[] = [];
  world.corrupt(0, (effect) => {
    if (effect.type === "send" && effect.message.type === "accept-proposal") awards.push(effect);
    return [effect];
  });
  const task = put(world);
  outcomeOf(world, task);
  const { to, message } = must(awards[0]);
  const other = must([1, 2, 3, 4].find((index) => world.id(index) !== to));
  const runs = world.evidence.runs.length;
  // Another's award, relayed by a peer that is not its conductor, and to a peer that it does not name.
  world.inject(other, world.indexOf(to), message);
  world.inject(0, other, message);
  world.run(1_000);
  expect(world.evidence.runs).toHaveLength(runs);
  expect(world.evidence.refusals.map(({ clause }) => clause)).toEqual(["CLAIM-6", "CLAIM-6"]);
});

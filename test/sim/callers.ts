/** Peers that call for bids without end and award nothing, and honest work among them: what becomes of it. */
import { LIMITS, parseSkill, parseTaskId, Random, shardOf, type TaskId } from "../../protocols/mod.ts";
import { agent, HOME, World } from "../../sim/mod.ts";

const SKILL = "text.count@1";
const skill = must(parseSkill(SKILL));

export interface Siege {
  readonly seed: number;
  /** Honest peers, the first of which ask; each has an agent with so many places. */
  readonly honest: number;
  readonly askers: number;
  readonly places: number;
  readonly callers: number;
  /** Each caller announces so often, to all. */
  readonly every_ms: number;
  /** Honest tasks, evenly over this time. */
  readonly tasks: number;
  readonly lasts_ms: number;
  /** How many bidders they say there are: above a crowd's number these wait before they bid. */
  readonly eligible?: number;
  /** When the callers begin. */
  readonly from_ms?: number;
  /** What a caller says of its bids before they lapse: nothing, or no. */
  readonly declines_after_ms?: number;
  readonly loss_permille?: number;
}

export interface Held {
  readonly tasks: number;
  readonly done: number;
  /** From submit to the outcome, of those that were done. */
  readonly p50_ms: number;
  readonly p99_ms: number;
}

/** Runs it in a modelled world where everybody hears everybody. */
export function besiege(siege: Siege): Held {
  const { seed, honest, callers, places, lasts_ms, loss_permille = 0 } = siege;
  const peers = Array.from({ length: honest + callers }, (_, index) => ({
    agents: index < honest ? [agent(`agent-${index}`, [SKILL], { concurrency: places, expected_ms: 100 })] : [],
  }));
  const world = new World({ seed, peers, latency_ms: [1, 20], named: false });
  if (!world.meet()) throw new Error("the peers learn each other's cards");
  world.links.faults = { ...world.links.faults, loss_permille };
  const random = new Random(seed);
  for (let nth = 0; nth < callers; nth++) callInVain(world, honest + nth, { siege, random });
  const refs: number[] = [];
  for (let nth = 0; nth < siege.tasks; nth++)
    world.after(Math.floor((nth * lasts_ms) / siege.tasks), () => {
      refs.push(world.submit(nth % siege.askers, { skill: SKILL, custodians: 1 }));
    });
  world.run(lasts_ms + LIMITS.deadline_ms_default);
  return judged(world, refs);
}

function judged(world: World, refs: readonly number[]): Held {
  const took_ms = refs.flatMap((ref) => {
    const answer = world.evidence.answers.get(ref);
    if (answer?.ok !== true) return [];
    const facts = world.evidence.of(answer.task).facts;
    const decided = facts.find(({ fact }) => fact.type === "decided");
    if (decided === undefined || world.outcome(answer.task)?.status !== "done") return [];
    return [decided.at - must(facts[0]).at];
  });
  took_ms.sort((one, other) => one - other);
  const at = (share: number) => took_ms[Math.floor(share * took_ms.length)] ?? Number.POSITIVE_INFINITY;
  return { tasks: refs.length, done: took_ms.length, p50_ms: at(0.5), p99_ms: at(0.99) };
}

/** It calls for tasks that there are not; what it would say to bidders is not said, or is no when it is late. */
function callInVain(world: World, index: number, { siege, random }: { siege: Siege; random: Random }): void {
  const { every_ms, lasts_ms, declines_after_ms, from_ms = 0, eligible = 1 } = siege;
  world.corrupt(index, (effect) => (effect.type === "send" && effect.message.type !== "cards" ? [] : [effect]));
  const call = (at_ms: number) => {
    if (at_ms > lasts_ms + LIMITS.deadline_ms_default) return;
    const task = unheardOf(random);
    world.announce(index, shardOf(skill), callOf(world, { index, task, eligible }));
    if (declines_after_ms !== undefined)
      world.after(declines_after_ms, () => {
        for (let to = 0; to < siege.honest; to++) world.inject(index, to, { type: "reject-proposal", task, round: 1 });
      });
    world.after(every_ms, () => call(at_ms + every_ms));
  };
  world.after(from_ms + random.below(every_ms), () => call(from_ms));
}

function unheardOf(random: Random): TaskId {
  const words = Array.from({ length: 8 }, () => random.word().toString(16).padStart(8, "0"));
  return must(parseTaskId(words.join("")));
}

function callOf(world: World, { index, task, eligible }: { index: number; task: TaskId; eligible: number }) {
  return {
    kind: "cfp" as const,
    network: HOME,
    issued_ms: world.host(index).wall(world.now_us),
    task,
    skill,
    round: 1,
    window_ms: LIMITS.wide_window_ms,
    left_ms: 60_000,
    input_bytes: 10,
    eligible,
    sealed: false,
  };
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("it is there");
  return value;
}

/**
 * Cuts a failing scenario down while it still breaks the same promise (delta debugging, Zeller and Hildebrandt 2002): rates of
 * message faults become the few messages they hit; then faults, tasks and peers are left out, half of them at a time, then each
 * alone; then delays and times get smaller. What is left is small enough to read.
 */
import type { PromiseName } from "./checkers.ts";
import { NO_FAULTS } from "./faults.ts";
import { type Ran, runScenario } from "./run.ts";
import type { PlannedFault, Scenario } from "./scenario.ts";

export interface ShrinkOptions {
  /** Runs at most. */
  readonly tries?: number;
  readonly run?: (scenario: Scenario) => Ran;
  readonly progress?: (done: { readonly tries: number; readonly items: number }) => void;
}

export interface Shrunk {
  readonly scenario: Scenario;
  /** Faults, tasks and peers left, of so many. */
  readonly items: number;
  readonly before: number;
  readonly tries: number;
}

const TRIES = 600;

/** The smallest scenario found that breaks `promise`. Throws Error when the given one does not. */
export function shrink(scenario: Scenario, promise: PromiseName, options: ShrinkOptions = {}): Shrunk {
  return new Shrinker(promise, options).shrink(scenario);
}

class Shrinker {
  readonly #promise: PromiseName;
  readonly #options: ShrinkOptions;
  #tries = 0;

  constructor(promise: PromiseName, options: ShrinkOptions) {
    this.#promise = promise;
    this.#options = options;
  }

  shrink(given: Scenario): Shrunk {
    const first = this.#run(given);
    if (!this.#broken(first)) throw new Error(`${given.name} with seed ${given.seed} does not break ${this.#promise}`);
    let best = this.#explicit(given, first);
    const before = itemsOf(best);
    for (let round = 0; round < 4; round++) {
      const smaller = this.#simpler(this.#fewer(best));
      const done = itemsOf(smaller) === itemsOf(best);
      best = smaller;
      if (done || this.#spent()) break;
    }
    return { scenario: { ...best, name: `${given.name}-shrunk` }, items: itemsOf(best), before, tries: this.#tries };
  }

  /** Instead of rates, the messages that they hit, when that breaks the promise too. */
  #explicit(given: Scenario, { world }: Ran): Scenario {
    const { loss_permille: _, ...rest } = NO_FAULTS;
    const hits = world.links.hits.map((fate): PlannedFault => ({ at_ms: 0, type: "message", ...fate }));
    const named: Scenario = {
      ...given,
      faults: {
        ...given.faults,
        loss_permille: 0,
        gossip_loss_permille: 0,
        duplicate_permille: 0,
        slow_permille: 0,
        muffled: rest.muffled,
      },
      plan: [...given.plan, ...hits],
    };
    return this.#fails(named) ? named : given;
  }

  #fewer(given: Scenario): Scenario {
    let best = given;
    best = this.#without(best, best.plan, (scenario, plan) => ({ ...scenario, plan }));
    best = this.#without(best, best.tasks, (scenario, tasks) => ({ ...scenario, tasks }));
    best = this.#without(best, best.dead, (scenario, dead) => ({ ...scenario, dead }));
    for (let place = best.peers.length - 1; place >= 0; place--) {
      const fewer = withoutPeer(best, place);
      if (fewer !== undefined) best = this.#better(best, fewer);
    }
    for (const [index, group] of best.tasks.entries())
      if (group.count > 1)
        best = this.#better(best, { ...best, tasks: best.tasks.with(index, { ...group, count: group.count >> 1 }) });
    return best;
  }

  /** Leaves out chunks of a list, ever smaller ones. */
  #without<T>(
    given: Scenario,
    list: readonly T[],
    put: (scenario: Scenario, list: readonly T[]) => Scenario,
  ): Scenario {
    let best = given;
    let items = list;
    for (
      let size = Math.ceil(items.length / 2);
      size >= 1 && !this.#spent();
      size = size === 1 ? 0 : Math.ceil(size / 2)
    ) {
      for (let from = 0; from < items.length && !this.#spent(); ) {
        const fewer = [...items.slice(0, from), ...items.slice(from + size)];
        const next = put(best, fewer);
        if (this.#fails(next)) [best, items] = [next, fewer];
        else from += size;
      }
    }
    return best;
  }

  /** Rates that are not needed, and times that can be halved. */
  #simpler(given: Scenario): Scenario {
    let best = given;
    for (const key of Object.keys(NO_FAULTS)) {
      const faults = { ...best.faults, [key]: NO_FAULTS[key as keyof typeof NO_FAULTS] };
      if (JSON.stringify(faults) === JSON.stringify(best.faults)) continue;
      best = this.#better(best, { ...best, faults });
    }
    const { delay_ms } = best.network;
    const plain = { tail_permille: 0, bandwidth_kbps: 0, sync_us: 0, drift_ppm: 0 };
    for (const [key, value] of Object.entries(plain))
      best = this.#better(best, { ...best, network: { ...best.network, [key]: value } });
    if (typeof delay_ms !== "number")
      best = this.#better(best, { ...best, network: { ...best.network, delay_ms: delay_ms[0] } });
    for (const [index, fault] of best.plan.entries()) {
      const shorter = halved(fault);
      if (shorter !== undefined) best = this.#better(best, { ...best, plan: best.plan.with(index, shorter) });
    }
    return best;
  }

  #better(best: Scenario, next: Scenario): Scenario {
    return !this.#spent() && this.#fails(next) ? next : best;
  }
  #fails(scenario: Scenario): boolean {
    const fails = this.#broken(this.#run(scenario));
    this.#options.progress?.({ tries: this.#tries, items: itemsOf(scenario) });
    return fails;
  }
  #run(scenario: Scenario): Ran {
    this.#tries += 1;
    return (this.#options.run ?? runScenario)(scenario);
  }
  #broken({ report }: Ran): boolean {
    return report.breaches.some(({ promise }) => promise === this.#promise);
  }
  #spent(): boolean {
    return this.#tries >= (this.#options.tries ?? TRIES);
  }
}

function itemsOf({ plan, tasks, peers, dead }: Scenario): number {
  return plan.length + tasks.length + peers.length + dead.length;
}

/** A scenario whose peer at this place is not there, or one fewer of its group; undefined when it is named somewhere. */
function withoutPeer(scenario: Scenario, place: number): Scenario | undefined {
  const group = scenario.peers[place];
  if (group === undefined) return undefined;
  // The last of the group goes, and those after it move up.
  const gone = scenario.peers.slice(0, place + 1).reduce((sum, { count }) => sum + count, 0) - 1;
  const moved = (peer: number): number => (peer > gone ? peer - 1 : peer);
  if (namedPeers(scenario).includes(gone)) return undefined;
  const peers =
    group.count > 1
      ? scenario.peers.with(place, { ...group, count: group.count - 1, liars: Math.min(group.liars, group.count - 1) })
      : scenario.peers.toSpliced(place, 1);
  const tasks = scenario.tasks.map((task) => (task.peer === undefined ? task : { ...task, peer: moved(task.peer) }));
  return {
    ...scenario,
    peers,
    tasks,
    dead: scenario.dead.map(moved),
    plan: scenario.plan.map((fault) => movedFault(fault, moved)),
  };
}

function movedFault(fault: PlannedFault, moved: (peer: number) => number): PlannedFault {
  switch (fault.type) {
    case "split": {
      const { bridge } = fault;
      const group = fault.group.map(moved);
      return bridge === undefined ? { ...fault, group } : { ...fault, group, bridge: moved(bridge) };
    }
    case "one-way":
      return { ...fault, from: moved(fault.from), to: moved(fault.to) };
    case "message":
      return { ...fault, name: renamed(fault.name, moved) };
    case "ring":
    case "burst":
      return fault;
    default:
      return { ...fault, peer: moved(fault.peer) };
  }
}

/** kind:task:ballot:from:to:nth */
function renamed(name: string, moved: (peer: number) => number): string {
  const [kind, task, ballot, from, to, nth] = name.split(":");
  return [kind, task, ballot, moved(Number(from)), moved(Number(to)), nth].join(":");
}

function namedPeers({ plan, tasks, dead }: Scenario): number[] {
  const named = [...dead, ...tasks.flatMap(({ peer }) => (peer === undefined ? [] : [peer]))];
  for (const fault of plan) {
    if ("peer" in fault) named.push(fault.peer);
    if (fault.type === "split") named.push(...fault.group, ...(fault.bridge === undefined ? [] : [fault.bridge]));
    if (fault.type === "one-way") named.push(fault.from, fault.to);
  }
  return named;
}

function halved(fault: PlannedFault): PlannedFault | undefined {
  if ("for_ms" in fault && fault.for_ms > 1) return { ...fault, for_ms: fault.for_ms >> 1 };
  if ("down_ms" in fault && fault.down_ms > 1) return { ...fault, down_ms: fault.down_ms >> 1 };
  return undefined;
}

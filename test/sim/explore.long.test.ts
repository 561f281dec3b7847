/**
 * The exhaustive explorer: the small worlds hold, whole; what makes two states the same hides nothing; and each planted fault is
 * found, with its story. The long form is `npm run explore`.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import type { Patch } from "../../node/tools/opened.ts";
import { explore, SHORT_WORLDS, type SmallWorld, WORLDS } from "../../sim/explore/mod.ts";
import type { Errand, Report } from "./explore-walker.ts";

const STATES_MAX = 200_000;

describe("all interleavings, whole:", () => {
  test.each(SHORT_WORLDS)("$name: $about", async (world) => {
    const { promise, complete, doubts, checks, calmed } = await walked(world);
    expect(promise).toBeUndefined();
    expect(complete).toBe(true);
    // Where two ways met in one state, both machines went on alike; and no message was thrown away that meant something.
    expect(checks).toBeGreaterThan(50);
    expect(doubts).toBe(0);
    expect(calmed).toBeGreaterThan(10);
  });

  test("states told apart by what happened are many more, and show a witness the same", async () => {
    const world = worldNamed("peace");
    const inside = await walked(world);
    const histories = explore({ world, states_max: STATES_MAX });
    expect(histories.complete).toBe(true);
    expect(histories.breach).toBeUndefined();
    expect(histories.states).toBeGreaterThan(10 * inside.states);
    expect(histories.witnessed).toBe(inside.witnessed);
  });
});

/** One bidder; from when the task is stored. */
const LONE_BIDDER: SmallWorld = {
  name: "lone bidder",
  about: "a crash, and a message that comes twice",
  peers: [{ name: "ann" }, { name: "bob", places: 1 }, { name: "cid" }],
  tasks: [{ by: 0, deadline_ms: 6_000, lease_ms: 1_500, attempts_max: 2 }],
  budgets: { crashes: 1, copies: 1 },
  from: "stored",
};

interface Sin extends Patch {
  readonly sin: string;
  readonly world: SmallWorld | string;
  readonly promise: string;
}
const SINS: readonly Sin[] = [
  {
    sin: "an acceptor accepts below what it promised",
    world: "take-over",
    promise: "P1",
    file: "claim/acceptor.ts",
    from: "if (order < 0) return",
    to: 'if (order < 0 && event.type === "prepare") return',
  },
  {
    sin: "an acceptor forgets its promise when it restarts",
    world: "take-over, crash",
    promise: "P1",
    file: "claim/custody.ts",
    from: "new Acceptor(kept?.promised ?? FIRST",
    to: "new Acceptor(kept?.accepted?.ballot ?? FIRST",
  },
  {
    sin: "a conductor ignores the value that it found while preparing",
    world: "take-over",
    promise: "P1",
    file: "claim/conductor.ts",
    from: "if (value !== undefined) {",
    to: "if (value !== undefined && value.ballot.round < 0) {",
  },
  {
    sin: "one vote is taken for a majority",
    world: "take-over",
    promise: "P1",
    file: "claim/voter.ts",
    from: "majority(custody.custodians.length)",
    to: "1",
  },
  {
    sin: "a peer speaks before it writes",
    world: "take-over, crash",
    promise: "P1",
    file: "peer/peer.ts",
    from: "return this.#post.take();",
    to: 'return this.#post.take().sort((one, other) => Number(one.type === "keep") - Number(other.type === "keep"));',
  },
  {
    sin: "a conductor uses its ballot again",
    world: "take-over",
    promise: "P2",
    file: "claim/conductor.ts",
    from: "const ballot = ballotAbove(floor, this.#options.me);",
    to: "const ballot = this.#options.me === 0 ? FIRST : ballotAbove(floor, this.#options.me);",
  },
  {
    sin: "nobody takes over",
    world: "crash",
    promise: "P3",
    file: "claim/conductor.ts",
    from: "if (now >= state.silence_at) this.#takeOver(now);",
    to: "if (now >= state.silence_at) state.silence_at = now + 1_000;",
  },
  {
    sin: "a contractor does not write down what it runs",
    world: LONE_BIDDER,
    promise: "P4",
    file: "claim/contractor.ts",
    from: "this.#award = award;\n      this.#keep();",
    to: "this.#award = award;",
  },
  {
    sin: "a bidder bids without room",
    world: "two tasks",
    promise: "capacity",
    file: "auction/places.ts",
    from: 'else if (free <= 0) refusal = "overloaded";',
    to: "",
  },
];

describe("a planted fault is found:", () => {
  test.each(SINS)("$sin ($promise)", async ({ world, promise, ...patch }) => {
    const found = await walked(typeof world === "string" ? worldNamed(world) : world, [patch]);
    expect(found.promise).toBe(promise);
    const lines = found.story.split("\n");
    expect(lines).toContain("First, in peace:");
    expect(lines).toContain("Then:");
    expect(lines.some((line) => /^ {3}1\. (ann|bob|cid)/.test(line))).toBe(true);
    expect(lines.at(-1)).toMatch(new RegExp(`^Broken: ${promise}\\. .+\\.$`));
  });
});

test("a story tells who said what to whom, in which order, up to the broken promise", async () => {
  const sin = SINS.find(({ sin }) => sin.startsWith("a conductor ignores"));
  const { story } = await walked(worldNamed("take-over"), sin === undefined ? [] : [sin]);
  const told = [
    "First, in peace:",
    "ann's user submits task 1",
    "bob hears ann: accept-proposal (ballot 1.0) [task 1]",
    "Then:",
    "alarm rings: its clock shows",
    'accept 1.0: "done by bob in 1.0"',
    '(voted for "done by bob in 1.0", in 1.0)',
    'voted for "expired by ',
    "Broken: P1. two outcomes have a majority of votes:",
  ];
  let at = 0;
  for (const words of told) {
    const next = story.indexOf(words, at);
    expect({ words, after: next >= at }).toEqual({ words, after: true });
    at = next;
  }
});

function worldNamed(name: string): SmallWorld {
  const world = WORLDS.find((one) => one.name === name);
  if (world === undefined) throw new Error(`there is no world ${name}`);
  return world;
}

async function walked(world: SmallWorld, patches: readonly Patch[] = []): Promise<Report> {
  const errand: Errand = { world, states_max: STATES_MAX, patches };
  const worker = new Worker(new URL("./explore-walker.ts", import.meta.url), { workerData: errand });
  const [report]: Report[] = await once(worker, "message");
  if (report === undefined) throw new Error("the walker said nothing");
  return report;
}

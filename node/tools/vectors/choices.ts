/** What is computed alike everywhere: the ranking of bids and its ties, waiting in a crowd, the order of ballots, Paxos's votes. */
import { type RankedBid, type ReceivedBid, rank, waitInCrowd } from "../../../protocols/auction/ranking.ts";
import { Acceptor, type AcceptorEvent } from "../../../protocols/claim/acceptor.ts";
import type { Promised } from "../../../protocols/claim/conducting.ts";
import { awardDocument, outcomeDocument } from "../../../protocols/claim/documents.ts";
import { findValue } from "../../../protocols/claim/finding.ts";
import { assert, type Ballot, compareBallots, LIMITS, parseTaskId, type TaskId } from "../../../protocols/mod.ts";
import { type Actor, type Cast, NAMES, NETWORK, NOW_MS } from "./cast.ts";
import type { Json } from "./print.ts";

const TASKS = ["ab".repeat(32), "0123456789abcdef".repeat(4)].flatMap((text) => parseTaskId(text) ?? []);

interface Terms {
  readonly cost?: number;
  readonly expected_ms?: number;
  readonly load_permille?: number;
  readonly done?: number;
  readonly failed?: number;
  readonly failed_here?: boolean;
}

const ROUNDS: readonly (readonly [name: string, bids: readonly Terms[]])[] = [
  ["equals: a tie, broken by hash", [{}, {}, {}, {}, {}]],
  ["the cheaper", [{ cost: 2 }, { cost: 1 }]],
  ["the faster", [{ expected_ms: 900 }, { expected_ms: 300 }]],
  ["a unit of cost is a second", [{ cost: 1, expected_ms: 0 }, { expected_ms: 1000 }, { expected_ms: 999 }]],
  ["the less loaded", [{ load_permille: 1000 }, { load_permille: 0 }, { load_permille: 500 }]],
  ["the better record", [{ done: 3, failed: 3 }, { done: 6, failed: 0 }, { done: 0, failed: 6 }, {}]],
  ["a new name counts as one that never failed", [{ done: 50 }, {}]],
  [
    "who failed this task comes last, however cheap",
    [{ failed_here: true }, { cost: 1000 }, { failed_here: true, cost: 1 }],
  ],
  [
    "fractions",
    [
      { cost: 0.1, expected_ms: 333 },
      { cost: 0.3, expected_ms: 133 },
      { cost: 0.2, expected_ms: 233 },
    ],
  ],
];

export function ranking(cast: Cast): Json {
  return TASKS.flatMap((task) =>
    ROUNDS.map(([name, bids]) => {
      const received = bids.map((terms, index) => receivedBid(task, named(cast, index), terms));
      return { name, task, bids: received.map(shownBid), ranking: rank(task, received).map(ranked) };
    }),
  );
}

function named(cast: Cast, index: number): Actor {
  return cast[NAMES[index] ?? "alice"];
}

function receivedBid(task: TaskId, { peer }: Actor, terms: Terms): ReceivedBid {
  const { cost = 0, expected_ms = 100, load_permille = 0, done = 0, failed = 0, failed_here = false } = terms;
  const bid = { task, round: 1, agent: "a", cost, expected_ms, load_permille };
  return { bidder: peer, bid, receipts: { done, failed }, failedHere: failed_here };
}

function shownBid({ bidder, bid, receipts, failedHere }: ReceivedBid): Json {
  const { cost, expected_ms, load_permille } = bid;
  return { bidder, cost, expected_ms, load_permille, ...receipts, failed_here: failedHere };
}

function ranked({ bidder, score }: RankedBid): Json {
  return { bidder, score };
}

export function waiting(): Json {
  const crowds = [1, LIMITS.crowd, LIMITS.crowd + 1, 64, 100, 1_000, 10_000, 1_000_000];
  const shares = [0, 1_000, 250_000, 500_000, 750_000, 900_000, 990_000, 999_000, 999_900, 1_000_000];
  const windows = [LIMITS.wide_window_ms, 100];
  return windows.flatMap((window_ms) =>
    crowds.flatMap((eligible) =>
      shares.map((share_ppm) => ({
        eligible,
        share_ppm,
        window_ms,
        wait_ms: waitInCrowd(eligible, share_ppm, window_ms),
      })),
    ),
  );
}

const ballotOf = (round: number, custodian: number): Ballot => ({ round, custodian });

export function ballots(cast: Cast): Json {
  const some = [
    ballotOf(2, 0),
    ballotOf(1, 4),
    ballotOf(10, 1),
    ballotOf(1, 0),
    ballotOf(2, 2),
    ballotOf(9, 4),
    ballotOf(LIMITS.round_max, 0),
  ];
  const values = ["1", "2"].map((result) => outcomeIn(cast, result));
  return {
    ascending: some.toSorted(compareBallots).map(shownBallot),
    acceptors: scripts(values),
    found: finds(values),
  };
}

type Value = Extract<AcceptorEvent, { type: "accept" }>["value"];

/** An outcome by dave in the first ballot, with the award that it was made under. */
function outcomeIn({ alice, dave }: Cast, result: string): Value {
  const [task] = TASKS;
  const ballot = ballotOf(1, 0);
  const award = awardDocument.parse({ kind: "award", network: NETWORK, task, ballot, contractor: dave.peer });
  const terms = {
    kind: "outcome",
    network: NETWORK,
    task,
    ballot,
    status: "done",
    contractor: dave.peer,
    result,
    ran_ms: NOW_MS % 7,
  };
  return { outcome: dave.seal(outcomeDocument.parse(terms)), origin: alice.seal(award) };
}

/** One acceptor, what it is asked in turn, and what it answers. */
function scripts(values: readonly Value[]): Json {
  const [one, two] = values;
  assert(one !== undefined && two !== undefined, "there are two values");
  const prepare = (round: number, custodian: number): AcceptorEvent => ({
    type: "prepare",
    ballot: ballotOf(round, custodian),
  });
  const accept = (round: number, custodian: number, value: Value): AcceptorEvent => ({
    type: "accept",
    ballot: ballotOf(round, custodian),
    value,
  });
  const all: [string, AcceptorEvent[]][] = [
    ["storing is promising (1, 0)", [prepare(1, 0), accept(1, 0, one)]],
    ["no vote below the promise", [prepare(2, 1), accept(1, 0, one), prepare(2, 0), prepare(2, 1)]],
    ["accepting is promising", [accept(3, 2, one), prepare(3, 1), accept(3, 1, two)]],
    ["one value in a ballot", [accept(1, 0, one), accept(1, 0, two), accept(1, 0, one)]],
    ["a promise tells what was accepted", [accept(1, 0, one), prepare(2, 1), accept(2, 1, one), prepare(3, 2)]],
    ["a higher ballot may bring another value", [accept(1, 0, one), accept(2, 1, two), prepare(3, 0)]],
  ];
  return all.map(([name, events]) => {
    const acceptor = new Acceptor(ballotOf(1, 0), undefined);
    return { name, steps: events.map((event) => step(acceptor, event, one)) };
  });
}

function step(acceptor: Acceptor, event: AcceptorEvent, one: Value): Json {
  const nameOf = (value: Value): string => (value === one ? "one" : "two");
  const asked = { ask: event.type, ballot: shownBallot(event.ballot) };
  const shown = event.type === "accept" ? { ...asked, value: nameOf(event.value) } : asked;
  const answer = acceptor.receive(event);
  if (answer.type === "nack") return { ...shown, answer: "nack", promised: shownBallot(answer.promised) };
  if (answer.type === "accepted" || answer.accepted === undefined) return { ...shown, answer: answer.type };
  const { ballot, value } = answer.accepted;
  return { ...shown, answer: "promise", accepted: { ballot: shownBallot(ballot), value: nameOf(value) } };
}

/** What a conductor must propose after these promises: nothing found, a value, or more promises first (CLAIM-9). */
function finds(values: readonly Value[]): Json {
  const at = (round: number, custodian: number, which: number) => ({ ballot: ballotOf(round, custodian), which });
  type Report = ReturnType<typeof at> | undefined;
  const all: [string, number, Report[]][] = [
    ["nobody accepted anything", 3, [undefined, undefined]],
    ["one did", 3, [undefined, at(1, 0, 0)]],
    ["the highest ballot counts", 3, [at(1, 0, 0), at(2, 1, 1)]],
    ["two values in one ballot, one vote unheard", 3, [at(1, 0, 0), at(1, 0, 1)]],
    ["two values in one ballot, all heard", 3, [at(1, 0, 0), at(1, 0, 1), at(1, 0, 1)]],
    ["two values in one ballot, no majority possible", 3, [at(1, 0, 0), at(1, 0, 1), undefined]],
    ["of five, three heard, two to one", 5, [at(1, 0, 0), at(1, 0, 0), at(1, 0, 1)]],
    ["of five, four heard, two to two", 5, [at(1, 0, 0), at(1, 0, 0), at(1, 0, 1), at(1, 0, 1)]],
    ["of five, four heard, two to one", 5, [at(1, 0, 0), at(1, 0, 0), at(1, 0, 1), undefined]],
  ];
  return all.map(([name, custodians, reports]) => {
    const accepted = reports.map((report) => {
      const value = report === undefined ? undefined : values[report.which];
      return report === undefined || value === undefined ? undefined : { ballot: report.ballot, value };
    });
    const promises = new Map(
      accepted.map((one, index): [number, Promised] => [index, { accepted: one, live: undefined }]),
    );
    const found = findValue(promises, custodians);
    const shown = (value: Value) => (value === values[0] ? "one" : "two");
    return {
      name,
      custodians,
      promises: accepted.map((one) =>
        one === undefined ? null : { ballot: shownBallot(one.ballot), value: shown(one.value) },
      ),
      found: found === undefined ? "nothing" : found === "undecidable" ? "ask more" : shown(found.value),
    };
  });
}

function shownBallot({ round, custodian }: Ballot): Json {
  return { round, custodian };
}

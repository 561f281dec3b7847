/** Answers of a node in which every text that a stranger can choose is one of the given ones, for `logs.ts`. */

export const TASK = "3fa94c".padEnd(64, "0");
export const FAILING = "f".repeat(64);
const PEER = `12D3KooW${"A".repeat(44)}`;
const DIGEST = "d".repeat(64);
const BALLOT = { round: 1, custodian: 0 };
const SKILL = "text.count@1";

export function answersOf(texts: readonly string[]) {
  const facts = texts.map(factOf);
  const failure = failureOf(texts);
  const messages = { sent: 1, received: 1 };
  const timings = { announcedMs: 1, awardedMs: 2, doneMs: 3 };
  const ends = { contractor: PEER, agent: texts[0], ballot: BALLOT, attempts: 2, timings, messages };
  const streamed = [
    fact({ type: "awarded", ballot: BALLOT, contractor: PEER, reattached: false }),
    ...texts.map((text, seq) =>
      fact({ type: "partial", contractor: PEER, fence: 1, seq, values: [text, { [text]: text }] }),
    ),
    ...texts.map((note) => fact({ type: "progress", contractor: PEER, done_permille: 500, note })),
  ];
  const outcome = { task: TASK, status: "done", result: texts, ...ends };
  return {
    facts,
    streamed,
    outcome,
    /** All that `submit --stream --json` prints. */
    done: [...streamed, outcome],
    failed: { task: FAILING, status: "failed", failure, ...ends },
    agents: texts.map((text) => ({
      peer: PEER,
      agent: text,
      description: text,
      here: false,
      present: true,
      concurrency: 1,
      state: "failed",
      why: text,
      skills: [{ name: SKILL, description: text, cost: 1, expected_ms: 1, effects: [text], input: { pattern: text } }],
    })),
    peers: texts.map((text) => ({
      peer: PEER,
      self: false,
      present: true,
      connected: true,
      addrs: [text],
      card: { agents: [{ name: text, skills: [{ name: SKILL }] }], uptime_ms: 1, issued_ms: 1, addrs: [text] },
    })),
    task: taskOf(texts, failure),
    status: { peer: PEER, network: "test", addrs: [], meshReady: true, agents: [], tasks: {}, process: {} },
  };
}

function fact(more: object): object {
  return { ...more, task: TASK, node: PEER, at_ms: 1_700_000_000_000 };
}

/** One of each kind that holds a stranger's words, in turn. */
function factOf(text: string, index: number): object {
  const kinds: readonly (() => object)[] = [
    () => fact({ type: "progress", contractor: PEER, done_permille: 500, note: text }),
    () => fact({ type: "partial", contractor: PEER, fence: 1, seq: 0, values: [text, { [text]: [text] }] }),
    () =>
      fact({
        type: "proposed",
        bidder: PEER,
        bid: { task: TASK, round: 1, agent: text, cost: 1, expected_ms: 1, load_permille: 1 },
      }),
    () =>
      fact({ type: "chosen", ballot: BALLOT, winner: { bidder: PEER, agent: text, score: 1 }, others: [], why: text }),
    () => fact({ type: "attempt-ended", ballot: BALLOT, contractor: PEER, reason: "error", message: text }),
    () => fact({ type: "running", ballot: BALLOT, agent: text, skill: SKILL }),
    () => fact({ type: "ran", ballot: BALLOT, ok: false, ms: 1, message: text }),
    () =>
      fact({
        type: "decided",
        ballot: BALLOT,
        outcome: { status: "failed", failure: { reason: "error", message: text } },
      }),
  ];
  return kinds[index % kinds.length]?.() ?? {};
}

function failureOf(texts: readonly string[]) {
  const share = (third: number) => texts.filter((_, index) => index % 3 === third);
  const attempts = share(0).map((message) => ({
    contractor: PEER,
    ballot: BALLOT,
    started: 1,
    ended: 2,
    exitReason: "error",
    message,
  }));
  return {
    status: "failed",
    reason: "error",
    message: texts[0],
    retryable: false,
    attempts,
    toolTrace: share(1).map((text) => ({ name: text, argsDigest: DIGEST, outcome: text, ms: 1 })),
    retryCount: 1,
    causes: share(2),
    asked: [PEER],
    refusals: [{ peer: PEER, reason: "overloaded", times: 1 }],
    rounds: 1,
  };
}

function taskOf(texts: readonly string[], failure: ReturnType<typeof failureOf>): object {
  return {
    task: TASK,
    skill: SKILL,
    initiator: PEER,
    custodians: [PEER],
    conductor: PEER,
    state: "decided",
    ballot: BALLOT,
    attempts: [],
    left_ms: 1,
    input: JSON.stringify(texts[0]),
    account: { asked: [], refusals: [], rounds: 0 },
    messages: { sent: 1, received: 1 },
    records: [{ fence: 1, file: texts[0], bytes: 1 }],
    subTasks: [],
    outcome: { status: "failed", failure, record: DIGEST, result: texts[0] },
  };
}

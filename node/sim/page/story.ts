/**
 * One task's story as data: who was asked, who bid what, who refused and why, what was chosen and why, which attempts ran and how
 * each ended, what was decided, and the log of it all. The view of somebody who saw every peer. Pure.
 */
import { type Ballot, ballotText, type RefusalReason, sameBallot } from "../../../protocols/mod.ts";
import { brief, duration } from "../../cli/output.ts";
import { taskSentence } from "../../cli/story.ts";
import { because, REASONS, REFUSALS } from "../../cli/words.ts";
import type { AttemptData, LogLine, OutcomeData, RoundData, StoryData } from "./client/data.ts";
import type { Frame } from "./frame.ts";
import { type Group, next, type Of, type TaskNoted } from "./group.ts";

const TEXT_CHARS = 400;
const RESULT_CHARS = 2_000;
const AGENT_CHARS = 64;
const LOG_MAX = 120;
/** A long log keeps its end too. */
const LOG_END = 40;
const ROUNDS_MAX = 24;
const ASKED_MAX = 32;

export function storyOf(group: Group, frame: Frame, breaches: readonly string[]): StoryData {
  const lines = group.facts;
  const kept = lines.length <= LOG_MAX ? lines : [...lines.slice(0, LOG_MAX - LOG_END), ...lines.slice(-LOG_END)];
  return {
    custodians: group.submitted.custodians.map((id) => frame.peerOf(id)),
    rounds: roundsOf(group, frame),
    attempts: attemptsOf(group, frame),
    outcome: outcomeOf(group, frame),
    log: kept.map((line) => logLine(line, frame)),
    omitted: lines.length - kept.length,
    breaches,
  };
}

function logLine({ at, node, fact }: TaskNoted, frame: Frame): LogLine {
  const line = { at: frame.at(at), peer: frame.peer(node), type: fact.type };
  const id = frame.record.peers[node]?.id;
  if (id === undefined) return { ...line, mood: "plain", text: "" };
  return { ...line, ...taskSentence({ ...fact, at_ms: at, node: id }, (peer) => frame.nameOf(peer)) };
}

/** Its conductor noted the whole of an announcement: the call, the answers, the choice. */
function roundsOf({ facts }: Group, frame: Frame): RoundData[] {
  const rounds: (RoundData & Growing)[] = [];
  const last = (node: number) => rounds.findLast(({ by }) => by === frame.peer(node));
  for (const { at, node, fact } of facts) {
    switch (fact.type) {
      case "called":
        if (rounds.length < ROUNDS_MAX) rounds.push(roundOf(fact, { at, node }, frame));
        break;
      case "proposed": {
        const { agent, cost, expected_ms, load_permille } = fact.bid;
        const peer = frame.peerOf(fact.bidder);
        last(node)?.bids.push({
          peer,
          agent: brief(agent, AGENT_CHARS),
          cost,
          takes: expected_ms,
          load: load_permille / 10,
        });
        break;
      }
      case "refused":
        last(node)?.refusals.push({ peer: frame.peerOf(fact.bidder), why: refusal(fact.reason) });
        break;
      case "chosen":
        last(node)?.choices.push({
          ballot: ballotText(fact.ballot),
          why: brief(fact.why, TEXT_CHARS),
          scores: [fact.winner, ...fact.others].map(({ bidder, score }) => ({ peer: frame.peerOf(bidder), score })),
        });
        break;
      case "unanswered": {
        const round = last(node);
        if (round !== undefined) round.pause = fact.pause_ms;
        break;
      }
    }
  }
  return rounds;
}

function refusal(reason: RefusalReason): string {
  return reason === "silent" ? "did not answer in time" : `refused: ${because(reason, REFUSALS)}`;
}

interface Growing {
  readonly bids: RoundData["bids"][number][];
  readonly refusals: RoundData["refusals"][number][];
  readonly choices: RoundData["choices"][number][];
  pause?: number;
}

function roundOf(
  { round, reach, asked, eligible }: Of<"called">,
  { at, node }: { readonly at: number; readonly node: number },
  frame: Frame,
): RoundData & Growing {
  return {
    at: frame.at(at),
    round,
    by: frame.peer(node),
    reach,
    asked: asked.slice(0, ASKED_MAX).map((id) => frame.peerOf(id)),
    eligible,
    bids: [],
    refusals: [],
    choices: [],
  };
}

/** An award each, in order. */
function attemptsOf(group: Group, frame: Frame): AttemptData[] {
  return group.facts.flatMap(({ at, fact }, index) => {
    if (fact.type !== "awarded") return [];
    const { ballot, contractor, reattached } = fact;
    const end = endOf(ballot, group.facts.slice(index + 1), group);
    const note = reattached ? "went on under a new conductor; " : "";
    return [
      {
        ballot: ballotText(ballot),
        peer: frame.peerOf(contractor),
        at: frame.at(at),
        ...(end.at === undefined ? {} : { until: frame.at(end.at) }),
        how: note + end.how,
        good: end.good,
      },
    ];
  });
}

interface End {
  readonly at?: number;
  readonly how: string;
  readonly good: boolean;
}

function endOf(ballot: Ballot, after: readonly TaskNoted[], { decided }: Group): End {
  const same = (fact: { readonly ballot: Ballot }) => sameBallot(fact.ballot, ballot);
  const refused = next(after, "award-refused", same);
  if (refused !== undefined) return { at: refused.at, how: because(refused.fact.reason, REFUSALS), good: false };
  const ended = next(after, "attempt-ended", same);
  if (ended !== undefined) {
    const { reason, message } = ended.fact;
    return { at: ended.at, how: because(reason, REASONS) + noted(message), good: false };
  }
  if (decided !== undefined && sameBallot(decided.outcome.ballot, ballot))
    return {
      at: decided.at,
      how: `its outcome was decided: ${decided.outcome.status}`,
      good: decided.outcome.status === "done",
    };
  return { how: "its end was not seen", good: false };
}

function noted(message: string): string {
  return message === "" ? "" : `: ${brief(message, TEXT_CHARS)}`;
}

function outcomeOf({ decided, at }: Group, frame: Frame): OutcomeData | undefined {
  if (decided === undefined) return undefined;
  const { status, contractor, agent, failure, result, ran_ms, ballot } = decided.outcome;
  const by = contractor === undefined ? "" : ` by ${frame.nameOf(contractor)}`;
  const with_ = agent === undefined ? "" : ` with agent ${brief(agent, AGENT_CHARS)}`;
  const ran = ran_ms === undefined ? "" : `, whose handler ran for ${duration(ran_ms)}`;
  const why = failure === undefined ? "" : `: ${because(failure.reason, REASONS)}${noted(failure.message)}`;
  const text = `${status}${by}${with_}${ran}, in ballot ${ballotText(ballot)}, ${duration(decided.at - at)} after it was submitted${why}`;
  return {
    at: frame.at(decided.at),
    status,
    text,
    ...(result === undefined ? {} : { result: brief(result, RESULT_CHARS) }),
  };
}

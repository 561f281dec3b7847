/**
 * One fact as one sentence: what `watch`, `trace` and the progress line of `submit` say. Takes the view of the node that saw
 * the fact; texts of strangers are made visible. Pure.
 */
import { ballotText, type PeerId } from "../../protocols/kernel/mod.ts";
import type { Observed } from "../moot-node.ts";
import { brief, duration, plural, shortPeer, shortTask } from "./output.ts";
import { because, REASONS, REFUSALS } from "./words.ts";

const NOTE_CHARS = 200;

/** How a fact feels: for colours and marks. */
export type Mood = "good" | "bad" | "key" | "plain";

export interface Sentence {
  readonly text: string;
  readonly mood: Mood;
}

type TaskFact = Extract<Observed, { task: unknown }>;
type Of<T extends Observed["type"]> = Extract<Observed, { type: T }>;

export function sentenceOf(fact: Observed): Sentence {
  const say = (peer: PeerId) => (peer === fact.node ? "this node" : shortPeer(peer));
  if (!("task" in fact)) {
    if (fact.type === "node") return nodeSentence(fact);
    if (fact.type === "agent") return agentSentence(fact);
    if (fact.type === "stray") return straySentence(fact);
    if (fact.type === "left") return { text: `${say(fact.peer)} left`, mood: "plain" };
    const does = fact.skills.length === 0 ? "no skills" : fact.skills.join(", ");
    return { text: `met ${say(fact.peer)}: ${does}`, mood: "plain" };
  }
  return taskSentence(fact, say);
}

function nodeSentence({ state, why }: Of<"node">): Sentence {
  const mood = state === "ready" ? "good" : state === "failed" ? "bad" : "plain";
  return { text: `this node is ${state}${noteText(why)}`, mood };
}

function agentSentence({ agent, state, why }: Of<"agent">): Sentence {
  const mood = state === "ready" && why === "" ? "good" : state === "failed" || why !== "" ? "bad" : "plain";
  return { text: `agent ${brief(agent, 64)} of this node is ${state}${noteText(why)}`, mood };
}

function straySentence({ agent, run, message, late }: Of<"stray">): Sentence {
  const whose = run === "" ? "" : `, of ${late ? "its ended run" : "its run"} of ${brief(run, 12)}`;
  return {
    text: `agent ${brief(agent, 64)} of this node left an error that nothing caught${whose}${noteText(message)}`,
    mood: "bad",
  };
}

/** How a peer is called. */
type Say = (peer: PeerId) => string;

export function taskSentence(fact: TaskFact, say: Say): Sentence {
  const plain = (text: string): Sentence => ({ text, mood: "plain" });
  switch (fact.type) {
    case "submitted":
      return {
        text: `submitted: ${fact.skill}, due in ${duration(fact.left_ms)}, reach ${fact.reach}, custodians ${fact.custodians.map(say).join(", ")}`,
        mood: "key",
      };
    case "stored":
      return plain(`stored durably by ${fact.by.map(say).join(", ")}`);
    case "called":
      return plain(calledText(fact, say));
    case "unanswered":
      return {
        text: `round ${fact.round}: no acceptable bid; asking again in ${duration(fact.pause_ms)}`,
        mood: "bad",
      };
    case "proposed":
    case "refused":
    case "chosen":
      return biddingSentence(fact, say);
    case "awarded":
    case "agreed":
    case "award-refused":
    case "attempt-ended":
      return awardSentence(fact, say);
    case "progress":
      return plain(`${say(fact.contractor)} is ${fact.done_permille / 10} % done${noteText(fact.note)}`);
    case "partial":
      return plain(partialText(fact, say));
    case "sub-task":
      return { text: `its run ${fact.fence} submitted ${shortTask(fact.child)}: ${fact.skill}`, mood: "key" };
    case "sub-task-orphaned":
      return {
        text: `its run ${fact.fence} ended with this node; ${shortTask(fact.child)} (${fact.skill}), which was for it, is cancelled`,
        mood: "bad",
      };
    case "running":
      return plain(`this node runs it with agent ${brief(fact.agent, 64)} in ballot ${ballotText(fact.ballot)}`);
    case "ran":
      return fact.ok
        ? { text: `its handler finished after ${duration(fact.ms)}`, mood: "good" }
        : { text: `its handler failed after ${duration(fact.ms)}${noteText(fact.message)}`, mood: "bad" };
    case "stopped":
      return {
        text: `this node stopped its run in ballot ${ballotText(fact.ballot)}: ${because(fact.reason, REASONS)}`,
        mood: "bad",
      };
    case "prepared":
    case "found":
    case "standing-by":
    case "accepted":
    case "equivocation":
    case "decided":
      return registerSentence(fact, say);
  }
}

function partialText({ contractor, fence, seq, values }: Of<"partial">, say: Say): string {
  const numbers = values.length === 1 ? `${seq}` : `${seq} to ${seq + values.length - 1}`;
  return `${say(contractor)} says meanwhile (run ${fence}, ${numbers}): ${brief(values.map((value) => JSON.stringify(value)).join(" "), NOTE_CHARS)}`;
}

function calledText(fact: Of<"called">, say: Say): string {
  const known = `${plural(fact.eligible, "agent")} known`;
  if (fact.reach === "wide") return `round ${fact.round}: called on the topic of the skill (${known})`;
  return `round ${fact.round}: called ${fact.asked.map(say).join(", ") || "nobody"} directly (${known})`;
}

function biddingSentence(fact: Of<"proposed" | "refused" | "chosen">, say: Say): Sentence {
  if (fact.type === "proposed") {
    const { agent, cost, expected_ms, load_permille } = fact.bid;
    const terms = `cost ${cost}, done in ${duration(expected_ms)}, load ${load_permille / 10} %`;
    return { text: `${say(fact.bidder)} bids with agent ${brief(agent, 64)}: ${terms}`, mood: "plain" };
  }
  if (fact.type === "refused")
    return { text: `${say(fact.bidder)} refuses to bid: ${because(fact.reason, REFUSALS)}`, mood: "bad" };
  const others = fact.others.map((other) => `${say(other.bidder)} ${score(other.score)}`).join(", ");
  const over = others === "" ? "the only bid" : `over ${others}`;
  return {
    text: `chose ${say(fact.winner.bidder)} (score ${score(fact.winner.score)}, lowest wins), ${over}: ${brief(fact.why, NOTE_CHARS)}`,
    mood: "key",
  };
}

function awardSentence(fact: Of<"awarded" | "agreed" | "award-refused" | "attempt-ended">, say: Say): Sentence {
  const ballot = ballotText(fact.ballot);
  const contractor = say(fact.contractor);
  switch (fact.type) {
    case "awarded":
      return fact.reattached
        ? {
            text: `ballot ${ballot}: ${contractor} goes on under the new conductor, without starting again`,
            mood: "key",
          }
        : { text: `ballot ${ballot}: awarded to ${contractor}`, mood: "key" };
    case "agreed":
      return { text: `ballot ${ballot}: ${contractor} agreed and works`, mood: "good" };
    case "award-refused":
      return {
        text: `ballot ${ballot}: ${contractor} refuses the award: ${because(fact.reason, REFUSALS)}`,
        mood: "bad",
      };
    case "attempt-ended":
      return {
        text: `ballot ${ballot}: the attempt of ${contractor} ended: ${because(fact.reason, REASONS)}${noteText(fact.message)}`,
        mood: "bad",
      };
  }
}

const PREPARED = {
  "take-over": "takes over from a silent conductor",
  "re-award": "to award it again",
  cancel: "to cancel it",
  expire: "because the deadline passed",
  "give-up": "to give up: no attempt is left",
  resume: "to go on after a restart",
} as const satisfies Record<Of<"prepared">["why"], string>;

function registerSentence(
  fact: Of<"prepared" | "found" | "standing-by" | "accepted" | "equivocation" | "decided">,
  say: Say,
): Sentence {
  switch (fact.type) {
    case "prepared":
      return { text: `ballot ${ballotText(fact.ballot)} prepared: ${PREPARED[fact.why]}`, mood: "plain" };
    case "found":
      return {
        text: `ballot ${ballotText(fact.ballot)} found an outcome accepted in ${ballotText(fact.accepted)}, and finishes that one`,
        mood: "key",
      };
    case "standing-by":
      return {
        text: `stands by: ${say(fact.conductor)} drives it in ballot ${ballotText(fact.promised)}`,
        mood: "plain",
      };
    case "accepted":
      return {
        text: `this custodian accepted the outcome of ${say(fact.proposer)} in ballot ${ballotText(fact.ballot)}`,
        mood: "plain",
      };
    case "equivocation":
      return {
        text: `${say(fact.conductor)} signed two awards for ballot ${ballotText(fact.ballot)}: proof of equivocation`,
        mood: "bad",
      };
    case "decided":
      return decidedSentence(fact, say);
  }
}

function decidedSentence({ ballot, outcome }: Of<"decided">, say: Say): Sentence {
  const by = outcome.contractor === undefined ? "" : ` by ${say(outcome.contractor)}`;
  if (outcome.status === "done") return { text: `done${by}, decided in ballot ${ballotText(ballot)}`, mood: "good" };
  const why =
    outcome.failure === undefined
      ? ""
      : `: ${because(outcome.failure.reason, REASONS)}${noteText(outcome.failure.message)}`;
  return { text: `${outcome.status}${by}, decided in ballot ${ballotText(ballot)}${why}`, mood: "bad" };
}

function noteText(note: string): string {
  return note === "" ? "" : `: ${brief(note, NOTE_CHARS)}`;
}

export function score(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}

/** `+0.012 s`, since the first fact. */
export function since(start_ms: number, at_ms: number): string {
  return `+${(Math.max(0, at_ms - start_ms) / 1_000).toFixed(3)} s`;
}

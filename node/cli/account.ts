/** A task's account for people: state, who was asked, who refused and why, attempts and how each ended, result or failure. Pure. */
import { ballotText, fenceOf, type PeerId } from "../../protocols/kernel/mod.ts";
import type { Attempt, OutcomeDocument } from "../../protocols/mod.ts";
import type { TaskAnswer } from "../api/mod.ts";
import { foundNobody, isTooShort } from "./exits.ts";
import { brief, duration, paint, plural, shortPeer, shortTask, visible } from "./output.ts";
import { because, REASONS, REFUSALS, STATES } from "./words.ts";

const TEXT_CHARS = 2_000;
const TOOLS_SHOWN = 8;
type Failure = NonNullable<OutcomeDocument["failure"]>;
type Stream = NodeJS.WriteStream;
/** Ends that say nothing of how far the handler came. */
const UNHEARD: ReadonlySet<Failure["reason"]> = new Set<Failure["reason"]>(["lost", "fenced", "timeout"]);

/** Whether agents with the skill say that they change things: "none" and "read" do not. Undefined: nobody is known to have it. */
export type Effects = "harmless" | "harmful" | undefined;

/** What `moot show` prints. `self` is the node that answers. */
export function accountOf(task: TaskAnswer, self: PeerId, effects?: Effects): string {
  const say = (peer: PeerId) => (peer === self ? `${shortPeer(peer)} (this node)` : shortPeer(peer));
  const { outcome } = task;
  const lines = [
    field("task", task.task),
    field("skill", task.skill),
    field("state", stateText(task)),
    field("initiator", say(task.initiator)),
    field(
      "custodians",
      task.custodians.map((peer) => (peer === task.conductor ? `${say(peer)} (conducts)` : say(peer))).join(", "),
    ),
    field("ballot", `${ballotText(task.ballot)} (the fence that handlers get grows with it)`),
    ...(task.contractor === undefined ? [] : [field("contractor", say(task.contractor))]),
    field("messages", `${task.messages.sent} sent, ${task.messages.received} received by this node`),
    ...lineageLines(task),
    field("input", brief(task.input, TEXT_CHARS)),
  ];
  const attempts = outcome?.failure?.attempts ?? task.attempts;
  const account = outcome?.failure ?? task.account;
  lines.push(...asking(account, say), ...attemptLines(attempts, say));
  lines.push(...effectLines(attempts, effects));
  lines.push(...recordLines(task));
  if (outcome?.result !== undefined) lines.push(field("result", brief(outcome.result, TEXT_CHARS)));
  if (outcome?.failure !== undefined) lines.push(...failureLines(outcome.failure));
  return lines.join("\n");
}

function lineageLines({ lineage, budget, sub_tasks, subTasks }: TaskAnswer): string[] {
  const lines = budget === undefined ? [] : [field("budget", String(budget))];
  if (sub_tasks !== undefined) lines.push(field("sub-tasks", `at most ${sub_tasks}`));
  for (const below of subTasks)
    lines.push(field("sub-task", `${shortTask(below.task)} ${below.skill}: ${below.state}`));
  if (lineage === undefined) return lines;
  const { parent, fence, path, depth, root } = lineage;
  const of = `run ${fence} of ${shortTask(parent)}${depth > 1 ? `, under ${shortTask(root)}` : ""}`;
  return [...lines, field("part of", `${of}; the way here: ${path.join(" → ")}`)];
}

function field(name: string, text: string): string {
  return `${paint("dim", name.padEnd(11))} ${text}`;
}

function stateText({ state, outcome, left_ms, done_permille }: TaskAnswer): string {
  if (outcome !== undefined) return paint(outcome.status === "done" ? "green" : "red", outcome.status);
  const progress = done_permille === undefined ? "" : `, ${done_permille / 10} % done`;
  return `${STATES[state]}${progress}; ${duration(left_ms)} to its deadline`;
}

type Say = (peer: PeerId) => string;

function asking({ asked, refusals, rounds }: Pick<Failure, "asked" | "refusals" | "rounds">, say: Say): string[] {
  if (rounds === 0 && asked.length === 0) return [];
  const whom =
    asked.length === 0
      ? "on the topic of the skill"
      : `${plural(asked.length, "peer")} by name: ${asked.map(say).join(", ")}`;
  const lines = [field("called", `${plural(rounds, "time")}, ${whom}`)];
  for (const { peer, reason, times } of refusals) {
    lines.push(field("refused", `${say(peer)}: ${because(reason, REFUSALS)}${times > 1 ? `, ${times} times` : ""}`));
  }
  return lines;
}

function attemptLines(attempts: readonly Attempt[], say: Say): string[] {
  return attempts.map(({ contractor, ballot, started, ended, exitReason, message }, index) => {
    const when = `from ${duration(started)} to ${duration(ended)}`;
    const end = withNote(because(exitReason, REASONS), message);
    return field(`attempt ${index + 1}`, `${say(contractor)} in ballot ${ballotText(ballot)}, ${when}, ended ${end}`);
  });
}

/** Execution is at least once: what was not heard of again may have gone on, and only its fence tells. */
function effectLines(attempts: readonly Attempt[], effects: Effects): string[] {
  if (effects === "harmless") return [];
  return attempts.flatMap(({ exitReason, ballot }, index) => {
    if (!UNHEARD.has(exitReason)) return [];
    const text = `of attempt ${index + 1} may have happened, whole or in part; its fence is ${fenceOf(ballot)}`;
    return [field("effects", text)];
  });
}

/** Where the record of the decided run is: here, or at the contractor. */
function recordLines({ outcome, records = [] }: TaskAnswer): string[] {
  const lines = records.map(({ fence, file, digest }) =>
    field("record", `fence ${fence}: ${visible(file)}, ${digest ?? "not finished"}`),
  );
  const decided = outcome?.record;
  if (decided === undefined || records.some(({ digest }) => digest === decided)) return lines;
  return [...lines, field("record", `${decided}, at the contractor`)];
}

function failureLines(failure: Failure): string[] {
  const lines = [field("failure", reasonText(failure))];
  for (const cause of failure.causes) lines.push(field("cause", brief(cause, TEXT_CHARS)));
  for (const { name, outcome, ms } of failure.toolTrace)
    lines.push(field("tool", `${visible(name)}: ${visible(outcome)} after ${duration(ms)}`));
  // Only then did somebody judge the input: what was cancelled or came too late says nothing of another try.
  if (failure.status === "failed")
    lines.push(field("retry", failure.retryable ? "another try may succeed" : "the same input would fail again"));
  return lines;
}

function reasonText(failure: Failure): string {
  const words = isTooShort(failure)
    ? `${failure.reason} (the deadline is too short for everybody who was asked)`
    : because(failure.reason, REASONS);
  return withNote(words, failure.message);
}

function withNote(words: string, note: string | undefined): string {
  return note === undefined || note === "" ? words : `${words}: ${brief(note, TEXT_CHARS)}`;
}

/** What its attempts died of is said of each: the causes that lie elsewhere. */
function furtherCauses({ causes, attempts }: Failure): string[] {
  return causes.filter((cause) => !attempts.some((one) => `${one.exitReason}: ${one.message ?? ""}`.startsWith(cause)));
}

/** Why a task did not succeed, for the end of `submit`: one line of reason, then who was asked and every refusal. */
export function whyNot(failure: Failure, stream: Stream): string {
  const lines = [paint("red", `${failure.status}: ${reasonText(failure)}`, stream)];
  if (failure.rounds > 0) {
    const asked = failure.asked.map(shortPeer).join(", ");
    lines.push(
      `  called ${plural(failure.rounds, "time")}; asked by name: ${asked === "" ? "nobody, because nobody with the skill is known" : asked}`,
    );
  }
  for (const { peer, reason, times } of failure.refusals) {
    lines.push(`  ${shortPeer(peer)} refused${times > 1 ? ` ${times} times` : ""}: ${because(reason, REFUSALS)}`);
  }
  failure.attempts.forEach(({ contractor, ballot, started, ended, exitReason, message }, index) => {
    const end = withNote(because(exitReason, REASONS), message);
    const by = `attempt ${index + 1} by ${shortPeer(contractor)} in ballot ${ballotText(ballot)}`;
    lines.push(`  ${by}: ${end} (after ${duration(Math.max(0, ended - started))})`);
  });
  for (const { name, outcome, ms } of failure.toolTrace.slice(-TOOLS_SHOWN))
    lines.push(`  it had called ${visible(name)}: ${visible(outcome)} after ${duration(ms)}`);
  for (const cause of furtherCauses(failure)) lines.push(`  because of ${brief(cause, TEXT_CHARS)}`);
  if (isTooShort(failure)) lines.push("  remedy: give it more time with --deadline");
  if (foundNobody(failure))
    lines.push("  remedy: moot agents lists who can do what; compare the skill's name, or start an agent that has it");
  return lines.join("\n");
}

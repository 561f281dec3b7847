/** One task's row in the picture of all tasks: bars for what took time, marks for what went another way. Pure. */
import { type Ballot, ballotText, sameBallot } from "../../../protocols/mod.ts";
import type { RunRecord } from "../../../sim/mod.ts";
import { because, REASONS, REFUSALS } from "../../cli/words.ts";
import type { Bar, Mark } from "./client/data.ts";
import type { Frame } from "./frame.ts";
import { type Group, next, type Of, type TaskNoted } from "./group.ts";

const BARS_MAX = 60;
const MARKS_MAX = 60;

export function barsOf(group: Group, frame: Frame): Bar[] {
  const { facts, runs, decided } = group;
  const bars: Bar[] = facts.flatMap((seen, index) => {
    if (seen.fact.type === "called") return [auction(seen, facts.slice(index + 1), frame)];
    if (seen.fact.type === "awarded") return [award(seen, seen.fact, { after: facts.slice(index + 1), frame })];
    return [];
  });
  for (const run of runs) bars.push(execution(run, group, frame));
  if (decided !== undefined) {
    const at = frame.at(decided.at);
    const before = bars.reduce((last, { until }) => (until <= at ? Math.max(last, until) : last), frame.at(group.at));
    const good = decided.outcome.status === "done";
    const how = `${decided.outcome.status} was decided`;
    if (at > before) bars.push({ kind: "decide", from: before, until: at, peer: frame.peer(group.node), how, good });
  }
  return bars.slice(0, BARS_MAX);
}

/** From the call to the choice, or to the pause. */
function auction({ at, node, fact }: TaskNoted, after: readonly TaskNoted[], frame: Frame): Bar {
  const mine = after.find((seen) => seen.node === node && CLOSES.has(seen.fact.type));
  const end = mine ?? after.find((seen) => seen.fact.type === "decided");
  const chosen = end?.fact.type === "chosen";
  const round = fact.type === "called" ? `round ${fact.round}` : "";
  return {
    kind: "auction",
    from: frame.at(at),
    until: end === undefined ? frame.at(at) : frame.at(end.at),
    peer: frame.peer(node),
    how: chosen ? `${round}: chosen` : `${round}: nobody acceptable`,
    good: chosen,
  };
}
const CLOSES: ReadonlySet<string> = new Set(["called", "chosen", "unanswered", "decided", "standing-by"]);

/** From the award to the contractor's answer. */
function award(
  { at }: TaskNoted,
  { ballot, contractor }: Of<"awarded">,
  { after, frame }: { readonly after: readonly TaskNoted[]; readonly frame: Frame },
): Bar {
  const end = after.find(({ fact }) => ANSWERS.has(fact.type) && "ballot" in fact && sameBallot(fact.ballot, ballot));
  const agreed = end?.fact.type === "agreed" || end?.fact.type === "running";
  return {
    kind: "award",
    from: frame.at(at),
    until: frame.at(end?.at ?? at),
    peer: frame.peerOf(contractor),
    how: `ballot ${ballotText(ballot)} ${agreed ? "agreed" : "not agreed"}`,
    good: agreed,
  };
}
const ANSWERS: ReadonlySet<string> = new Set(["agreed", "running", "award-refused", "attempt-ended", "decided"]);

function execution(run: RunRecord["executions"][number], { facts }: Group, frame: Frame): Bar {
  const { node, started, ended, end } = run;
  const last = ended ?? frame.record.report.virtualMs;
  const told = next(
    facts,
    "ran",
    (_, seen) => seen.node === node && seen.at >= started && Math.abs(seen.at - last) < 1,
  );
  const failed = told !== undefined && !told.fact.ok;
  return {
    kind: "run",
    from: frame.at(started),
    until: frame.at(last),
    peer: frame.peer(node),
    how: end === "ran" && failed ? "failed" : ENDS[end ?? "open"],
    good: end === "ran" && !failed,
  };
}
const ENDS = {
  ran: "ran to its end",
  stopped: "was stopped",
  crashed: "ended in a crash",
  open: "never ended",
} as const;

export function marksOf({ facts, decided }: Group, frame: Frame): Mark[] {
  const marks: Mark[] = [];
  const told = new Set<string>();
  let awards = 0;
  for (const { at, fact } of facts) {
    const mark = markOf(fact, awards, frame);
    if (fact.type === "awarded") awards += 1;
    if (mark === undefined) continue;
    // Several custodians note the same thing.
    const key = `${mark.kind} ${"ballot" in fact ? ballotText(fact.ballot) : ""}`;
    const late = decided !== undefined && at > decided.at;
    if (!told.has(key)) marks.push({ ...mark, at: frame.at(at), late });
    told.add(key);
  }
  if (decided !== undefined) {
    const { status } = decided.outcome;
    marks.push({
      kind: status === "done" ? "done" : "failed",
      at: frame.at(decided.at),
      text: `${status} was decided`,
      late: false,
    });
  }
  return marks.slice(-MARKS_MAX);
}

function markOf(fact: TaskNoted["fact"], awards: number, frame: Frame): Pick<Mark, "kind" | "text"> | undefined {
  const name = (text: string, ballot: Ballot) => `${text} (ballot ${ballotText(ballot)})`;
  switch (fact.type) {
    case "attempt-ended": {
      const text = `the attempt of ${frame.nameOf(fact.contractor)} ended: ${because(fact.reason, REASONS)}`;
      return { kind: fact.reason === "lost" ? "lost" : "ended", text: name(text, fact.ballot) };
    }
    case "award-refused": {
      const text = `${frame.nameOf(fact.contractor)} refused the award: ${because(fact.reason, REFUSALS)}`;
      return { kind: "refused", text: name(text, fact.ballot) };
    }
    case "prepared":
      if (fact.why !== "take-over") return undefined;
      return { kind: "taken", text: name("another custodian took over", fact.ballot) };
    case "awarded": {
      const contractor = frame.nameOf(fact.contractor);
      if (fact.reattached)
        return { kind: "moved", text: name(`${contractor} went on under a new conductor`, fact.ballot) };
      return awards === 0 ? undefined : { kind: "again", text: name(`awarded again, to ${contractor}`, fact.ballot) };
    }
    case "equivocation":
      return { kind: "proof", text: name("two awards were signed for one ballot", fact.ballot) };
    default:
      return undefined;
  }
}

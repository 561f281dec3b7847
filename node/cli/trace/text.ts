/** A task's story to be read: times since its start, one sentence for each fact, then the bids compared. Pure but for colours. */
import { ballotText, type PeerId } from "../../../protocols/kernel/mod.ts";
import { brief, duration, paint, plural, shortPeer, table } from "../output.ts";
import { type Mood, score, since } from "../story.ts";
import type { TaskObserved, Timeline } from "./timeline.ts";

const STYLES = { good: "green", bad: "red", key: "cyan", plain: "none" } as const satisfies Record<Mood, string>;

type Style = Parameters<typeof paint>[0];

/** `colours`: it goes to stdout, which may be a terminal. */
export function tellingOf(timeline: Timeline, colours: boolean): string {
  const dye = (style: Style, text: string) => (colours ? paint(style, text) : text);
  const { task, skill, observer, start_ms, end_ms, story } = timeline;
  const head = [
    `${dye("bold", `task ${task}`)}${skill === undefined ? "" : `, skill ${skill}`}`,
    `as ${observer === undefined ? "nobody" : shortPeer(observer)} saw it: ${timeline.status} after ${duration(end_ms - start_ms)}, ${plural(story.length, "fact")}`,
    "",
  ];
  const lines = story.map(
    ({ at_ms, text, mood }) => `${dye("dim", since(start_ms, at_ms).padStart(12))}  ${dye(STYLES[mood], text)}`,
  );
  return [...head, ...lines, ...bidsOf(timeline, dye)].join("\n");
}

type Dye = (style: Style, text: string) => string;

/** One table for each choice: every bid with the score it got, the winner first. */
function bidsOf({ facts }: Timeline, dye: Dye): string[] {
  return facts.flatMap((fact, index) => {
    if (fact.type !== "chosen") return [];
    const bids = lastBids(facts.slice(0, index));
    const rows = [fact.winner, ...fact.others].map((one, place) => {
      const bid = bids.get(one.bidder);
      const terms =
        bid === undefined ? ["", "", ""] : [String(bid.cost), duration(bid.expected_ms), `${bid.load_permille / 10} %`];
      return [place === 0 ? "won" : "", shortPeer(one.bidder), brief(one.agent, 40), ...terms, score(one.score)];
    });
    const columns = [
      { head: "" },
      { head: "BIDDER" },
      { head: "AGENT" },
      { head: "COST", right: true },
      { head: "TAKES", right: true },
      { head: "LOAD", right: true },
      { head: "SCORE", right: true },
    ];
    return [
      "",
      dye(
        "bold",
        `Who won ballot ${ballotText(fact.ballot)}, and why: ${brief(fact.why, 200)} (the lowest score wins)`,
      ),
      table(columns, rows),
    ];
  });
}

type Bid = Extract<TaskObserved, { type: "proposed" }>["bid"];

function lastBids(before: readonly TaskObserved[]): ReadonlyMap<PeerId, Bid> {
  const bids = new Map<PeerId, Bid>();
  for (const fact of before) if (fact.type === "proposed") bids.set(fact.bidder, fact.bid);
  return bids;
}

/**
 * A timeline as one self-contained page: a picture of who did what when, the bids compared, the story in sentences. No script,
 * no reference to anything outside, every text escaped; light or dark as the reader likes. Pure.
 */
import { ballotText, type PeerId } from "../../../protocols/kernel/mod.ts";
import { duration, plural, shortPeer, visible } from "../output.ts";
import { score, since } from "../story.ts";
import { STYLE } from "./style.ts";
import { swimlanes } from "./swimlanes.ts";
import type { Timeline } from "./timeline.ts";

export function pageOf(timeline: Timeline): string {
  const { task, skill, observer, status, start_ms, end_ms, story } = timeline;
  const title = `${skill ?? "task"} ${status} · ${task.slice(0, 12)}`;
  const seen = observer === undefined ? "" : ` As ${shortPeer(observer)} saw it.`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escaped(skill ?? "A task")} <span class="status ${status === "done" ? "good" : status === "open" ? "key" : "bad"}">${escaped(status)}</span></h1>
<p><code>${escaped(task)}</code></p>
<p>${escaped(`${duration(end_ms - start_ms)}, ${plural(story.length, "fact")}.${seen}`)}</p>
</header>
<figure>${swimlanes(timeline, escaped)}
<figcaption>${LEGEND}</figcaption>
</figure>
${choices(timeline)}
<h2>What happened</h2>
<table class="story"><tbody>
${story.map(({ at_ms, text, mood, type }) => `<tr class="${mood}"><td class="at">${since(start_ms, at_ms)}</td><td class="type">${escaped(type)}</td><td>${escaped(text)}</td></tr>`).join("\n")}
</tbody></table>
</body>
</html>
`;
}

const LEGEND = [
  ["storing", "storing"],
  ["auction", "bids"],
  ["awarding", "award"],
  ["work", "work"],
  ["run", "run on this node"],
  ["deciding", "deciding"],
]
  .map(([kind, name]) => `<span><i class="key-${kind}"></i>${name}</span>`)
  .concat(
    '<span><i class="dot good"></i>good</span><span><i class="dot bad"></i>refused or failed</span><span><i class="dot key"></i>choice</span><span>hover for details</span>',
  )
  .join("");

function choices({ facts }: Timeline): string {
  const terms = new Map<PeerId, readonly string[]>();
  const parts: string[] = [];
  for (const fact of facts) {
    if (fact.type === "proposed")
      terms.set(fact.bidder, [
        String(fact.bid.cost),
        duration(fact.bid.expected_ms),
        `${fact.bid.load_permille / 10} %`,
      ]);
    if (fact.type !== "chosen") continue;
    const rows = [fact.winner, ...fact.others].map((one, place) => {
      const cells = [shortPeer(one.bidder), one.agent, ...(terms.get(one.bidder) ?? ["", "", ""]), score(one.score)];
      return `<tr${place === 0 ? ' class="won"' : ""}>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`;
    });
    parts.push(`<h2>Who won ballot ${ballotText(fact.ballot)}, and why</h2>
<p>${escaped(fact.why)} (the lowest score wins)</p>
<table class="bids"><thead><tr><th>bidder</th><th>agent</th><th>cost</th><th>takes</th><th>load</th><th>score</th></tr></thead><tbody>
${rows.join("\n")}
</tbody></table>`);
  }
  return parts.join("\n");
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  ["'", "&#39;"],
]);

/** Safe as text and inside a quoted attribute. */
function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/g, (char) => ENTITIES.get(char) ?? "");
}

/** `moot sim --journal` for people and programs: which journals played the same, and what the checkers found over all of them. */
import { EXIT } from "../cli/exits.ts";
import { paint, plural, print, printJson, shortPeer } from "../cli/output.ts";
import { type Judged, judgeJournals } from "./journals.ts";

/** Returns the exit code: 9 when a journal diverged, 10 when a promise was broken. Throws Fault "usage" or "store-damaged". */
export function judged(places: readonly string[], asJson: boolean): number {
  const found = judgeJournals(places);
  if (asJson) printJson(found);
  else for (const line of linesOf(found)) print(line);
  if (found.breaches === undefined) return EXIT.diverged;
  return found.breaches.length === 0 ? EXIT.ok : EXIT.broken;
}

function linesOf({ lives, nodes, tasks, partly, breaches, heard, traceHash }: Judged): string[] {
  const lines = lives.map(({ folder, peer, verdict: { verdict, events, effects, whole, divergence } }) => {
    const how =
      divergence === undefined ? verdict : paint("red", `diverged at event ${divergence.event}: see moot replay`);
    const counted = `${plural(events, "event")}, ${plural(effects, "effect")}${whole ? "" : ", cut off"}`;
    return `${shortPeer(peer)}  ${how}  ${counted}  ${folder}`;
  });
  if (breaches === undefined) return [...lines, "not judged: a journal diverged"];
  const judgedBy = partly === undefined ? "all that must hold at every instant" : "P1 only";
  lines.push(
    `${plural(nodes, "node")}, ${plural(tasks, "task")}; ${plural(heard.matched, "message")} from one to another, ${heard.unsent} that none was seen to send`,
    `judged: ${judgedBy}${partly === undefined ? "" : ` (${partly})`}`,
    `trace  ${traceHash}`,
  );
  for (const { promise, detail } of breaches) lines.push(paint("red", `${promise} broken: ${detail}`));
  if (breaches.length === 0) lines.push(paint("green", "no promise was broken"));
  return lines;
}

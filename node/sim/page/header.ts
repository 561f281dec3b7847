/** The top of a page: what was run, whether the promises held, the figures, how to run it again. Pure. */
import type { RunRecord, SimReport } from "../../../sim/mod.ts";
import { brief, duration, plural } from "../../cli/output.ts";
import { count, shellWord } from "../words.ts";
import { escaped, tableOf } from "./markup.ts";

const BREACHES_MAX = 50;
/** Promises in the words of the protocol's README; what else a checker may find, in its own. */
const PROMISES = [
  ["P1", "one outcome for each task"],
  ["P2", "one contractor for each ballot"],
  ["P3", "no acknowledged task is lost"],
  ["P4", "executions carry growing fences"],
  ["P5", "coordination stays flat"],
  ["P6", "failures say why"],
  ["fence", "no fence runs twice"],
  ["capacity", "nobody works beyond its capacity"],
  ["messages", "no task talks without end"],
  ["quiet", "a decided task is silent"],
] as const;

export function header(record: RunRecord, command: string | undefined): string {
  const { report, scenario } = record;
  const { tier, seed } = report;
  const total = Object.values(report.broken).reduce((sum, one) => sum + one, 0);
  const groups = scenario.peers.map(({ name, count: peers }) => `${peers} ${name}`).slice(0, 8);
  const from = tier === "model" ? "on the modelled network" : "with real libp2p nodes in virtual time";
  return `<header>
<p class="kicker">Folkmoot · simulated run</p>
<h1>${escaped(brief(scenario.name, 80))}</h1>
<p class="lead">Seed <strong>${seed}</strong>, ${from}: ${escaped(plural(record.peers.length, "peer"))} (${escaped(groups.join(", "))}${scenario.peers.length > groups.length ? ", …" : ""}).</p>
<div class="verdict ${total === 0 ? "good" : "bad"}">
<p><strong>${total === 0 ? "No promise was broken" : `${plural(total, "breach", "breaches")} of promises`}</strong></p>
${promises(report)}
</div>
${breaches(report)}
${tiles(record)}
<section class="again"><h2>Run it again</h2>
${again(record, command)}</section>
</header>`;
}

function promises({ broken }: SimReport): string {
  const told = PROMISES.filter(([name]) => Object.hasOwn(broken, name));
  const others = Object.keys(broken).filter((name) => !PROMISES.some(([known]) => known === name));
  const items = [...told, ...others.map((name) => [name, ""] as const)].map(([name, words]) => {
    const times = broken[name] ?? 0;
    const state = times === 0 ? "no breach" : `broken ${plural(times, "time")}`;
    return `<li class="${times === 0 ? "good" : "bad"}"><b>${escaped(name)}</b> ${escaped(words)}<span class="hidden">: ${state}</span>${times === 0 ? "" : ` <em>${state}</em>`}</li>`;
  });
  return `<ul class="promises">${items.join("")}</ul>`;
}

/** A breach begins with the name of its task. */
function breaches({ breaches: all }: SimReport): string {
  if (all.length === 0) return "";
  const rows = all.slice(0, BREACHES_MAX).map(({ promise, detail }) => {
    const task = /^[0-9a-f]{8}\b/.exec(detail)?.[0];
    const open = task === undefined ? "" : `<button type="button" class="link" data-task="${task}">its story</button>`;
    return [escaped(promise), escaped(brief(detail, 400)), open];
  });
  const left = all.length - rows.length;
  const caption = left > 0 ? `The first ${rows.length} of ${all.length} breaches` : "Breaches";
  return `<section id="breaches"><h2>What was broken</h2>
${tableOf([{ head: "promise" }, { head: "what was seen" }, { head: "task" }], rows, caption)}</section>`;
}

function tiles({ report, faults, executions }: RunRecord): string {
  const { tasks, latencyMs, messagesPerTask, bidsPerTask } = report;
  const untaken = tasks.submitted - tasks.acknowledged;
  const rest = (["failed", "expired", "cancelled", "undecided"] as const)
    .filter((key) => tasks[key] > 0)
    .map((key) => `${count(tasks[key])} ${key}`);
  const wall = report.wallMs > 0 ? `simulated in ${duration(report.wallMs)}, ` : "";
  const figures: readonly (readonly [string, string, string])[] = [
    [
      "tasks done",
      `${count(tasks.done)} <small>of ${count(tasks.submitted)}</small>`,
      [...rest, ...(untaken > 0 ? [`${count(untaken)} never acknowledged`] : [])].join(", ") || "all of them",
    ],
    ["from submit to outcome", duration(latencyMs.p50), `median; 99 % within ${duration(latencyMs.p99)}`],
    ["messages a task", count(messagesPerTask.mean), `on average; at most ${count(messagesPerTask.max)}`],
    ["bids a task", count(bidsPerTask.mean), `on average; at most ${count(bidsPerTask.max)}`],
    [
      "executions",
      count(executions.length),
      `${count(report.duplicateExecutions)} beyond a task's first, ${count(report.overlappingExecutions)} overlapped`,
    ],
    [
      "choice quality",
      `${count(report.choiceQuality / 10)} <small>%</small>`,
      "of the best choice anybody could have made",
    ],
    ["faults struck", count(faults.length), kindsOf(faults)],
    ["virtual time", escaped(duration(report.virtualMs)), `${wall}${count(report.events)} events`],
  ];
  const items = figures.map(
    ([name, value, more]) => `<div><dt>${name}</dt><dd><b>${value}</b><span>${escaped(more)}</span></dd></div>`,
  );
  return `<dl class="tiles">${items.join("\n")}</dl>`;
}

function kindsOf(faults: RunRecord["faults"]): string {
  const kinds = new Map<string, number>();
  for (const { what } of faults) {
    const [kind = ""] = what.split(" ");
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const told = [...kinds].toSorted(([, one], [, other]) => other - one).slice(0, 4);
  return told.map(([kind, times]) => `${times} ${brief(kind, 24)}`).join(", ") || "none was planned";
}

function again({ scenario, report }: RunRecord, command: string | undefined): string {
  const file = `${scenario.name.replaceAll(/[^\w.-]/g, "-").slice(0, 48)}-${report.seed}.yaml`;
  const shown = command ?? `moot sim ${shellWord(file)}`;
  const how =
    command === undefined
      ? `after saving <a href="#scenario">the scenario</a> as <code>${escaped(file)}</code>. The same scenario`
      : "The same scenario";
  return `<p><code class="command">${escaped(shown)}</code></p>
<p class="quiet">${how} and seed give the same run${report.traceHash === "" ? "" : `, with the trace <code>${escaped(report.traceHash)}</code>`}.</p>`;
}

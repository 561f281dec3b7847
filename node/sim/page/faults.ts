/** The table of what struck when, and what was wrong all the time. Pure. */
import type { Faults, RunRecord } from "../../../sim/mod.ts";
import { duration } from "../../cli/output.ts";
import type { Spell } from "./client/data.ts";
import type { Frame } from "./frame.ts";
import { escaped, tableOf } from "./markup.ts";

const ROWS_MAX = 300;
const PEERS_MAX = 12;

export function faultsTable(spells: readonly Spell[], frame: Frame): string {
  const constant = always(frame.record);
  const told = constant.length === 0 ? "" : `<p>All through the trouble: ${escaped(constant.join(", "))}.</p>`;
  if (spells.length === 0) return `${told}<p class="quiet">Nothing struck at a time of its own.</p>`;
  const shown = spells.slice(0, ROWS_MAX);
  const rows = shown.map(({ at, until, what, peers, bridge }) => [
    `<button type="button" class="link" data-at="${at}">${escaped(duration(Math.max(0, at)))}</button>`,
    until > at ? escaped(duration(until - at)) : "",
    escaped(WORDS.get(what) ?? what),
    escaped(
      whom(peers, frame) + (bridge === undefined ? "" : `; ${frame.named[bridge]?.name ?? ""} reaches both sides`),
    ),
  ]);
  const left = spells.length - shown.length;
  const caption =
    left > 0 ? `The first ${shown.length} of ${spells.length} faults` : "A time shows the network at that instant";
  const columns = [{ head: "at", number: true }, { head: "for", number: true }, { head: "what" }, { head: "whom" }];
  return told + tableOf(columns, rows, caption);
}

const WORDS: ReadonlyMap<string, string> = new Map([
  ["crash", "crash: all but the disk is lost"],
  ["pause", "pause: hears and says nothing"],
  ["slow", "slow: every event takes long"],
  ["split", "split: cut off from all others"],
  ["one-way", "one-way: the first cannot reach the second"],
  ["ring", "ring: each reaches its two neighbours only"],
  ["burst", "burst of losses"],
  ["clock-jump", "calendar clock jumps"],
  ["drain", "drains: takes no new work"],
]);

function whom(peers: readonly number[], { named }: Frame): string {
  if (peers.length === 0) return "everybody";
  const names = peers.slice(0, PEERS_MAX).map((peer) => named[peer]?.name ?? "");
  return names.join(", ") + (peers.length > PEERS_MAX ? ` and ${peers.length - PEERS_MAX} more` : "");
}

const SHARES = [
  ["loss_permille", "of messages lost"],
  ["duplicate_permille", "come twice"],
  ["slow_permille", "come late"],
  ["gossip_loss_permille", "of gossip lost"],
  ["slander_permille", "falsely said to be unreachable"],
  ["blank_permille", "of look-ups find nothing"],
] as const satisfies readonly (readonly [keyof Faults, string])[];

/** Rates. What comes again and again stands in the plan, stroke by stroke, when it was drawn beforehand. */
function always({ scenario }: RunRecord): readonly string[] {
  const { faults, peers } = scenario;
  const liars = peers.reduce((sum, group) => sum + group.liars, 0);
  return [
    ...SHARES.flatMap(([key, text]) => (faults[key] > 0 ? [`${faults[key] / 10} % ${text}`] : [])),
    ...(faults.muffled.length > 0 ? [`most of ${faults.muffled.join(", ")} lost`] : []),
    ...(faults.late_ms > 0 ? [`alarms ring up to ${duration(faults.late_ms)} late`] : []),
    ...(faults.skew_ms > 0 ? [`calendars differ by up to ${duration(faults.skew_ms)}`] : []),
    ...(faults.crash_every_ms > 0 ? [`a crash every ${duration(faults.crash_every_ms)}`] : []),
    ...(faults.partition_every_ms > 0 ? [`a partition every ${duration(faults.partition_every_ms)}`] : []),
    ...(faults.pause_every_ms > 0 ? [`a pause every ${duration(faults.pause_every_ms)}`] : []),
    ...(liars > 0 ? [`${liars} peers lie`] : []),
  ];
}

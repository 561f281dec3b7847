/** What went on over time, and how much of that time is worth looking at. Pure. */
import type { SeriesData } from "./client/data.ts";
import type { Frame } from "./frame.ts";
import type { Group } from "./group.ts";

const SAMPLES_MAX = 2_000;
/** Room after the last thing that happened, in thousandths of the time until then. */
const AFTER_PERMILLE = 60;
const BUSY_MS_MIN = 100;

/** Messages are counts between two samples: these are added up when samples are left out, the others are taken as they are. */
export function seriesOf({ record }: Frame): SeriesData {
  const { every_ms, open, running, messages, up } = record.series;
  const step = Math.max(1, Math.ceil(open.length / SAMPLES_MAX));
  const some = (values: readonly number[]) => values.filter((_, place) => place % step === 0);
  const sums = some(messages).map((_, place) =>
    messages.slice(Math.max(0, (place - 1) * step + 1), place * step + 1).reduce((sum, value) => sum + value, 0),
  );
  // The first sample is a nought that stands for the beginning: nobody counted peers then.
  const counted = up.length > 1 ? [up[1] ?? 0, ...up.slice(1)] : up;
  return {
    every: every_ms * step,
    open: some(open),
    running: some(running),
    messages: sums,
    up: some(counted),
  };
}

/** Until the last task was decided, the last execution over, the last fault healed. */
export function busyUntil(frame: Frame, groups: readonly Group[]): number {
  let last_ms = BUSY_MS_MIN;
  // A task that nobody decided, or an execution that never ended, is open to the end: that is no reason to show all of it.
  const note = (world_ms: number | undefined) => {
    const at = world_ms === undefined ? 0 : frame.at(world_ms);
    if (at > last_ms && at < frame.end_ms) last_ms = at;
  };
  for (const { at, decided, runs } of groups) {
    note(decided?.at ?? at);
    for (const { ended, started } of runs) note(ended ?? started);
  }
  for (const { at, until } of frame.record.faults) note(until ?? at);
  return Math.min(frame.end_ms, Math.ceil(last_ms * (1 + AFTER_PERMILLE / 1000)));
}

/** Times, names and codes as people read them. */
import type { Flag, MarkKind, PageData } from "./data.ts";

/** `340 ms`, `1.25 s`, `4 min 10 s`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${ms < 10 && ms > 0 ? ms.toFixed(1) : Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1_000)} s`;
  return `${Math.floor(ms / 3_600_000)} h ${Math.floor((ms % 3_600_000) / 60_000)} min`;
}

/** A round time on an axis: no more digits than it needs. */
export function tickText(ms: number): string {
  if (ms === 0) return "0";
  const [unit_ms, unit] =
    ms % 3_600_000 === 0
      ? [3_600_000, "h"]
      : ms % 60_000 === 0
        ? [60_000, "min"]
        : ms < 1_000
          ? [1, "ms"]
          : [1_000, "s"];
  return `${Number((ms / Number(unit_ms)).toFixed(3))} ${unit}`;
}

const STEPS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500].flatMap((step) => [step, step * 1_000]);
const LONG_MS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 7_200].map((minutes) => minutes * 60_000);
const ALL_MS = [...STEPS_MS.filter((step) => step < 60_000), ...LONG_MS].sort((one, other) => one - other);

/** Round times from `from` to `until`, at most `count` of them or a few more. */
export function ticks(from: number, until: number, count: number): number[] {
  const step = ALL_MS.find((ms) => (until - from) / ms <= count) ?? until - from;
  const found: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= until && found.length <= 2 * count; at += step) found.push(at);
  return found;
}

export function plural(count: number, one: string): string {
  return `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;
}

export function peerName(data: PageData, peer: number): string {
  return data.peers[peer]?.name ?? "nobody";
}
export function names(data: PageData, peers: readonly number[], most = 12): string {
  const some = peers.slice(0, most).map((peer) => peerName(data, peer));
  return peers.length > most ? `${some.join(", ")} and ${peers.length - most} more` : some.join(", ");
}

export const FLAGS: Readonly<Record<Flag, string>> = {
  broken: "broke a promise",
  open: "undecided",
  failed: "not done",
  lost: "lost lease",
  taken: "taken over",
  again: "awarded again",
  twice: "ran twice at once",
  slow: "slow",
};

export const MARKS: Readonly<Record<MarkKind, string>> = {
  again: "awarded again",
  lost: "lease lost",
  ended: "attempt ended",
  refused: "award refused",
  taken: "taken over",
  moved: "went on under a new conductor",
  proof: "equivocation",
  done: "decided: done",
  failed: "decided: not done",
};

export function scoreText(score: number): string {
  return score >= 1_000 ? Math.round(score).toLocaleString("en") : String(Number(score.toPrecision(4)));
}

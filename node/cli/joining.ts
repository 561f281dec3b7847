/**
 * What `moot up` says about addresses to join at which nobody answers: a node that cannot join works alone, which looks like
 * one that has nothing to do. Takes the view of somebody who looks every second, and is told the time with each look. It cannot
 * tell a wrong network key from a broken line for sure, so it names all that it may be. Dialling again is the host's affair.
 */
import type { Joining } from "../moot-node.ts";
import { paint, visible } from "./output.ts";

const SECOND = 1_000;

export const WARN = {
  /** A dial takes as long at most, and those who start together have met long before. */
  first_ms: 5 * SECOND,
  /** Between warnings, doubling. */
  pause_ms: 10 * SECOND,
  pause_ms_max: 300 * SECOND,
} as const;

/** An event for programs, and the same for people. */
export interface Notice {
  readonly event: "join-failed" | "joined";
  readonly fields: object;
  readonly text: string;
}

type Way = Joining["ways"][number];

const LIKELY =
  "  likely a wrong address, another network key or name, a firewall, or that node is not up; it is tried again and again";

export class JoinWatch {
  #warn_at: number | undefined;
  #pause_ms: number = WARN.pause_ms;
  #warned = false;

  /** What is to be said now. `now` never decreases. */
  look(now: number, { joined, ways }: Joining): readonly Notice[] {
    if (ways.length === 0) return [];
    if (joined) return this.#joined();
    this.#warn_at ??= now + WARN.first_ms;
    if (now < this.#warn_at) return [];
    this.#warn_at = now + this.#pause_ms;
    this.#pause_ms = Math.min(2 * this.#pause_ms, WARN.pause_ms_max);
    this.#warned = true;
    return ways.map((way, index) => failed(way, index === ways.length - 1));
  }

  #joined(): readonly Notice[] {
    const warned = this.#warned;
    this.#warn_at = undefined;
    this.#pause_ms = WARN.pause_ms;
    this.#warned = false;
    if (!warned) return [];
    const text = paint("green", "joined: a member of the network answers", process.stderr);
    return [{ event: "joined", fields: {}, text }];
  }
}

function failed(way: Way, last: boolean): Notice {
  const { address: addr } = way;
  const error = errorOf(way);
  const warning = paint("yellow", "warning:", process.stderr);
  const text = `${warning} cannot join through ${visible(addr)}: ${visible(error)}${last ? `\n${LIKELY}` : ""}`;
  return { event: "join-failed", fields: { addr, error }, text };
}

function errorOf({ tried, error }: Way): string {
  if (!tried) return "no answer yet";
  return error ?? "it answers, but is no member of this network";
}

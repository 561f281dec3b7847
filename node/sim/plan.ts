/**
 * Planned faults as a scenario file writes them: one key names the kind and whom it strikes, the others say when and how long, as
 * in `{ at_ms: 500, crash: 3, down_ms: 2000 }`. Both ways: from the file, and back into one. Pure.
 */
import { z } from "zod";
import { LIMITS } from "../../protocols/mod.ts";
import type { PlannedFault } from "../../sim/mod.ts";
import { handOn, map, must, oneOf, say, whole } from "../fields/fields.ts";
import { nearest } from "../fields/near.ts";
import { SIM } from "./limits.ts";
import { said } from "./said.ts";

const time_ms = whole(0, SIM.span_ms, "a whole number of milliseconds");
const peer = whole(0, SIM.agents - 1, "a peer's number");
const timed = { at_ms: time_ms.default(0) };
const lasting = { ...timed, for_ms: time_ms.default(1_000) };

const KINDS = {
  crash: map("a map such as { at_ms: 500, crash: 3, down_ms: 2000 }", {
    ...timed,
    crash: peer,
    down_ms: time_ms.default(1_000),
    after_effects: whole(0, 10_000, "a number of effects").exactOptional(),
  }).transform(({ crash, ...rest }): PlannedFault => ({ type: "crash", peer: crash, ...rest })),
  crash_at: map("a map such as { crash_at: 3, kind: accept, when: before, down_ms: 2000 }", {
    ...timed,
    crash_at: peer,
    kind: said,
    nth: whole(0, 1_000_000).default(0),
    when: oneOf(["before", "after"]).default("before"),
    down_ms: time_ms.default(1_000),
  }).transform(({ crash_at, ...rest }): PlannedFault => ({ type: "crash-at", peer: crash_at, ...rest })),
  pause: map("a map such as { at_ms: 500, pause: 3, for_ms: 2000 }", { ...lasting, pause: peer }).transform(
    ({ pause, ...rest }): PlannedFault => ({ type: "pause", peer: pause, ...rest }),
  ),
  slow: map("a map such as { at_ms: 500, slow: 3, event_us: 5000, for_ms: 2000 }", {
    ...lasting,
    slow: peer,
    event_us: whole(1, 60_000_000, "a whole number of microseconds").default(1_000),
  }).transform(({ slow, ...rest }): PlannedFault => ({ type: "slow", peer: slow, ...rest })),
  split: map("a map such as { at_ms: 900, split: [0, 1], for_ms: 5000 }", {
    ...lasting,
    split: z
      .array(peer, must("the list of peers on one side, such as [0, 1]"))
      .min(1, must("a list of at least one peer")),
    bridge: peer.exactOptional(),
  }).transform(({ split, ...rest }): PlannedFault => ({ type: "split", group: split, ...rest })),
  one_way: map("a map such as { at_ms: 900, one_way: [0, 1], for_ms: 5000 }", {
    ...lasting,
    one_way: z.tuple([peer, peer], must("two peers: from and to, such as [0, 1]")),
  }).transform(({ one_way: [from, to], ...rest }): PlannedFault => ({ type: "one-way", from, to, ...rest })),
  ring: map("a map such as { at_ms: 900, ring: true, for_ms: 5000 }", {
    ...lasting,
    ring: z.literal(true, must("true")),
  }).transform(({ ring: _, ...rest }): PlannedFault => ({ type: "ring", ...rest })),
  burst: map("a map such as { at_ms: 900, burst: 300, for_ms: 5000 }", {
    ...lasting,
    burst: whole(1, 1_000, "thousandths of all messages that are lost,"),
  }).transform(({ burst, ...rest }): PlannedFault => ({ type: "burst", loss_permille: burst, ...rest })),
  clock_jump: map("a map such as { at_ms: 900, clock_jump: 3, by_ms: -5000 }", {
    ...timed,
    clock_jump: peer,
    by_ms: whole(-SIM.span_ms, SIM.span_ms, "a whole number of milliseconds").default(LIMITS.clock_tolerance_ms / 2),
  }).transform(({ clock_jump, ...rest }): PlannedFault => ({ type: "clock-jump", peer: clock_jump, ...rest })),
  drain: map("a map such as { at_ms: 900, drain: 3 }", { ...timed, drain: peer }).transform(
    ({ drain, ...rest }): PlannedFault => ({ type: "drain", peer: drain, ...rest }),
  ),
  message: map('a map such as { message: "accept:…", fate: lost }', {
    ...timed,
    message: z
      .string(must("a message's name: kind:task:ballot:from:to:nth"))
      .min(1, must("a message's name"))
      .max(400, must("shorter")),
    fate: oneOf(["lost", "twice", "late"]).default("lost"),
    late_ms: time_ms.exactOptional(),
  }).transform(({ message, ...rest }): PlannedFault => ({ type: "message", name: message, ...rest })),
} satisfies Record<string, z.ZodType<PlannedFault>>;

type Kind = keyof typeof KINDS;
const NAMES = Object.keys(KINDS).filter((name): name is Kind => name in KINDS);

export const plan = z.unknown().transform((value, context): PlannedFault => {
  const keys = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value) : undefined;
  const [kind, second] = NAMES.filter((name) => keys?.includes(name));
  if (kind === undefined || second !== undefined) {
    const problem =
      keys === undefined
        ? "is no planned fault"
        : kind === undefined
          ? "names no fault"
          : `names two: ${kind} and ${second}`;
    say(context, { problem, remedy: kindless(keys ?? []) });
    return z.NEVER;
  }
  const found = KINDS[kind].safeParse(value);
  if (found.success) return found.data;
  handOn(context, found.error);
  return z.NEVER;
});

function kindless(keys: readonly string[]): string {
  const meant = keys
    .filter((key) => !["at_ms", "for_ms"].includes(key))
    .map((key) => nearest(key.replaceAll("-", "_"), NAMES));
  const [first] = meant.filter((name) => name !== undefined);
  if (first !== undefined && !keys.includes(first)) return `did you mean ${first}?`;
  return `give exactly one of ${NAMES.join(", ")}`;
}

/** As it stands in a file. */
export function planned(fault: PlannedFault): Readonly<Record<string, unknown>> {
  switch (fault.type) {
    case "crash":
    case "pause":
    case "slow":
    case "drain": {
      const { type, peer, at_ms, ...rest } = fault;
      return { at_ms, [type]: peer, ...rest };
    }
    case "clock-jump": {
      const { type: _, peer, at_ms, ...rest } = fault;
      return { at_ms, clock_jump: peer, ...rest };
    }
    case "crash-at": {
      const { type: _, peer, at_ms, ...rest } = fault;
      return { at_ms, crash_at: peer, ...rest };
    }
    case "split": {
      const { type: _, group, at_ms, ...rest } = fault;
      return { at_ms, split: group, ...rest };
    }
    case "one-way": {
      const { type: _, from, to, at_ms, ...rest } = fault;
      return { at_ms, one_way: [from, to], ...rest };
    }
    case "ring": {
      const { type: _, at_ms, ...rest } = fault;
      return { at_ms, ring: true, ...rest };
    }
    case "burst": {
      const { type: _, loss_permille, at_ms, ...rest } = fault;
      return { at_ms, burst: loss_permille, ...rest };
    }
    case "message": {
      const { type: _, name, at_ms, ...rest } = fault;
      return { at_ms, message: name, ...rest };
    }
  }
}

/** Every peer that a planned fault names. */
export function struck(fault: PlannedFault): readonly number[] {
  switch (fault.type) {
    case "split":
      return fault.bridge === undefined ? fault.group : [...fault.group, fault.bridge];
    case "one-way":
      return [fault.from, fault.to];
    case "ring":
    case "burst":
    case "message":
      return [];
    default:
      return [fault.peer];
  }
}

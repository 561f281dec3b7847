/**
 * The shape of a scenario file, in zod: the keys are those of `sim/scenario.ts`, every key has a default, and every message says
 * what would be right. What depends on other keys or on the seed (names of groups, the length of the trouble, drawn faults) is
 * left open here and filled in by `compose.ts`. Pure.
 */
import { z } from "zod";
import { LIMITS, parseSkill } from "../../protocols/mod.ts";
import {
  type Faults,
  LAN,
  type NetworkModel,
  PEERS,
  type PeerGroup,
  type Span,
  TASKS,
  type TaskGroup,
} from "../../sim/mod.ts";
import { handOn, map, must, oneOf, parsed, say, whole } from "../fields/fields.ts";
import { SIM } from "./limits.ts";
import { MIX_NAMES } from "./names.ts";
import { plan } from "./plan.ts";
import { said } from "./said.ts";

const SLOW_US_MAX = 60_000_000;
const COST_MAX = 1e12;
const PERMILLE = 1_000;

const name = parsed(
  (text) => (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text) ? text : undefined),
  "a name of letters, digits, '-', '_' and '.', at most 64",
);
const skill = parsed(parseSkill, "a lower-case dotted name and a major version, such as text.count@1");
const permille = whole(0, PERMILLE, "a number of thousandths");
const time_ms = whole(0, SIM.span_ms, "a whole number of milliseconds");
const yes = z.boolean(must("true or false"));

/** A number, or the two ends of an even draw. */
function span(min: number, max: number) {
  const right = `a whole number from ${min} to ${max}, or two of them such as [50, 500]`;
  const one = whole(min, max);
  return z.union([one, z.tuple([one, one]).readonly()], must(right)).check((context) => {
    const { value } = context;
    if (typeof value !== "number" && value[0] > value[1])
      say(context, { problem: `is [${value.join(", ")}]`, remedy: "the smaller one comes first" });
  }) satisfies z.ZodType<Span>;
}
const moment = span(0, SIM.span_ms);
const working_ms = span(0, LIMITS.deadline_ms_max);

const peers = map("a map such as { count: 10, skills: [text.count@1] }", {
  name: name.exactOptional(),
  count: whole(0, SIM.agents).default(PEERS.count),
  skills: z
    .array(skill, must("a list of skills"))
    .max(SIM.skills, must("shorter"))
    .prefault([...PEERS.skills]),
  concurrency: span(1, 1_024).default(PEERS.concurrency),
  cost: span(0, COST_MAX).default(PEERS.cost),
  expected_ms: span(1, LIMITS.deadline_ms_max).default(PEERS.expected_ms),
  work_ms: working_ms.exactOptional(),
  tool_calls: whole(0, SIM.tool_calls).default(PEERS.tool_calls),
  fail_permille: permille.default(PEERS.fail_permille),
  retry_permille: permille.default(PEERS.retry_permille),
  stall_permille: permille.default(PEERS.stall_permille),
  deaf_permille: permille.default(PEERS.deaf_permille),
  silent_permille: permille.default(PEERS.silent_permille),
  liars: whole(0, SIM.agents).default(PEERS.liars),
  durable: yes.default(PEERS.durable),
  joins_ms: moment.exactOptional(),
  leaves_ms: moment.exactOptional(),
  slow_us: whole(0, SLOW_US_MAX, "a whole number of microseconds").default(PEERS.slow_us),
  region: whole(0, SIM.regions - 1).exactOptional(),
} satisfies Record<keyof PeerGroup, z.ZodType>);

const tasks = map("a map such as { skill: text.count@1, count: 10 }", {
  name: name.exactOptional(),
  skill: skill.exactOptional(),
  count: whole(0, SIM.tasks).default(TASKS.count),
  at_ms: time_ms.default(TASKS.at_ms),
  every_ms: moment.default(TASKS.every_ms),
  from: name.exactOptional(),
  peer: whole(0, SIM.agents - 1, "a peer's number").exactOptional(),
  reach: oneOf(["auto", "directed", "wide"]).default(TASKS.reach),
  sealed: yes.default(TASKS.sealed),
  custodians: z.literal([1, 3, 5], must("1, 3 or 5")).exactOptional(),
  deadline_ms: span(1, LIMITS.deadline_ms_max).default(TASKS.deadline_ms),
  lease_ms: span(LIMITS.lease_ms_min, LIMITS.lease_ms_max).default(TASKS.lease_ms),
  attempts_max: span(1, LIMITS.attempts_max).default(TASKS.attempts_max),
  cancel_permille: permille.default(TASKS.cancel_permille),
  cancel_ms: moment.default(TASKS.cancel_ms),
  input_bytes: whole(2, LIMITS.body_bytes, "a whole number of bytes").default(TASKS.input_bytes),
} satisfies Record<keyof TaskGroup, z.ZodType>);

const delay_ms = whole(0, SIM.delay_ms, "a whole number of milliseconds");
const network = map("a map such as { delay_ms: [1, 3] }", {
  delay_ms: span(0, SIM.delay_ms).default(LAN.delay_ms),
  regions: z
    .array(z.array(delay_ms, must("a list of delays")), must("a list of rows of delays, such as [[1, 40], [40, 1]]"))
    .max(SIM.regions, must("shorter"))
    .exactOptional(),
  tail_permille: permille.default(LAN.tail_permille),
  tail_factor: whole(1, 10_000).default(LAN.tail_factor),
  bandwidth_kbps: whole(0, 1e9).default(LAN.bandwidth_kbps),
  topology: oneOf(["full", "mesh"]).default(LAN.topology),
  degree: whole(1, 1_024).default(LAN.degree),
  warm_cards: whole(0, SIM.agents).exactOptional(),
  cards_max: whole(1, SIM.agents).exactOptional(),
  sync_us: whole(0, SLOW_US_MAX, "a whole number of microseconds").default(LAN.sync_us),
  drift_ppm: whole(0, 100_000).default(LAN.drift_ppm),
} satisfies Record<keyof NetworkModel, z.ZodType>);

const messages = z.array(said, must("a list of types of messages, such as [promise, accept]"));
const pause_ms = time_ms.exactOptional();
const share = permille.exactOptional();
const rates = {
  loss_permille: share,
  duplicate_permille: share,
  muffled: messages.exactOptional(),
  slow_permille: share,
  slow_ms: pause_ms,
  slander_permille: share,
  gossip_loss_permille: share,
  late_ms: pause_ms,
  skew_ms: pause_ms,
  blank_permille: share,
  crash_every_ms: pause_ms,
  crash_on: messages.exactOptional(),
  crash_on_permille: share,
  down_ms: pause_ms,
  partition_every_ms: pause_ms,
  partition_ms: pause_ms,
  pause_every_ms: pause_ms,
  pause_ms,
} satisfies Record<keyof Faults, z.ZodType>;

const mix = oneOf(MIX_NAMES);
const FAULTS = `${MIX_NAMES.join(", ")}, or a map of rates`;
const faults = z
  .unknown()
  .transform((value, context) => {
    const shape = typeof value === "string" ? mix : map(FAULTS, { preset: mix.default("none"), ...rates });
    const found = shape.safeParse(value);
    if (!found.success) {
      handOn(context, found.error);
      return z.NEVER;
    }
    if (typeof found.data === "string") return { preset: found.data, rates: {} };
    const { preset, ...rest } = found.data;
    return { preset, rates: rest };
  })
  .prefault("none");

const groups = <T>(one: z.ZodType<T>, right: string) =>
  z.array(one, must(right)).max(SIM.groups, must(`at most ${SIM.groups}`));

export const scenarioSchema = map("a map with keys such as peers, tasks and faults", {
  name: name.default("scenario"),
  seed: whole(0, SIM.seed).default(1),
  peers: groups(peers, "a list of groups of peers").min(1, must("a list of at least one group")).prefault([{}]),
  tasks: groups(tasks, "a list of groups of tasks").prefault([{}]),
  network: network.prefault({}),
  faults,
  plan: z
    .array(plan, must("a list of planned faults"))
    .max(SIM.plan, must(`at most ${SIM.plan}`))
    .default([]),
  trouble_ms: time_ms.exactOptional(),
  settle_ms: time_ms.exactOptional(),
  dead: z.array(whole(0, SIM.agents - 1), must("a list of peers' numbers")).default([]),
});

/** A scenario as its author wrote it, defaults filled in. */
export type Draft = z.output<typeof scenarioSchema>;
export type DraftInput = z.input<typeof scenarioSchema>;

/** Every key of a file, for whoever describes them. */
export const KEYS: readonly string[] = [scenarioSchema, peers, tasks, network]
  .flatMap(({ shape }) => Object.keys(shape))
  .concat(Object.keys(rates));

/**
 * Playing a recorded run again: the handler of today, the answers of then. Nothing live is called: a handler that is a program is
 * not started unless the caller says so, because it may touch the world. Ends in a verdict, never in an exception of the handler's.
 */

import { Fault } from "../fault.ts";
import { handlerOf } from "../handlers/kinds.ts";
import { type AgentSpec, type Call, type Handler, type Ran, runAgent } from "../handlers/mod.ts";
import { type Difference, difference } from "./difference.ts";
import { RECORDS } from "./limits.ts";
import type { RecordOfRun } from "./reading.ts";
import { type Divergence, RecordedWorld } from "./recorded-world.ts";
import { type BlobSource, type Missing, replayBlobs } from "./replay-blobs.ts";
import type { Act, End } from "./shapes.ts";

/** Programs, which the context does not see: what they do goes past it. */
const OPAQUE: ReadonlySet<string> = new Set(["exec"]);

export type Verdict =
  | { readonly verdict: "same" }
  /** The record has no end, for its node was killed: the same up to its last whole line. */
  | { readonly verdict: "same-so-far" }
  /** The chain is whole, and the handler was not run. */
  | { readonly verdict: "not-run"; readonly why: string; readonly remedy: string }
  | { readonly verdict: "diverged"; readonly divergence: Divergence };

export interface ReplayOptions {
  /** Programs are run too. */
  readonly live: boolean;
  /** Where the bytes of blobs are; absent: nowhere, and a run that reads some is not played. */
  readonly blobs?: BlobSource;
}

export async function replayRun(record: RecordOfRun, agent: AgentSpec, options: ReplayOptions): Promise<Verdict> {
  const not = unplayable(record, agent, options);
  if (not !== undefined) return { verdict: "not-run", ...not };
  const { header, acts, end } = record;
  const stop = new AbortController();
  const over = Promise.withResolvers<undefined>();
  const diverged = Promise.withResolvers<undefined>();
  const world = new RecordedWorld({
    acts,
    onDiverged: () => diverged.resolve(undefined),
    // The time was up, or it was cancelled, then: so it is now. Where the record was cut off, nothing more can be compared.
    onOver: () => (end === undefined ? over.resolve(undefined) : isHalted(end) && stop.abort()),
    isCut: end === undefined,
  });
  const handler = handlerOf(agent.handler, agent);
  const call: Call = {
    task: header.task,
    skill: header.skill,
    input: JSON.parse(header.input) as unknown,
    fence: header.fence,
    deadline_ms: RECORDS.replay_ms,
    ...(header.budget === undefined ? {} : { budget: header.budget }),
  };
  const { stall_ms: _, ...unhurried } = agent;
  const patient: AgentSpec = {
    ...unhurried,
    timeout_ms: RECORDS.replay_ms,
    handler: { kind: "code", handler: asThen(handler, record) },
  };
  const missing = Promise.withResolvers<Missing>();
  const blobs = replayBlobs(options.blobs, { onMissing: missing.resolve, working: () => world.working() });
  const onEntry = (entry: Parameters<RecordedWorld["said"]>[0]) => world.said(entry);
  try {
    const ran = await Promise.race([
      runAgent(patient, call, { world, onEntry, signal: stop.signal, blobs }),
      diverged.promise,
      over.promise,
      missing.promise,
    ]);
    if (ran !== undefined && "missing" in ran) return { verdict: "not-run", ...ran.missing };
    const divergence = world.missing() ?? (ran === undefined ? undefined : compared(record, ran));
    if (divergence !== undefined) return { verdict: "diverged", divergence };
    return { verdict: record.digest === undefined ? "same-so-far" : "same" };
  } finally {
    world.close();
    stop.abort();
    await handler.close?.();
  }
}

function unplayable({ header, acts, end }: RecordOfRun, agent: AgentSpec, { live }: ReplayOptions) {
  if (agent.handler.kind !== header.kind)
    throw new Fault("usage", `the run was one of ${header.kind}, and ${agent.name} is ${agent.handler.kind} now`, {
      remedy: "give the config of then with --config",
    });
  if (OPAQUE.has(header.kind) && !live) {
    return {
      why: `its handler is a program (${header.runs}), which was not started: it may touch the world`,
      remedy: "--live starts it",
    };
  }
  if (end === undefined && acts.length === 0)
    return {
      why: "its record was cut off before the run asked or said anything, so there is nothing to compare",
      remedy: "none: what came after is in no file",
    };
  if (end?.truncated !== undefined)
    return {
      why: `the record was full, and ${end.truncated} more acts are not in it`,
      remedy: "nothing brings them back",
    };
  const large = acts.findIndex((act) => act.type === "tool" && act.answer.ok && act.answer.omitted !== undefined);
  if (large === -1) return undefined;
  return {
    why: `line ${large + 2} has only the digest of a tool's answer, which was larger than ${RECORDS.value_bytes} bytes`,
    remedy: "let the tool answer with a reference to what is large",
  };
}

/** The handler, told the time that it had then. */
function asThen(handler: Handler, { header }: RecordOfRun): Handler {
  const { deadline_ms, budget_ms } = header;
  return { run: (call, context) => handler.run({ ...call, deadline_ms }, { ...context, deadline_ms: budget_ms }) };
}

function isHalted({ result }: End): boolean {
  return !result.ok && (result.reason === "timeout" || result.reason === "cancelled");
}

/** The end against the end, where there is one. */
function compared({ end, acts }: RecordOfRun, ran: Ran): Divergence | undefined {
  if (end === undefined) return undefined;
  const then = end.result;
  const now = ran.ok ? { ok: true, output: ran.output } : { ok: false, reason: ran.reason, message: ran.message };
  if (isHalted(end) && !ran.ok && (ran.reason === "timeout" || ran.reason === "cancelled")) return undefined;
  const recorded = then.ok ? then : { ok: false, reason: then.reason, message: then.message };
  const found: Difference | undefined = difference(recorded, now);
  if (found === undefined) return undefined;
  const why = then.ok && ran.ok ? "the output is another one" : "it ended in another way";
  return { line: acts.length + 2, recorded, asked: now, difference: found, why: `${why}. ${REMEDY}` };
}

const REMEDY =
  "if the code is the same, something in it comes from outside: use context.now() for Date.now(), context.random() for Math.random(), context.tool() for everything else";

export function countTools(acts: readonly Act[]): number {
  return acts.filter(({ type }) => type === "tool" || type === "open").length;
}

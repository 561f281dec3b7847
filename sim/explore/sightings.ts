/** What a witness sees of one effect: words on disks, notes, executions. Messages are nobody's evidence. */
import type { Effect, Fact, Kept } from "../../protocols/mod.ts";
import type { Names } from "./names.ts";
import { CANCELS } from "./small-world.ts";
import type { Sighting } from "./witness.ts";

/** What only a peer says that does not know the outcome. */
const CONDUCTING: ReadonlySet<Fact["type"]> = new Set(["called", "chosen", "awarded", "prepared", "found", "accepted"]);

export function sightings(effect: Effect, node: number, names: Names): readonly Sighting[] {
  switch (effect.type) {
    case "keep":
      return effect.record === null ? [] : kept(effect.record, node, names);
    case "note":
      return noted(effect.fact, node, names);
    case "run":
      return [{ type: "ran", node, task: names.task(effect.task), fence: effect.fence }];
    case "answer":
      return effect.answer.ok && effect.ref < CANCELS ? [{ type: "promised to keep", node, task: effect.ref }] : [];
    case "refuse": {
      const detail = `${names.name(node)} charges ${names.nameOf(effect.from)} with ${effect.clause}: ${effect.detail}`;
      return [{ type: "broke", node, promise: "honesty", detail }];
    }
    default:
      return [];
  }
}

/** An award that a conductor gives itself is never sent, and a vote that never left its voter counts: disks are the witness. */
function kept(record: Kept, node: number, names: Names): readonly Sighting[] {
  if (record.kind !== "custody") return [];
  const seen: Sighting[] = [];
  const { awarded, accepted, decided } = record;
  if (awarded !== undefined) {
    const { task, ballot, contractor } = awarded.value;
    const signer = names.indexOf(awarded.signer);
    const whom = contractor === null ? null : names.indexOf(contractor);
    seen.push({ type: "awarded", node, task: names.task(task), ballot, signer, contractor: whom });
  }
  if (accepted === undefined) return seen;
  const { value } = accepted.value.outcome;
  const task = names.task(value.task);
  const outcome = names.outcome(value);
  const contractor = value.contractor === undefined ? undefined : names.indexOf(value.contractor);
  if (decided) seen.push({ type: "decided", node, task, outcome, status: value.status, contractor });
  else seen.push({ type: "voted", node, task, ballot: accepted.ballot, value: outcome });
  return seen;
}

function noted(fact: Fact, node: number, names: Names): readonly Sighting[] {
  if (!("task" in fact)) return [];
  if (fact.type === "submitted") return [];
  const task = names.task(fact.task);
  const seen: Sighting[] = [];
  if (CONDUCTING.has(fact.type)) seen.push({ type: "conducted", node, task, what: fact.type });
  if (fact.type === "accepted") {
    const { ballot } = fact;
    seen.push({ type: "accepted", node, task, ballot, proposer: names.indexOf(fact.proposer) });
  }
  return seen;
}

/** What peers say, write and do, in words for people: names instead of keys, task numbers instead of digests. */
import { ballotText, type Effect, type Kept, type Message, protocolOf } from "../../protocols/mod.ts";
import type { Names } from "./names.ts";
import { CANCELS } from "./small-world.ts";

/** A message of the auction or claim protocols. */
export function said(message: Message, names: Names): string {
  const task = "task" in message ? ` [task ${names.task(message.task) + 1}]` : "";
  return `${message.type}${details(message, names)}${task}`;
}

function details(message: Message, names: Names): string {
  switch (message.type) {
    case "cfp":
    case "propose":
    case "reject-proposal":
      return ` (round ${message.round})`;
    case "refuse":
      return message.ballot === undefined ? `: ${message.reason}` : ` ${ballotText(message.ballot)}: ${message.reason}`;
    case "accept-proposal":
      return ` (ballot ${ballotText(message.award.value.ballot)})`;
    case "agree":
    case "prepare":
    case "tend":
      return ` ${ballotText(message.ballot)}`;
    case "promise": {
      const { ballot, accepted } = message;
      const found = accepted && `"${names.outcome(accepted.value.outcome.value)}", in ${ballotText(accepted.ballot)}`;
      return ` ${ballotText(ballot)} (voted for ${found ?? "nothing yet"})`;
    }
    case "nack":
      return ` ${ballotText(message.ballot)}: has promised ${ballotText(message.promised)}`;
    case "accept":
      return ` ${ballotText(message.ballot)}: "${names.outcome(message.value.outcome.value)}"`;
    case "accepted":
      return ` ${ballotText(message.ballot)}`;
    case "decided": {
      const { value } = message;
      return value === undefined ? "" : `: "${names.outcome(value.outcome.value)}"`;
    }
    case "renew":
      return ` ${ballotText(message.award.value.ballot)}`;
    case "renewed":
      return ` ${ballotText(message.ballot)}: ${message.answer}`;
    case "failure":
      return ` ${ballotText(message.award.value.ballot)}: ${message.reason}`;
    case "not-understood":
      return `: ${message.reason}`;
    default:
      return "";
  }
}

/** What a record says that a reader of a story needs. */
function written(record: Kept, names: Names): string | undefined {
  if (record.kind === "run") return `will run ballot ${ballotText(record.award.value.ballot)}`;
  if (record.kind !== "custody") return undefined;
  const { promised, accepted, decided, awarded } = record;
  const words = [`promised ${ballotText(promised)}`];
  if (awarded !== undefined) {
    const { ballot, contractor } = awarded.value;
    const whom = contractor === null ? "kept for itself" : `awarded to ${names.nameOf(contractor)}`;
    words.push(`${ballotText(ballot)} ${whom}`);
  }
  if (accepted !== undefined) {
    const outcome = names.outcome(accepted.value.outcome.value);
    words.push(decided ? `decided "${outcome}"` : `voted for "${outcome}" in ${ballotText(accepted.ballot)}`);
  }
  return words.join(", ");
}

/** Lines about effects, in order; the same thing said to several is one line. */
export function done(effects: readonly Effect[], node: number, names: Names): string[] {
  const lines: string[] = [];
  let open: { readonly text: string; readonly to: string[] } | undefined;
  const close = () => {
    if (open !== undefined) lines.push(`${names.name(node)} → ${open.to.join(", ")}: ${open.text}`);
    open = undefined;
  };
  for (const effect of effects) {
    if (effect.type === "send" && protocolOf(effect.message.type) !== "directory") {
      const text = said(effect.message, names);
      if (open?.text !== text) close();
      open = { text, to: [...(open?.to ?? []), names.nameOf(effect.to)] };
      continue;
    }
    const line = act(effect, names);
    if (line === undefined) continue;
    close();
    lines.push(`${names.name(node)} ${line}`);
  }
  close();
  return lines;
}

function act(effect: Effect, names: Names): string | undefined {
  switch (effect.type) {
    case "keep": {
      const words = effect.record === null ? undefined : written(effect.record, names);
      return words && `writes: ${words}`;
    }
    case "run":
      return `runs task ${names.task(effect.task) + 1} under fence ${effect.fence}`;
    case "stop":
      return `stops its handler of fence ${effect.fence}`;
    case "answer":
      if (effect.ref >= CANCELS) return undefined;
      return `tells its user that task ${effect.ref + 1} ${effect.answer.ok ? "is stored" : `is not: ${effect.answer.reason}`}`;
    case "refuse":
      return `charges ${names.nameOf(effect.from)} with ${effect.clause}: ${effect.detail}`;
    default:
      return undefined;
  }
}

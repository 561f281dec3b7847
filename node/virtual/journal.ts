/**
 * What every machine of a run was told and what it said, in order, as one hash: equal for equal seeds. The hash is good for one
 * version of Node, because another one may order promises in another way.
 */
import { createHash } from "node:crypto";
import { type Effect, type PeerEvent, type TaskId, taskOf } from "../../protocols/mod.ts";

/** Written out for those who compare two runs; a longer one is cut. */
const LINES_MAX = 1_000_000;

interface Entry {
  readonly kind: string;
  readonly task?: TaskId | undefined;
  /** The other one. */
  readonly peer?: string;
}

export class Journal {
  readonly lines: string[] | undefined;
  /** That machines were told. */
  events = 0;
  readonly #hash = createHash("sha256");
  readonly #indexOf: (peer: string) => number;

  constructor(indexOf: (peer: string) => number, written: boolean) {
    this.#indexOf = indexOf;
    this.lines = written ? [] : undefined;
  }

  event(at_us: number, node: number, event: PeerEvent): void {
    this.events += 1;
    this.#write(at_us, node, eventOf(event));
  }
  effect(at_us: number, node: number, effect: Effect): void {
    this.#write(at_us, node, effectOf(effect));
  }

  /** Of all so far; more may follow. */
  get digest(): string {
    return this.#hash.copy().digest("hex");
  }

  #write(at_us: number, node: number, { kind, task, peer }: Entry): void {
    const line = `${at_us} ${node} ${kind} ${task ?? "-"} ${peer === undefined ? "-" : this.#indexOf(peer)}`;
    this.#hash.update(`${line}\n`);
    if (this.lines !== undefined && this.lines.length < LINES_MAX) this.lines.push(line);
  }
}

function eventOf(event: PeerEvent): Entry {
  switch (event.type) {
    case "message":
      return { kind: `<message:${event.message.type}`, task: taskOf(event.message), peer: event.from };
    case "heard":
      return { kind: `<heard:${event.document.kind}`, task: taskIn(event.document), peer: event.signer };
    case "connected":
    case "disconnected":
    case "unreachable":
      return { kind: `<${event.type}`, peer: event.peer };
    default:
      return { kind: `<${event.type}`, task: taskIn(event) };
  }
}

function effectOf(effect: Effect): Entry {
  switch (effect.type) {
    case "send":
      return { kind: `>send:${effect.message.type}`, task: taskOf(effect.message), peer: effect.to };
    case "publish":
      return { kind: `>publish:${effect.document.kind}`, task: taskIn(effect.document) };
    case "note":
      return { kind: `>note:${effect.fact.type}`, task: taskIn(effect.fact) };
    default:
      return { kind: `>${effect.type}`, task: taskIn(effect) };
  }
}

function taskIn(what: { readonly task?: TaskId } | object): TaskId | undefined {
  return "task" in what ? what.task : undefined;
}

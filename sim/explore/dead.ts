/**
 * Mails that can change nothing any more, whenever they arrive, and are taken out of flight: most of what floats about at the
 * end of a task, each of which would double the states. Each rule reads what a peer shows of itself and says why it holds for
 * ever, over restarts too. A walk that compares the insides of machines also tries each dropped mail on the machine.
 */
import { sameBallot } from "../../protocols/mod.ts";
import type { Local } from "./locals.ts";
import type { Mail } from "./mail.ts";

export interface Recipient {
  readonly local: Local;
  readonly hasAgent: boolean;
}

/** `task` is the number of the mail's task. */
export function dead({ message }: Mail, task: number, { local, hasAgent }: Recipient): boolean {
  const shown = local.tasks[task];
  switch (message.type) {
    // Who knows the outcome, on its disk before anybody hears of it, counts no votes, cancels nothing and conducts nothing.
    case "accepted":
    case "cancel":
    case "nack":
      return shown?.knows === true;
    // Nor does it learn the outcome again; but a handler at work would be stopped.
    case "decided":
      return shown?.knows === true && !hasAgent;
    // A conductor counts promises of the ballot that it prepares, once: it never comes back to a ballot, nor does its next life.
    case "promise":
      return shown?.state !== "preparing" || !sameBallot(shown.ballot, message.ballot);
    // Storing is the first thing that a conductor does, and is not done again.
    case "stored":
      return shown?.state !== "storing";
    default:
      return false;
  }
}

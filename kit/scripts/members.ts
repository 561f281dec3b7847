/** What scripts in a network with roots begin with: grants of the root's, and actors that show theirs and are let in. */
import type { Actor, Step, Template } from "../script.ts";

export const IN: Template = { admitted: true };
export const OUT: Template = { admitted: false };

export interface Rights {
  readonly can?: readonly Template[];
  readonly limits?: Template;
}

/** The actor's grant is `gA`, and so on. */
export function granted(actor: Actor, { can, limits }: Rights = {}): Step {
  return {
    grant: `g${actor}`,
    by: "root",
    to: actor,
    ...(can === undefined ? {} : { can }),
    ...(limits === undefined ? {} : { limits }),
  };
}

export function admitted(actor: Actor, grant = `g${actor}`): Step {
  return { admit: actor, chain: `$${grant}.chain`, answer: IN };
}

/** They may do everything. */
export function entered(...actors: readonly Actor[]): readonly Step[] {
  return actors.flatMap((actor) => enteredWith(actor, {}));
}

export function enteredWith(actor: Actor, rights: Rights): readonly Step[] {
  return [granted(actor, rights), admitted(actor)];
}

/** Whether the actor is in: it has an answer, or none. */
export function served(by: Actor): readonly Step[] {
  return [
    { say: by, message: { type: "want", peers: ["$P"] } },
    { hear: by, message: { type: "cards", cards: [{ $opens: { kind: "card" }, by: "P" }] } },
  ];
}

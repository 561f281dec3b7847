/**
 * The exhaustive explorer: all interleavings of small worlds of the same machines that run everywhere else. Any message may be
 * the next to arrive, arrive twice, or never; any peer may crash between any two effects and come back with its disk; any alarm
 * may ring, early or late against the clocks of the others. After each step a witness asks whether a promise broke; wherever
 * nothing is in flight any more, it asks whether calm leads to an outcome.
 *
 * What one event does to one peer in one of its states is played on a real machine once (`locals.ts`); the rest is arithmetic over
 * numbered states, mails and sightings (`space.ts`). So a walk is as exact as it is fast, and a story is played again on fresh
 * machines before anybody reads it (`story.ts`).
 *
 * Two states are the same when each peer, its disk, clock, alarm and handlers, the mails in flight, what the witness has seen and
 * what may still go wrong are the same. For a peer that means the same inside when machines can be read (`inside.ts`), and the
 * same history otherwise: sound as well, and many times as many. Mails that can mean nothing any more do not count (`dead.ts`).
 *
 * It does not explore the directory (everybody has everybody's card from the start), topics, liars, nor chance: each machine draws
 * what its one seed says.
 */
export { type Exploration, explore, type Figures } from "./explore.ts";
export { Inside } from "./inside.ts";
export type { SmallWorld } from "./small-world.ts";
export { story } from "./story.ts";
export { SHORT_WORLDS, WORLDS } from "./worlds.ts";

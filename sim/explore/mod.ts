/** The exhaustive explorer: all interleavings of small worlds of the same machines. */
export { type Exploration, explore, type Figures } from "./explore.ts";
export { Inside } from "./inside.ts";
export { type SmallWorld, TROUBLES } from "./small-world.ts";
export { story } from "./story.ts";
export { SHORT_WORLDS, WORLDS } from "./worlds.ts";

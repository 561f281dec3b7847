/** The conformance kit: scripts as data, and what plays them. Where they are played is in `node/conformance`. */
export type { Pace } from "./durations.ts";
export { ownChain } from "./grants.ts";
export { play, type Verdict } from "./player.ts";
export { NEWEST, REQUIREMENTS, type Requirement } from "./requirements.ts";
export {
  ACTORS,
  type Actor,
  type Json,
  NEEDS,
  type Need,
  type Protocol,
  ROLES,
  type Role,
  type Script,
  type Step,
  type Wired,
} from "./script.ts";
export { SCRIPTS } from "./scripts/mod.ts";
export type { BlobReply, Bytes, Heard, Oddity, Opened, Scene, Served, Stage, UserAnswer } from "./stage.ts";
export { type ClauseVerdict, type Played, runSuite, type Selection, selected, verdictsOf } from "./suite.ts";

export { assert, Broken } from "./assert.ts";
export { type Ballot, ballotAbove, ballotText, compareBallots, FIRST, fenceOf, sameBallot } from "./ballot.ts";
export * from "./ids.ts";
export { LIMITS } from "./limits.ts";
export { type Instant, majority, NEVER, NOTHING, type Sizes } from "./machine.ts";
export { Random } from "./random.ts";
export { type Seal, Signed } from "./signed.ts";
export { Timetable } from "./timetable.ts";

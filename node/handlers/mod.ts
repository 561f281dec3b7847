/** Running agents: a call in, exactly one `Ran` out. Kinds in this version: TypeScript functions and exec programs. */
export { depthOf } from "./json.ts";
export { HANDLER } from "./limits.ts";
export { type RunOptions, runAgent } from "./run.ts";
export { type Check, validator } from "./schema.ts";
export {
  type AgentSpec,
  type Call,
  type Context,
  type Handler,
  HandlerError,
  type HandlerSpec,
  type JsonSchema,
  type Ran,
} from "./types.ts";

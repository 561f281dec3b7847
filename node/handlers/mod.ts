/** Running agents: a call in, exactly one `Ran` out. */
export type { Entry } from "./context.ts";
export { depthOf } from "./json.ts";
export { describe, handlerField } from "./kinds.ts";
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

/** Running agents: a call in, exactly one `Ran` out. Kinds in this version: TypeScript functions and exec programs. */
export { type ExecOptions, execHandler } from "./exec.ts";
export { functionHandler } from "./function.ts";
export { depthOf } from "./json.ts";
export { HANDLER } from "./limits.ts";
export { handlerFor, type RunOptions, runAgent } from "./run.ts";
export { type Check, type ValidatorOptions, validator } from "./schema.ts";
export {
  type AgentSpec,
  type Call,
  type Context,
  type Handler,
  HandlerError,
  type HandlerSpec,
  type JsonSchema,
  type Ran,
  RETRYABLE,
  type Reason,
  type SkillSpec,
} from "./types.ts";

/** Running agents: a call in, exactly one `Ran` out. */
export type { HandlerBlobs, ScratchFolder } from "./blobs.ts";
export type { BlobAct, Entry, World } from "./context.ts";
export { depthOf } from "./json.ts";
export { absentIn, describe, handlerField, variablesOf } from "./kinds.ts";
export { HANDLER } from "./limits.ts";
export { type RunOptions, runAgent } from "./run.ts";
export { canWeigh } from "./scale.ts";
export { type Check, validator } from "./schema.ts";
export { strayed } from "./strays.ts";
export type { SubTask, SubTaskEnd } from "./sub-tasks.ts";
export { type AgentState, type Standing, SUPERVISOR, Supervisor } from "./supervisor.ts";
export {
  type AgentSpec,
  type Call,
  type Context,
  type Handler,
  HandlerError,
  type HandlerSpec,
  type JsonSchema,
  NodeStopped,
  type Ran,
  RETRYABLE,
  type Stray,
} from "./types.ts";

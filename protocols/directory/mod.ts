export { Directory, type DirectoryEffect } from "./directory.ts";
export type { AgentCard } from "./wire.ts";

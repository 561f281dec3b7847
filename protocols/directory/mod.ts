export { Directory, type DirectoryEffect } from "./directory.ts";
export type { AgentCard, CardDocument } from "./wire.ts";

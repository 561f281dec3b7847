export { Directory, type DirectoryEffect, type DirectoryEvent } from "./directory.ts";
export type { AgentCard, CardDocument, DirectoryMessage, SkillCard } from "./wire.ts";

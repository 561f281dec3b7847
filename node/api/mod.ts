/** The control API: served over a running node, and asked by this user's programs. */
import type { Served, ServeOptions } from "./server.ts";

export type { AgentRow } from "./agents.ts";
export type { Line, PeerRow, TaskAnswer } from "./answers.ts";
export { apiFilePath, readApiFile } from "./api-file.ts";
export { ApiClient, connectNode } from "./client.ts";
export { findNode } from "./find.ts";
export type { Served, ServeOptions } from "./server.ts";
export type { TaskRow } from "./tasks.ts";

/** As in `server.ts`, which is loaded here and not above: programs that only ask should not wait for a server to load. */
export async function serveApi(options: ServeOptions): Promise<Served> {
  const server = await import("./server.ts");
  return server.serveApi(options);
}

/** The control API's own server and what it holds: bodies, heads of requests, clients at once, short ids, readers that do not read. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { API } from "../../node/api/limits.ts";
import { Lines } from "../../node/api/lines.ts";
import { serveApi } from "../../node/api/mod.ts";
import { TaskNames } from "../../node/api/tasks.ts";
import type { MootNode } from "../../node/moot-node.ts";
import { parseTaskId, type TaskId } from "../../protocols/mod.ts";
import { ask } from "../api/ask.ts";
import { knownOf, type Single, startSingle } from "../api/single.ts";
import { must } from "../permissions/cast.ts";
import { fill } from "./full.ts";

let single: Single;
let port: number;
let token: string;
beforeAll(async () => {
  single = await startSingle();
  ({ port, token } = knownOf(single));
}, 20_000);
afterAll(() => single.close());

const auth = () => ["host", `127.0.0.1:${port}`, "authorization", `Bearer ${token}`];

async function takesBody(bytes: number): Promise<boolean> {
  const body = JSON.stringify({ skill: "text.count@1" }).padEnd(bytes);
  const headers = [...auth(), "content-type", "application/json", "content-length", String(bytes)];
  const { status } = await ask({ port, method: "POST", path: "/v1/dry-runs", headers, body });
  return status === 200;
}

/** Of so many headers the last is the token: one that is not read is missing. */
async function readsHeaders(count: number): Promise<boolean> {
  const [host, here, ...secret] = auth();
  const filler = Array.from({ length: count - 3 }, (_, index) => [`x-${index}`, "1"]).flat();
  const headers = [must(host), must(here), "connection", "close", ...filler, ...secret];
  return (await ask({ port, headers })).status === 200;
}

function dialled(at: number): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(at, "127.0.0.1", () => resolve(socket));
    socket.on("error", () => undefined);
  });
}

/** Whether so many clients are served at once, by a server that had none before. */
async function servesClients(count: number): Promise<boolean> {
  const data = mkdtempSync(join(tmpdir(), "moot-full-"));
  const at = { kind: "tcp", host: "127.0.0.1", port: 0 } as const;
  const served = await serveApi({ node: single.node, at, data, stop: () => undefined });
  const own = Number(new URL(served.at).port);
  const request = ["GET /v1/status HTTP/1.1", `host: 127.0.0.1:${own}`, `authorization: Bearer ${served.token}`];
  const sockets: Socket[] = [];
  for (let before = 0; before < count; before++) sockets.push(await dialled(own));
  const answers = sockets.map(
    (socket) =>
      new Promise<boolean>((resolve) => {
        socket.once("data", () => resolve(true)).once("close", () => resolve(false));
        socket.write(`${request.join("\r\n")}\r\n\r\n`);
      }),
  );
  const all = (await Promise.all(answers)).every((answered) => answered);
  for (const socket of sockets) socket.destroy();
  await served.close();
  rmSync(data, { recursive: true, force: true });
  return all;
}

const task = (index: number): TaskId => must(parseTaskId(index.toString(16).padStart(8, "0").padEnd(64, "0")));

/** Whether the first of so many tasks that passed by can still be named. */
function remembersTasks(count: number): boolean {
  const { node } = single;
  const none: Pick<MootNode, "tasks"> = { tasks: () => [] };
  const names = new TaskNames({ ...node, ...none });
  for (let index = 1; index <= count; index++)
    names.saw({ type: "stored", task: task(index), by: [], at_ms: 0, node: node.self });
  try {
    return names.resolve(task(1).slice(0, 8)) === task(1);
  } catch {
    return false;
  }
}

/** Whether a reader that does not read is kept while so much waits for it. */
async function waitsFor(bytes: number): Promise<boolean> {
  const bound = Promise.withResolvers<boolean>();
  const server = createServer((_, response) => {
    const lines = new Lines(response);
    // A line and its break; what the socket takes at once does not wait.
    response.cork();
    const waits = response.writableLength;
    lines.send({ text: "x".repeat(bytes - waits - '{"text":""}\n'.length) });
    bound.resolve(!lines.gone.aborted);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it listens on a port");
  const socket = connect(address.port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n"));
  const kept = await bound.promise;
  socket.destroy();
  return kept;
}

fill({
  body_bytes: [API.body_bytes, takesBody],
  headers_max: [API.headers_max, readsHeaders],
  seen_max: [API.seen_max, remembersTasks],
  stream_bytes: [API.stream_bytes, waitsFor],
  connections_max: [API.connections_max, servesClients],
});

/**
 * The control API's listener: one HTTP server on loopback or a Unix socket, the guard before everything, `api.json` beside
 * the node's data. Its owner starts it when the node runs, and closes it before the node's own end.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, lstatSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { ApiAddress } from "../config/mod.ts";
import { Fault, messageOf, systemCode } from "../fault.ts";
import type { MootNode } from "../moot-node.ts";
import { apiFilePath, removeApiFile, writeApiFile } from "./api-file.ts";
import { bodyOf } from "./errors.ts";
import { type Door, guard } from "./guard.ts";
import { API } from "./limits.ts";
import { routes } from "./routes.ts";
import { TaskNames } from "./tasks.ts";

export interface ServeOptions {
  readonly node: MootNode;
  readonly at: ApiAddress;
  /** The node's data folder, for `api.json`. */
  readonly data: string;
  /** Asked for by `POST /v1/stop`; must not throw. */
  readonly stop: (options: { readonly grace_ms?: number }) => void;
}

export interface Served {
  /** `http://127.0.0.1:41234`, or `unix:/path`. */
  readonly at: string;
  readonly file: string;
  readonly token: string;
  /** Ends every stream with a last line, then the server; resolves when the port is free. */
  close(): Promise<void>;
}

/** Throws Fault "network" when the address cannot be listened on, "store-io" when `api.json` cannot be written. */
export async function serveApi({ node, at, data, stop }: ServeOptions): Promise<Served> {
  const token = randomBytes(API.token_bytes).toString("hex");
  const closing = new AbortController();
  const names = new TaskNames(node);
  const app = routes({ node, names, closing: closing.signal, stop });
  const hosts = new Set<string>();
  const file = apiFilePath(data);
  const server = guarded(
    { token, hosts, file },
    getRequestListener(app.fetch, {
      overrideGlobalObjects: false,
      autoCleanupIncoming: false,
    }),
  );
  await listen(server, at);
  const url = urlOf(server, at);
  for (const host of hostsOf(url)) hosts.add(host);
  const off = node.watch((fact) => names.saw(fact));
  const close = async () => {
    off();
    removeApiFile(file, token);
    closing.abort();
    await closed(server);
  };
  try {
    writeApiFile(
      file,
      at.kind === "unix" ? { socket: at.path, token, pid: process.pid } : { url, token, pid: process.pid },
    );
  } catch (error) {
    await close();
    throw error;
  }
  return { at: at.kind === "unix" ? `unix:${at.path}` : url, file, token, close };
}

type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => unknown;

function guarded(door: Door, listener: Listener): Server {
  const server = createServer(
    {
      maxHeaderSize: API.header_bytes,
      headersTimeout: API.headers_ms,
      requestTimeout: 0, // a blob takes as long as it takes; all else is hurried below
      keepAliveTimeout: API.idle_ms,
      connectionsCheckingInterval: 1_000,
    },
    (incoming, outgoing) => {
      const refusal = guard({ method: incoming.method ?? "", rawHeaders: incoming.rawHeaders }, door);
      if (refusal === undefined) {
        hurry(incoming);
        listener(incoming, outgoing);
        return;
      }
      const fault = new Fault(refusal.status === 405 || refusal.status === 400 ? "usage" : "denied", refusal.message, {
        remedy: refusal.remedy,
      });
      // Nothing more is read from somebody who was refused.
      const headers = {
        "content-type": "application/json",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        connection: "close",
      };
      outgoing.writeHead(
        refusal.status,
        refusal.status === 401 ? { ...headers, "www-authenticate": "Bearer" } : headers,
      );
      outgoing.end(JSON.stringify(bodyOf(fault)));
    },
  );
  server.maxHeadersCount = API.headers_max;
  server.maxConnections = API.connections_max;
  return server;
}

/** A request must be said in time. Contents of blobs are watched where they are taken, for standing still. */
function hurry(incoming: IncomingMessage): void {
  if (incoming.method === "POST" && /^\/v1\/blobs(\?|$)/.test(incoming.url ?? "")) return;
  const timer = setTimeout(() => {
    if (!incoming.complete) incoming.socket.end("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n");
  }, API.request_ms);
  timer.unref();
  incoming.once("close", () => clearTimeout(timer));
}

async function listen(server: Server, at: ApiAddress): Promise<void> {
  if (at.kind === "unix") await clearSocket(at.path);
  const before = at.kind === "unix" ? process.umask(0o177) : undefined;
  try {
    const ready = new Promise<void>((resolve, reject) => {
      server.once("listening", resolve);
      server.once("error", reject);
    });
    // The socket is made before this returns, so nobody ever sees it with a wider mode.
    if (at.kind === "unix") server.listen(at.path);
    else server.listen(at.port, at.host === "localhost" ? "127.0.0.1" : at.host);
    if (before !== undefined) process.umask(before);
    await ready;
    if (at.kind === "unix") chmodSync(at.path, 0o600);
  } catch (error) {
    const where = at.kind === "unix" ? at.path : `${at.host}:${at.port}`;
    const taken = systemCode(error) === "EADDRINUSE";
    const remedy = taken
      ? "something else listens there: choose another with --api, or port 0 for any"
      : "choose another address with --api";
    throw new Fault("network", `the control API cannot listen on ${where}: ${messageOf(error)}`, {
      remedy,
      cause: error,
    });
  }
}

/** A socket that a crashed node left is in the way; one that is alive stays. */
async function clearSocket(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || !found.isSocket()) return; // what is no socket is not ours to remove: listening says so
  const alive = await new Promise<boolean>((resolve) => {
    const probe = connect(path, () => resolve(true));
    probe.once("error", () => resolve(false));
    probe.once("connect", () => probe.destroy());
  });
  if (!alive) rmSync(path, { force: true });
}

function urlOf(server: Server, at: ApiAddress): string {
  const address = server.address();
  if (at.kind === "unix" || address === null || typeof address === "string") return "http://localhost";
  return `http://${at.host.includes(":") ? `[${at.host}]` : at.host}:${address.port}`;
}

function hostsOf(url: string): readonly string[] {
  const { host, port } = new URL(url);
  return [host, port === "" ? "localhost" : `localhost:${port}`];
}

/** Streams have been told to end; whoever has not read its last line by then is cut off. */
function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), API.idle_ms);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}

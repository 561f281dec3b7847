/**
 * The connections of one handler, kept for a moment after an answer so that the next request needs no new one. A connection goes to
 * an address that was judged when it was made, and serves only requests under the same permit; after a while it is not kept any more,
 * so that its name is looked up and judged anew. What it carries between two answers belongs to neither: then it is ended. Nothing
 * is shared between handlers, and a request that fails on a kept connection is not repeated here.
 */
import http, { type ClientRequest } from "node:http";
import https from "node:https";
import type { Duplex } from "node:stream";
import type { Permit } from "../fields/reach.ts";

/** Kept without use. Shorter than servers wait (5 s and more); one that announces less is believed. */
const IDLE_MS = 4_000;
/** To one host at once. Of more runs at once, the rest of the connections end with their answers. */
const IDLE_MAX = 16;
/** From its making, a connection takes further requests for so long: a name that moved is followed within this time. */
export const CONNECTION_AGE_MS = 60_000;

const OPTIONS = { keepAlive: true, timeout: IDLE_MS, maxFreeSockets: IDLE_MAX } as const;

export class Connections {
  readonly #agents = new Map<string, http.Agent>();
  readonly #age_ms: number;

  constructor(age_ms: number = CONNECTION_AGE_MS) {
    this.#age_ms = age_ms;
  }

  /** What is judged by one permit is never used under another. */
  agent(protocol: string, { allow_private, written }: Permit): http.Agent {
    const key = `${protocol} ${allow_private} ${written}`;
    const known = this.#agents.get(key);
    if (known !== undefined) return known;
    const made = keeping(protocol === "https:" ? new https.Agent(OPTIONS) : new http.Agent(OPTIONS), this.#age_ms);
    this.#agents.set(key, made);
    return made;
  }

  /** Ends all of them. */
  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }
}

const MADE = new WeakMap<Duplex, number>();

/** To be told of every request: how old its connection is counts from here. */
export function noteConnection(request: ClientRequest): void {
  request.once("socket", (socket) => {
    if (MADE.has(socket)) return;
    MADE.set(socket, performance.now());
    // A moment between two requests has no listener of Node's own: an error then would end the process.
    socket.on("error", () => undefined);
  });
}

/** Lets an agent keep what is fit for another request. Node has two classes of agents; what ours do is the same. */
function keeping(agent: http.Agent, age_ms: number): http.Agent {
  const keep = agent.keepSocketAlive.bind(agent);
  const reuse = agent.reuseSocket.bind(agent);
  agent.keepSocketAlive = (socket: Duplex): boolean => {
    const agreed: unknown = keep(socket);
    const made_ms = MADE.get(socket);
    if (agreed !== true || made_ms === undefined || socket.readableLength > 0) return false;
    if (performance.now() - made_ms >= age_ms) return false;
    socket.on("data", unasked);
    return true;
  };
  agent.reuseSocket = (socket: Duplex, request: ClientRequest): void => {
    socket.off("data", unasked);
    reuse(socket, request);
  };
  return agent;
}

/** What comes while nothing was asked could be taken for the next answer; not every Node of this major version sees to it itself. */
function unasked(this: Duplex): void {
  this.destroy();
}

/** Can this machine listen here, does anybody answer there? For `moot doctor`; opens sockets and closes them again. */
import { connect, createServer } from "node:net";
import { messageOf } from "../fault.ts";

const ANSWER_MS = 2_000;

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** Of `/ip4/…/tcp/…` and `/dns4/…/tcp/…` multiaddrs. */
export function hostAndPort(address: string): Place | undefined {
  const found = /^\/(?:ip4|ip6|dns|dns4|dns6)\/([^/]+)\/tcp\/(\d{1,5})(?:\/|$)/.exec(address);
  const [, host, port] = found ?? [];
  return host === undefined || port === undefined ? undefined : { host, port: Number(port) };
}

/** Undefined when it can, else why not. */
export function canListen(place: Place): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", (error) => resolve(messageOf(error)));
    probe.listen({ ...place, exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
}

/** Undefined when somebody accepts, else why not. Whether it is a member with the right key only a node can tell. */
export function reachable(place: Place): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = connect(place);
    const end = (why: string | undefined) => {
      probe.destroy();
      resolve(why);
    };
    probe.setTimeout(ANSWER_MS, () => end(`no answer in ${ANSWER_MS} ms`));
    probe.once("connect", () => end(undefined));
    probe.once("error", (error) => end(messageOf(error)));
  });
}

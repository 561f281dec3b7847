/**
 * The door of the control API, seen from the server: is this request from a program of this user, on this machine? Every
 * request passes here before anything of it is parsed. Against web pages (A6): the Host must be ours (a rebound DNS name
 * brings its own), no Origin but ours, no CORS headers ever. Against other users: a token that only this user can read.
 * What it does not solve: programs that run as the same user can read the token too.
 */
import { createHash, timingSafeEqual } from "node:crypto";

export interface Door {
  readonly token: string;
  /** Host headers that are served, in lower case: the address that is listened on, and `localhost` with its port. */
  readonly hosts: ReadonlySet<string>;
  /** Where the token lies: whoever may read it is told the place, and nobody else can. */
  readonly file: string;
}

export interface Knock {
  readonly method: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
}

export interface Refusal {
  readonly status: 400 | 401 | 403 | 405;
  readonly message: string;
  readonly remedy: string;
}

const METHODS: ReadonlySet<string> = new Set(["GET", "POST"]);
/** Headers that decide: said twice, two readers could believe two things. */
const ONCE = ["host", "origin", "authorization", "sec-fetch-site", "content-length", "content-type"];

/** Nothing when the request may come in. */
export function guard(knock: Knock, door: Door): Refusal | undefined {
  const headers = new Map<string, string[]>();
  for (let index = 0; index + 1 < knock.rawHeaders.length; index += 2) {
    const name = (knock.rawHeaders[index] ?? "").toLowerCase();
    const values = headers.get(name);
    if (values === undefined) headers.set(name, [knock.rawHeaders[index + 1] ?? ""]);
    else values.push(knock.rawHeaders[index + 1] ?? "");
  }
  const twice = ONCE.find((name) => (headers.get(name)?.length ?? 0) > 1);
  if (twice !== undefined)
    return { status: 400, message: `the header ${twice} came more than once`, remedy: "send it once" };
  const one = (name: string) => headers.get(name)?.[0];
  return stranger(one, door) ?? unknown(one("authorization"), door) ?? wrongMethod(knock.method);
}

type One = (name: string) => string | undefined;

function stranger(one: One, door: Door): Refusal | undefined {
  const host = one("host")?.toLowerCase();
  if (host === undefined || !door.hosts.has(host)) {
    const remedy = `use the address in api.json (${[...door.hosts].join(" or ")}) as the Host header`;
    return { status: 403, message: "this Host is not served here", remedy };
  }
  const origin = one("origin")?.toLowerCase();
  const site = one("sec-fetch-site");
  const fromElsewhere = site !== undefined && site !== "none" && site !== "same-origin";
  if (!fromElsewhere && (origin === undefined || origin === `http://${host}`)) return undefined;
  return {
    status: 403,
    message: "web pages of other origins are not served",
    remedy: "use the moot command or a program of your own, without an Origin header",
  };
}

function unknown(authorization: string | undefined, door: Door): Refusal | undefined {
  const place = `the token lies in ${door.file}, and changes at every start`;
  if (authorization === undefined)
    return {
      status: 401,
      message: "the token is missing",
      remedy: `${place}: send it as Authorization: Bearer <token>`,
    };
  const [scheme, token, ...rest] = authorization.split(" ");
  const right =
    scheme?.toLowerCase() === "bearer" && token !== undefined && rest.length === 0 && sameSecret(token, door.token);
  if (right) return undefined;
  const remedy = `${place}: give that path as --api, or what it says as MOOT_TOKEN`;
  return { status: 401, message: "the token is wrong", remedy };
}

function wrongMethod(method: string): Refusal | undefined {
  if (METHODS.has(method)) return undefined;
  return { status: 405, message: `the method ${method} is not served`, remedy: "use GET or POST" };
}

/** Hashed first: equal lengths whatever came, and no time to learn from. */
function sameSecret(left: string, right: string): boolean {
  return timingSafeEqual(createHash("sha256").update(left).digest(), createHash("sha256").update(right).digest());
}

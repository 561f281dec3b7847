/**
 * The control API: every combination of token, Host, Origin and method against a real server. Whatever is not this
 * user's program on this machine must stay outside, and no answer may ever carry a CORS header.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { ask } from "./ask.ts";
import { knownOf, type Single, startSingle } from "./single.ts";

let single: Single;
let port: number;
let token: string;

beforeAll(async () => {
  single = await startSingle();
  ({ port, token } = knownOf(single));
});
afterAll(() => single.close());

interface Choice {
  readonly headers: readonly string[];
  readonly good: boolean;
}

const good = (...headers: readonly string[]): Choice => ({ headers, good: true });
const bad = (...headers: readonly string[]): Choice => ({ headers, good: false });

function tokens(): readonly Choice[] {
  const last = token.at(-1) === "0" ? "1" : "0";
  return [
    good("authorization", `Bearer ${token}`),
    good("authorization", `bearer ${token}`),
    bad(),
    bad("authorization", ""),
    bad("authorization", "Bearer"),
    bad("authorization", "Bearer "),
    bad("authorization", token),
    bad("authorization", `Basic ${Buffer.from(`moot:${token}`).toString("base64")}`),
    bad("authorization", `Bearer ${token.slice(0, -1)}`),
    bad("authorization", `Bearer ${token.slice(0, -1)}${last}`),
    bad("authorization", `Bearer ${token}0`),
    bad("authorization", `Bearer ${token} ${token}`),
    bad("authorization", `Bearer ${token.toUpperCase()}`.replace(token, "0".repeat(64))),
    bad("authorization", `Bearer ${"0".repeat(64)}`, "authorization", `Bearer ${token}`),
    bad("cookie", `token=${token}`),
  ];
}

function hosts(): readonly (Choice & { readonly host: string })[] {
  const all = [
    good("host", `127.0.0.1:${port}`),
    good("host", `localhost:${port}`),
    good("host", `LOCALHOST:${port}`),
    bad("host", "127.0.0.1"),
    bad("host", "localhost"),
    bad("host", `127.0.0.1:${port + 1}`),
    bad("host", `127.0.0.2:${port}`),
    bad("host", `[::1]:${port}`),
    bad("host", `rebound.example:${port}`),
    bad("host", `localhost.rebound.example:${port}`),
    bad("host", `127.0.0.1:${port}.rebound.example`),
    bad("host", ""),
    bad("host", `127.0.0.1:${port}`, "host", `rebound.example:${port}`),
  ];
  return all.map((choice) => ({ ...choice, host: (choice.headers[1] ?? "").toLowerCase() }));
}

function origins(host: string): readonly Choice[] {
  return [
    good(),
    good("origin", `http://${host}`),
    good("sec-fetch-site", "none"),
    bad("origin", "null"),
    bad("origin", ""),
    bad("origin", "http://evil.example"),
    bad("origin", `https://${host}`),
    bad("origin", `http://evil.example, http://${host}`),
    bad("origin", `http://127.0.0.1:${port + 1}`),
    bad("sec-fetch-site", "cross-site"),
    bad("sec-fetch-site", "same-site"),
  ];
}

const METHODS: readonly { readonly method: string; readonly good: boolean }[] = [
  { method: "GET", good: true },
  { method: "POST", good: true },
  { method: "OPTIONS", good: false },
  { method: "PUT", good: false },
  { method: "DELETE", good: false },
  { method: "HEAD", good: false },
];

const REFUSED = new Set([400, 401, 403, 405]);

it("lets in the right token, Host, Origin and method together, and nothing else", async () => {
  const cells = tokens().flatMap((one) =>
    hosts().flatMap((host) =>
      origins(host.host).flatMap((origin) =>
        METHODS.map(({ method, good: served }) => ({
          method,
          headers: [...one.headers, ...host.headers, ...origin.headers],
          good: one.good && host.good && origin.good && served,
        })),
      ),
    ),
  );
  expect(cells.length).toBeGreaterThan(1_000);
  const wrong: string[] = [];
  let accepted = 0;
  for (let start = 0; start < cells.length; start += 64) {
    const some = cells.slice(start, start + 64);
    const replies = await Promise.all(some.map(({ method, headers }) => ask({ port, method, headers })));
    replies.forEach((reply, index) => {
      const cell = some[index];
      const inside = !REFUSED.has(reply.status);
      if (inside) accepted++;
      const leaks = Object.keys(reply.headers).some((name) => name.startsWith("access-control-"));
      if (cell === undefined || inside !== cell.good || leaks) wrong.push(`${reply.status} ${JSON.stringify(cell)}`);
    });
  }
  expect(wrong).toEqual([]);
  expect(accepted).toBe(cells.filter((cell) => cell.good).length);
});

it("refuses with a code and a remedy, before it looks at the path", async () => {
  const host = ["host", `127.0.0.1:${port}`];
  for (const path of ["/v1/status", "/", "/v1/none", "/v1/../../etc/passwd"]) {
    const { status, text, headers } = await ask({ port, path, headers: host });
    expect(status).toBe(401);
    expect(headers["www-authenticate"]).toBe("Bearer");
    expect(JSON.parse(text)).toMatchObject({
      error: { code: "denied", message: "the token is missing", remedy: expect.stringContaining("api.json") },
    });
  }
});

it("answers an upgrade to a WebSocket like any other request", async () => {
  const upgrade = [
    "connection",
    "Upgrade",
    "upgrade",
    "websocket",
    "sec-websocket-version",
    "13",
    "sec-websocket-key",
    "MDEyMzQ1Njc4OWFiY2RlZg==",
  ];
  const outside = await ask({
    port,
    path: "/v1/watch",
    headers: ["host", `127.0.0.1:${port}`, "origin", "http://evil.example", ...upgrade],
  });
  expect(outside.status).toBe(403);
  const inside = await ask({
    port,
    headers: ["host", `127.0.0.1:${port}`, "authorization", `Bearer ${token}`, ...upgrade],
  });
  expect(inside.status).toBe(200);
});

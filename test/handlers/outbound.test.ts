/**
 * Where requests may go: five hundred ways to write, resolve to, or redirect to an address that nobody allowed, with a listener that
 * counts connections, and the ways that are allowed.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isDisguised, isWritten, reachOf } from "../../node/fields/reach.ts";
import { guardedFetch } from "../../node/handlers/guarded-fetch.ts";
import { HandlerError } from "../../node/handlers/mod.ts";
import { ask, type Question, type Resolve } from "../../node/handlers/outbound.ts";
import { wholeText } from "../../node/handlers/reply.ts";

/** Listens on all addresses of this machine, of both families: whoever comes through, by whatever name, is counted. */
let listener: Server;
let port: number;
let connections = 0;
let location = "";
const bodies: string[] = [];

beforeAll(async () => {
  listener = createServer((request, response) => {
    bodies.push(JSON.stringify(request.headers));
    if (request.url === "/go")
      return void response.writeHead(307, { location: Buffer.from(location).toString("latin1") }).end();
    if (request.url === "/none") return void response.writeHead(204).end();
    if (request.url === "/much") return void response.end("x".repeat(100_000));
    return void response.writeHead(200, { "set-cookie": ["a=1", "b=2"] }).end("through");
  });
  listener.on("connection", () => connections++);
  await new Promise<void>((resolve) => listener.listen(0, "::", () => resolve()));
  port = (listener.address() as AddressInfo).port;
});
afterAll(async () => {
  listener.closeAllConnections();
  await new Promise((resolve) => listener.close(resolve));
});
beforeEach(() => {
  connections = 0;
  bodies.length = 0;
});

const question = (resolve?: Resolve): Question => ({
  method: "GET",
  headers: {},
  signal: AbortSignal.timeout(5_000),
  resolve,
});

async function outcome(url: string, resolve?: Resolve, allow_private = false): Promise<string> {
  try {
    return await wholeText(await ask({ url, allow_private }, question(resolve)));
  } catch (error) {
    if (error instanceof HandlerError) return error.reason;
    throw error;
  }
}

const octets = (address: string) => address.split(".").map(Number);
const whole = (address: string) => octets(address).reduce((sum, part) => sum * 256 + part, 0);
const hex = (part: number) => `0x${part.toString(16)}`;
const octal = (part: number) => `0${part.toString(8)}`;
const pair = (high = 0, low = 0) => (high * 256 + low).toString(16);

/** One IPv4 address, in the spellings that hide it: all of them are read as that address by some program. */
function disguises(address: string): string[] {
  const [a = 0, b = 0, c = 0, d = 0] = octets(address);
  const [high, low] = [pair(a, b), pair(c, d)];
  return [
    `${whole(address)}`,
    hex(whole(address)),
    octal(whole(address)),
    [a, b, c, d].map(hex).join("."),
    [a, b, c, d].map(octal).join("."),
    `${hex(a)}.${b}.${octal(c)}.${d}`,
    `${a}.${b}.${c * 256 + d}`,
    `${a}.${(b * 256 + c) * 256 + d}`,
    `${hex(a)}.${hex((b * 256 + c) * 256 + d)}`,
    `${address}.`,
    [a, b, c, d].map((part) => `%3${String(part)[0]}${String(part).slice(1)}`).join("."),
    [...address].map((char) => (char === "." ? "。" : String.fromCodePoint(0xff10 + Number(char)))).join(""),
    `[::ffff:${address}]`,
    `[::ffff:${high}:${low}]`,
    `[0:0:0:0:0:ffff:${high}:${low}]`,
    `[::${high}:${low}]`,
    `[::ffff:0:${high}:${low}]`,
    `[64:ff9b::${high}:${low}]`,
    `[64:ff9b:1::${high}:${low}]`,
    `[2002:${high}:${low}::1]`,
    `[2001:0:${high}:${low}::1]`,
  ];
}

const PRIVATE = [
  "127.0.0.1",
  "127.8.9.1",
  "10.0.0.1",
  "172.16.5.4",
  "192.168.1.1",
  "169.254.169.254",
  "100.64.1.1",
  "0.0.0.0",
];
const PLAIN = [
  ...["0.0.0.0", "0.1.2.3", "169.254.169.254", "192.0.0.1", "198.18.0.1", "224.0.0.1", "239.1.2.3", "240.0.0.1"],
  ...["255.255.255.255", "[::]", "[fe80::1]", "[fec0::1]", "[ff02::1]", "[100::1]", "[2001:db8::1]", "[4000::1]"],
];
/** What a name may resolve to, besides: an address written in the configuration is meant, one that is found is not. */
const FOUND = [
  "::1",
  "fc00::1",
  "fd12:3456::1",
  "::ffff:127.0.0.1",
  "::127.0.0.1",
  "64:ff9b::7f00:1",
  "2002:7f00:1::1",
];
const NAMES = ["localhost.", "LOCALHOST.", "a.example", "xn--bcher-kva.example", "127.0.0.1.example", "0x7f.example"];

const toRange =
  (address: string): Resolve =>
  () =>
    Promise.resolve([{ address, family: address.includes(":") ? 6 : 4 }]);

test("no spelling, name, resolver or redirect leads to an address that is refused: 500 of them, no connection", async () => {
  const tried = { count: 0, through: [] as string[] };
  const attempt = async (url: string, resolve?: Resolve, ends = ["spawn"]) => {
    tried.count++;
    const found = await outcome(url, resolve);
    if (!ends.includes(found)) tried.through.push(`${url}: ${found}`);
  };
  for (const address of PRIVATE)
    for (const host of disguises(address)) {
      await attempt(`http://${host}:${port}/`);
      await attempt(`http://trusted.example@${host}:${port}/`);
    }
  for (const host of PLAIN) {
    await attempt(`http://${host}:${port}/`);
    await attempt(`HTTP://${host}:${port}/`);
  }
  const resolved = [...PRIVATE, ...FOUND, ...PLAIN.map((host) => host.replace(/[[\]]/g, ""))];
  for (const address of resolved)
    for (const name of NAMES.slice(2)) await attempt(`http://${name}:${port}/`, toRange(address));
  // Some systems do not know the name at all.
  for (const name of NAMES.slice(0, 2)) await attempt(`http://${name}:${port}/`, undefined, ["spawn", "retry"]);
  for (const address of [...PRIVATE, ...FOUND]) {
    const two = [{ address: "203.0.114.7", family: 4 }, ...(await toRange(address)(""))];
    await attempt(`http://two-faces.example:${port}/`, () => Promise.resolve(two));
    await attempt(`http://two-faces.example:${port}/`, () => Promise.resolve(two.toReversed()));
  }
  expect(tried.through).toEqual([]);
  expect(tried.count).toBeGreaterThanOrEqual(500);
  expect(connections).toBe(0);
});

test("a redirect to any of them is not followed: one connection, to whom it was sent", async () => {
  const hosts = [
    ...PRIVATE.flatMap(disguises),
    ...PLAIN,
    "localhost",
    "localhost.",
    "[::1]",
    "10.0.0.1",
    "trusted.example",
  ];
  const wrong: string[] = [];
  for (const host of hosts) {
    location = `http://${host}:${port}/`;
    const got = Buffer.from(location).toString("latin1"); // as it travels
    const same = URL.canParse(got) && new URL(got).origin === `http://127.0.0.1:${port}`;
    const found = await outcome(`http://127.0.0.1:${port}/go`);
    if (found !== (same ? "through" : "error")) wrong.push(`${location}: ${found}`);
  }
  for (const elsewhere of [
    `https://127.0.0.1:${port}/`,
    "file:///etc/passwd",
    "http://u:p@127.0.0.1:1/",
    "gopher://x/",
  ]) {
    location = elsewhere;
    const found = await outcome(`http://127.0.0.1:${port}/go`);
    if (found !== "error") wrong.push(`${location}: ${found}`);
  }
  expect(wrong).toEqual([]);
  location = `http://user:pass@127.0.0.1:${port}/`;
  expect(await outcome(`http://127.0.0.1:${port}/go`)).toBe("error");
});

test("a name is looked up once, and what it becomes later changes nothing", async () => {
  let asked = 0;
  const changing: Resolve = () => {
    asked++;
    return Promise.resolve([{ address: asked === 1 ? "::ffff:127.0.0.1" : "127.0.0.1", family: 4 }]);
  };
  expect(await outcome(`http://changing.example:${port}/`, changing)).toBe("spawn");
  expect([asked, connections]).toEqual([1, 0]);
  const local = { asked: 0 };
  const resolve: Resolve = () => {
    local.asked++;
    return Promise.resolve([{ address: "127.0.0.1", family: 4 }]);
  };
  expect(await outcome(`http://intra.example:${port}/`, resolve, true)).toBe("through");
  expect([local.asked, connections]).toEqual([1, 1]);
  expect(bodies[0]).toContain(`"host":"intra.example:${port}"`);
});

test("what the operator wrote is meant, and allow_private allows names", async () => {
  for (const host of ["127.0.0.1", "localhost", "[::1]", "127.8.9.1"])
    expect(await outcome(`http://${host}:${port}/`), host).toBe("through");
  expect(await outcome(`http://intra.example:${port}/`, toRange("127.0.0.1"))).toBe("spawn");
  expect(await outcome(`http://intra.example:${port}/`, toRange("127.0.0.1"), true)).toBe("through");
  expect(await outcome(`http://intra.example:${port}/`, toRange("0.0.0.0"), true)).toBe("spawn");
  expect(await outcome(`http://nowhere.example:${port}/`, () => Promise.resolve([]))).toBe("retry");
  expect(await outcome("ftp://127.0.0.1/")).toBe("spawn");
});

test("the reach of an address", () => {
  const reaches = [
    ["public", ["1.1.1.1", "172.15.0.1", "172.32.0.1", "11.0.0.1", "2606:4700::1111", "2a00::1"]],
    ["local", ["127.0.0.1", "10.1.2.3", "192.168.0.1", "100.127.0.1", "::1", "fd00::1"]],
    [
      "guarded",
      ["169.254.169.254", "::ffff:8.8.8.8", "64:ff9b::808:808", "fe80::1", "2002:808:808::1", "198.51.100.1"],
    ],
    ["never", ["0.0.0.0", "255.255.255.255", "224.0.0.1", "ff02::1", "::", "example.com", "127.1", ""]],
  ] as const;
  for (const [reach, addresses] of reaches) for (const one of addresses) expect(reachOf(one), one).toBe(reach);
  for (const plain of ["http://127.0.0.1", "https://[::1]:8/x", "http://LOCALHOST:1"])
    expect(isWritten(plain), plain).toBe(true);
  for (const hidden of ["http://127.1", "http://0x7f000001", "http://[0:0:0:0:0:0:0:1]", "http://a@127.0.0.1"]) {
    expect(isWritten(hidden), hidden).toBe(false);
    expect(isDisguised(hidden), hidden).toBe(true);
  }
  expect(isDisguised("https://example.com")).toBe(false);
});

describe("as a fetch", () => {
  const home = () => ({ url: `http://127.0.0.1:${port}/rpc`, allow_private: true, headers: () => ({ "x-key": "k" }) });

  test("it answers as fetch does, and sends its headers home", async () => {
    const fetched = await guardedFetch(home())(`http://127.0.0.1:${port}/`, { method: "POST", body: "{}" });
    expect([fetched.status, await fetched.text()]).toEqual([200, "through"]);
    expect(fetched.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(bodies[0]).toContain('"x-key":"k"');
    expect((await guardedFetch(home())(`http://127.0.0.1:${port}/none`)).status).toBe(204);
  });

  test("what another party names must be on the internet, whatever home may be, and gets none of its headers", async () => {
    for (const host of ["localhost", "[::1]", "127.8.9.1", "169.254.169.254", "2130706434"])
      await expect(guardedFetch(home())(`http://${host}:${port}/`), host).rejects.toThrow(
        "not an address of the internet",
      );
    await expect(guardedFetch({ ...home(), resolve: toRange("10.0.0.1") })("http://a.example/")).rejects.toThrow(
      "a.example is 10.0.0.1",
    );
    expect(connections).toBe(0);
  });

  test("too much, and an end that is asked for, end the connection", async () => {
    const capped = await guardedFetch({ ...home(), max_bytes: 50_000 })(`http://127.0.0.1:${port}/much`);
    await expect(capped.text()).rejects.toThrow("more than 50000 bytes");
    const stopped = guardedFetch(home())(`http://127.0.0.1:${port}/`, { signal: AbortSignal.abort() });
    await expect(stopped).rejects.toThrow();
  });
});

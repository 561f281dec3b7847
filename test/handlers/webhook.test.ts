/** Agents behind a URL, with a real server in another process: what it is sent, how it answers, and all the ways it can go wrong. */
import { createServer } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { parseConfig } from "../../node/config/mod.ts";
import { describe as describeHandler, type Entry, HANDLER, type HandlerSpec } from "../../node/handlers/mod.ts";
import { told } from "../config/helpers.ts";
import { agentOf, ending, run } from "./helpers.ts";
import { type Server, start } from "./servers/start.ts";

let server: Server;
beforeAll(async () => {
  server = await start("webhook.ts");
});
afterAll(async () => await server.stop());

const at = (path: string): HandlerSpec => ({
  kind: "webhook",
  url: `${server.url}${path}`,
  headers: {},
  allow_private: false,
});
const agent = (path: string) => agentOf(at(path));

interface Seen {
  readonly seen: readonly { method: string; path: string; headers: Record<string, string>; body: string }[];
  readonly hungUp: number;
}
async function seen(): Promise<Seen> {
  return JSON.parse(await (await fetch(`${server.url}/seen`)).text());
}

test("it gets what a program gets, and headers that tell runs apart", async () => {
  const input = { text: 'Zwölf "Boxkämpfer" 🥊\n\u2028\\', list: [1, -0.5e-7, null, true, {}] };
  const ran = await run(agent("/echo"), { input, fence: 24, deadline_ms: 1234.9 });
  expect(ran.ok && ran.output).toEqual({ task: "t1", skill: "test.it@1", input, fence: 24, deadlineMs: 1234 });
  expect(ran.toolTrace).toMatchObject([{ name: "webhook", outcome: "ok" }]);
  const [asked] = (await seen()).seen;
  expect(asked?.method).toBe("POST");
  expect(asked?.headers).toMatchObject({
    "content-type": "application/json",
    "idempotency-key": "t1/24",
    "moot-fence": "24",
    accept: "application/json, application/x-ndjson",
  });
});

test("lines of JSON stream progress and partial results before the output", async () => {
  const entries: Entry[] = [];
  const ran = await run(agent("/lines"), {}, { onEntry: (entry) => entries.push(entry) });
  expect(ending(ran)).toEqual(["ok", false, '{"done":true}']);
  expect(entries.slice(0, 3)).toMatchObject([
    { type: "progress", done: 0.25, note: "a quarter" },
    { type: "partial", value: { words: ["é", "🥊"] } },
    { type: "progress", done: 1 },
  ]);
  expect(entries[3]).toMatchObject({ type: "tool", name: "webhook", answer: { ok: true, value: { done: true } } });
});

test.each([
  ["/busy", "retry", true, "it is busy (status 503, to be asked again after 7 s): "],
  ["/limited", "retry", true, "to be asked again at Wed, 21 Oct 2026 07:28:00 GMT"],
  ["/reset", "retry", true, "cannot reach http://127.0.0.1:"],
  ["/cut", "retry", true, "the answer was cut off"],
  ["/lines-cut", "retry", true, "the answer was cut off"],
  ["/lines-retry", "retry", true, "warming up"],
  ["/status?is=400", "error", false, 'it answered with status 400: "{\\"why\\":\\"status 400\\"}"'],
  ["/status?is=500", "error", false, "it answered with status 500"],
  ["/none", "error", false, "it answered with status 404"],
  ["/lines-error", "error", false, "out of paper"],
  ["/empty", "invalid-output", true, "status 204 and nothing else"],
  ["/page", "invalid-output", true, 'what is not JSON (text/html): "<h1>Hello</h1>"'],
  ["/latin", "invalid-output", true, "not UTF-8"],
  ["/lines-short", "invalid-output", true, 'without {"output":…}'],
  ["/lines-odd", "invalid-output", true, "not as agreed"],
  ["/lines-long", "output-too-large", false, `more than ${HANDLER.output_bytes} bytes`],
  ["/endless", "output-too-large", false, `more than ${HANDLER.output_bytes} bytes`],
  ["/seen-other", "error", false, "redirects a POST with status 303"],
  ["/around", "error", false, "redirects more than 3 times"],
])("%s ends with %s", async (path, reason, retryable, words) => {
  const [found, again, message] = ending(await run(agent(path)));
  expect([found, again]).toEqual([reason, retryable]);
  expect(message).toContain(words);
});

test("a query is asked for, and not recorded: it may be secret", async () => {
  const entries: Entry[] = [];
  await run(agent("/echo?key=canary"), {}, { onEntry: (entry) => entries.push(entry) });
  expect((await seen()).seen.at(-1)?.path).toBe("/echo?key=canary");
  expect(entries).toMatchObject([{ type: "tool", args: { url: `${server.url}/echo` } }]);
  expect(JSON.stringify(entries)).not.toContain("canary");
  expect(describeHandler(at("/echo?key=canary"))).toBe(`${server.url}/echo`);
});

test("a redirect within the origin is followed, one to elsewhere is not", async () => {
  expect(ending(await run(agent("/there")))[0]).toBe("ok");
  const [reason, , message] = ending(await run(agent(`/away?to=${encodeURIComponent("http://example.com/x")}`)));
  expect([reason, message]).toEqual(["error", `${server.url} redirects to http://example.com: write that URL there`]);
});

test("nobody there is a reason to try again", async () => {
  const idle = createServer();
  const port = await new Promise<number>((resolve) => {
    idle.listen(0, "127.0.0.1", () => resolve(Object(idle.address()).port));
  });
  await new Promise((resolve) => idle.close(resolve));
  const spec = { ...at("/"), kind: "webhook", url: `http://127.0.0.1:${port}/` } as const;
  const [reason, , message] = ending(await run(agentOf({ headers: {}, allow_private: false, ...spec })));
  expect([reason, message]).toEqual(["retry", expect.stringContaining(`cannot reach http://127.0.0.1:${port}`)]);
});

test("time and cancellation end the connection", async () => {
  const before = (await seen()).hungUp;
  expect(ending(await run(agentOf(at("/silent"), { timeout_ms: 100 })))[0]).toBe("timeout");
  const stop = new AbortController();
  const running = run(agent("/silent"), {}, { signal: stop.signal });
  await vi.waitFor(async () => {
    const asked = (await seen()).seen.filter(({ path }) => path === "/silent");
    if (asked.length < 2) throw new Error("not asked yet");
  });
  stop.abort();
  expect(ending(await running)[0]).toBe("cancelled");
  await vi.waitFor(async () => expect((await seen()).hungUp).toBe(before + 2));
});

test("what goes on after the output, or beyond the cap, is hung up on", async () => {
  const before = (await seen()).hungUp;
  expect(ending(await run(agent("/lines-on")))).toEqual(["ok", false, "1"]);
  await run(agent("/endless"));
  await vi.waitFor(async () => expect((await seen()).hungUp).toBe(before + 2));
});

test("of a long complaint a few words are kept", async () => {
  const [reason, , message] = ending(await run(agent("/large-error")));
  expect(reason).toBe("error");
  expect(message.length).toBeLessThan(2 * HANDLER.excerpt_chars);
});

test("headers come from the environment, and their values are told to nobody", async () => {
  vi.stubEnv("HOOK_TOKEN", "canary-5f1c");
  const headers = { Authorization: { template: `Bearer \${HOOK_TOKEN}`, names: ["HOOK_TOKEN"] } };
  const spec = { kind: "webhook", url: `${server.url}/tells`, headers, allow_private: false } as const;
  const entries: Entry[] = [];
  const onEntry = (entry: Entry) => entries.push(entry);
  const ran = await run(agentOf(spec, { env: ["HOOK_TOKEN"] }), {}, { onEntry });
  expect(ending(ran)).toEqual(["error", false, 'it answered with status 400: "{\\"got\\":\\"Bearer [secret]\\"}"']);
  expect((await seen()).seen.at(-1)?.headers["authorization"]).toBe("Bearer canary-5f1c");
  expect(JSON.stringify([ran, entries])).not.toContain("canary");

  expect(ending(await run(agentOf(spec)))[2]).toContain("add HOOK_TOKEN to the agent's env");
  vi.stubEnv("HOOK_TOKEN", undefined);
  expect(ending(await run(agentOf(spec, { env: ["HOOK_TOKEN"] })))).toEqual([
    "spawn",
    true,
    "the environment variable HOOK_TOKEN is not set: export it before moot up",
  ]);
});

const config = (handler: string, env = "[]") =>
  ["agents:", "  - name: a", `    env: ${env}`, `    handler: ${handler}`, "    skills: [{ name: x.y@1 }]"].join("\n");
const TOKEN = `\${TOKEN}`;

test("the configuration is short or long", () => {
  const spec = (handler: string, env?: string) => parseConfig(config(handler, env), "moot.yaml").agents[0]?.handler;
  expect(spec("{ webhook: https://example.com/count }")).toEqual({
    kind: "webhook",
    url: "https://example.com/count",
    headers: {},
    allow_private: false,
  });
  const long = `{ webhook: { url: http://intra.example.com, allow_private: true, headers: { Authorization: "Bearer ${TOKEN}" } } }`;
  expect(spec(long, "[TOKEN]")).toEqual({
    kind: "webhook",
    url: "http://intra.example.com",
    headers: { Authorization: { template: `Bearer ${TOKEN}`, names: ["TOKEN"] } },
    allow_private: true,
  });
});

test.each([
  ["{ webhook: 3 }", "4:25: agents[0].handler.webhook is 3; it must be a URL such as https://example.com/count, or"],
  ["{ webhook: ftp://x.com }", '4:25: agents[0].handler.webhook is "ftp://x.com"; it must be a URL of http or https'],
  ["{ webhook: { url: https://u:p@x.com } }", "webhook.url has credentials in it; put them into a header"],
  ["{ webhook: { url: https://x.com, hedaers: {} } }", "webhook.hedaers is not a key; did you mean headers?"],
  ["{ webhook: { url: http://127.1 } }", 'webhook.url is "http://127.1"; write its host plainly: 127.0.0.1'],
  ["{ webhook: http://169.254.169.254/latest }", "names 169.254.169.254, which is not an address of the internet"],
  ["{ webhook: { url: http://0.0.0.0:1, allow_private: true } }", "names 0.0.0.0, which is not an address"],
  ["{ webhook: { url: https://x.com, allow_private: maybe } }", 'allow_private is "maybe"; it must be true or false'],
  ["{ webhook: { url: https://x.com, headers: { Host: x } } }", "headers.Host is set by the node; leave it out"],
  ["{ webhook: { url: https://x.com, headers: { X-Api-Key: abc } } }", "headers.X-Api-Key is a secret in the file"],
  ["{ webhook: { url: https://x.com, headers: { 'a b': x } } }", "headers.a b is not a header's name"],
  [
    `{ webhook: { url: https://x.com, headers: { A: "${TOKEN}" } } }`,
    "3:10: agents[0].env lacks TOKEN, which the handler names",
  ],
  [`{ webhook: { url: https://x.com, headers: { A: "\${1}" } } }`, "headers.A has a ${ that names no variable"],
])("a bad configuration is told where and why: %s", async (handler, words) => {
  const lines = await told(config(handler));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(words);
});

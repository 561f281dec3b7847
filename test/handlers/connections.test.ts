/**
 * Connections that are kept between calls: how few there are, that none is used by another handler or under another permit, that a name
 * is judged again with each new one, and that nothing of one answer, one time-out or one error reaches the next.
 */
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { Connections } from "../../node/handlers/connections.ts";
import type { AgentSpec } from "../../node/handlers/mod.ts";
import { ask, type Resolve } from "../../node/handlers/outbound.ts";
import { wholeText } from "../../node/handlers/reply.ts";
import { handlerFor } from "../../node/handlers/run.ts";
import { agentOf, ending, run } from "./helpers.ts";
import { type Server, start } from "./servers/start.ts";

let server: Server;
let chat: Server;
let raw: Server;
beforeAll(async () => {
  [server, chat, raw] = await Promise.all([start("webhook.ts"), start("chat.ts"), start("raw.ts")]);
});
afterAll(async () => {
  await Promise.all([server.stop(), chat.stop(), raw.stop()]);
});

/** Closed with its test. */
function agent(path: string, base = server.url): AgentSpec {
  const made = agentOf({ kind: "webhook", url: `${base}${path}`, headers: {}, allow_private: false });
  onTestFinished(async () => await handlerFor(made).close?.());
  return made;
}

interface Seen {
  readonly seen: readonly { readonly path: string; readonly port: number }[];
  readonly open: number;
}

async function seen({ url }: Server = server): Promise<Seen> {
  return JSON.parse(await (await fetch(`${url}/seen`)).text());
}

/** The connections that calls of this path came over. */
async function portsOf(path: string): Promise<Set<number>> {
  return new Set((await seen()).seen.filter((one) => one.path === path).map(({ port }) => port));
}

const outcome = async (made: AgentSpec) => ending(await run(made)).join(" ");

test("calls that follow each other share one connection, also when they failed", async () => {
  const made = agent("/status?is=400&test=one");
  for (let call = 0; call < 20; call++) expect(await outcome(made)).toContain("status 400");
  expect((await portsOf("/status?is=400&test=one")).size).toBe(1);
});

test("calls at once have as many as they are, and the next calls need no more", async () => {
  const made = agent("/echo?test=many");
  for (let round = 0; round < 5; round++) await Promise.all(Array.from({ length: 8 }, () => run(made)));
  expect((await portsOf("/echo?test=many")).size).toBeLessThanOrEqual(8);
});

test("an answer that is read to its mark, and no further, leaves its connection to the next", async () => {
  const price = { input_per_million: 0, output_per_million: 0 };
  const spec = { kind: "openai", url: `${chat.url}/v1`, model: "hello", prompt: "{{input}}", price } as const;
  const made = agentOf({ ...spec, json: false, allow_private: false });
  onTestFinished(async () => await handlerFor(made).close?.());
  const ports = new Set<unknown>();
  for (let call = 0; call < 5; call++) {
    expect(await outcome(made)).toMatch(/^ok/);
    const { port } = JSON.parse(await (await fetch(`${chat.url}/seen`)).text()).seen.at(-1);
    ports.add(port);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(ports.size).toBe(1);
});
test("two handlers share nothing, and a closed one leaves nothing open", async () => {
  const path = "/echo?test=two";
  const [one, two] = [agent(path), agent(path)];
  await run(one);
  await run(two);
  expect((await portsOf(path)).size).toBe(2);
  const before = (await seen()).open;
  await handlerFor(one).close?.();
  await vi.waitFor(async () => expect((await seen()).open).toBe(before - 1));
});

const signal = () => AbortSignal.timeout(5_000);
const local = { address: "127.0.0.1", family: 4 };

async function asked(host: string, options: { allow_private: boolean; resolve: Resolve; connections: Connections }) {
  const { allow_private, resolve, connections } = options;
  const question = { method: "POST", headers: {}, body: "{}", signal: signal(), resolve, connections };
  return await wholeText(await ask({ url: `http://${host}:${server.port}/echo`, allow_private }, question));
}

test("what one permit has opened, another does not get", async () => {
  const connections = new Connections();
  onTestFinished(() => connections.close());
  const resolve: Resolve = () => Promise.resolve([local]);
  expect(await asked("intra.example", { allow_private: true, resolve, connections })).toBe("{}");
  const refused = asked("intra.example", { allow_private: false, resolve, connections });
  await expect(refused).rejects.toThrow("intra.example is 127.0.0.1, which is not an address of the internet");
  expect(await asked("intra.example", { allow_private: true, resolve, connections })).toBe("{}");
});

test("a name is looked up and judged once for each connection, however it changes meanwhile", async () => {
  const looked: string[] = [];
  const faces = [local, { address: "169.254.169.254", family: 4 }, { address: "0.0.0.0", family: 4 }];
  const resolve: Resolve = (host) => {
    looked.push(host);
    return Promise.resolve([faces[looked.length - 1] ?? local]);
  };
  const young = new Connections();
  onTestFinished(() => young.close());
  for (let call = 0; call < 3; call++)
    expect(await asked("moves.example", { allow_private: true, resolve, connections: young })).toBe("{}");
  expect(looked).toEqual(["moves.example"]);
  // Too old to be kept from its first answer on: every request looks, and the third face is refused.
  looked.length = 0;
  faces[1] = local;
  const old = new Connections(0);
  onTestFinished(() => old.close());
  expect(await asked("moves.example", { allow_private: true, resolve, connections: old })).toBe("{}");
  expect(await asked("moves.example", { allow_private: true, resolve, connections: old })).toBe("{}");
  await expect(asked("moves.example", { allow_private: true, resolve, connections: old })).rejects.toThrow("0.0.0.0");
  expect(looked).toHaveLength(3);
});

test("the signal of a call that is over does not end the next one on its connection", async () => {
  const connections = new Connections();
  onTestFinished(() => connections.close());
  const first = new AbortController();
  const target = { url: `${server.url}/echo?test=signals`, allow_private: false };
  const question = { method: "POST", headers: {}, connections };
  const one = await ask(target, { ...question, body: "1", signal: first.signal });
  expect(await wholeText(one)).toBe("1");
  const waits = ask({ ...target, url: `${server.url}/waits` }, { ...question, body: "2", signal: signal() });
  await vi.waitFor(async () => expect((await seen()).seen.at(-1)?.path).toBe("/waits"));
  first.abort();
  await fetch(`${server.url}/go-on`);
  expect(await wholeText(await waits)).toBe("2");
  const found = (await seen()).seen.filter(({ path }) => path === "/waits" || path.endsWith("test=signals"));
  expect(new Set(found.map(({ port }) => port)).size).toBe(1);
});

test("a connection that waits for its answer is not idle, however long", async () => {
  const made = agent("/slow");
  expect((await Promise.all([outcome(made), outcome(made)])).every((ended) => ended.startsWith("ok"))).toBe(true);
});

test("a call that ran out of time takes its connection along, and no other", async () => {
  const made = agentOf(
    { kind: "webhook", url: `${server.url}/silent?test=time`, headers: {}, allow_private: false },
    { timeout_ms: 100 },
  );
  onTestFinished(async () => await handlerFor(made).close?.());
  expect(await outcome(made)).toContain("timeout");
  expect(await outcome(made)).toContain("timeout");
  expect((await portsOf("/silent?test=time")).size).toBe(2);
});

test.each(["twins", "late"])("an answer that nobody asked for is nobody's: %s", async (path) => {
  const made = agent(`/${path}`, raw.url);
  for (let call = 0; call < 4; call++) {
    expect(await outcome(made)).toBe('ok false "first"');
    await vi.waitFor(async () => expect(await seen(raw)).toEqual({ open: 0 }));
  }
});

test("a server that hangs up between two calls is called anew", async () => {
  const made = agent("/closes", raw.url);
  for (let call = 0; call < 3; call++) {
    expect(await outcome(made)).toBe('ok false "once"');
    await vi.waitFor(async () => expect(await seen(raw)).toEqual({ open: 0 }));
  }
});

/** Agents that are tools of real MCP servers, over stdin and stdout and over HTTP: answers, ends, and that nobody is left behind. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { type Entry, HANDLER, type HandlerSpec } from "../../node/handlers/mod.ts";
import { handlerFor } from "../../node/handlers/run.ts";
import { agentOf, dies, ending, run, type Shape } from "./helpers.ts";
import { type Server, start } from "./servers/start.ts";

const SERVER = join(import.meta.dirname, "servers", "mcp-stdio.ts");

let http: Server;
beforeAll(async () => {
  http = await start("mcp-http.ts");
});
afterAll(async () => await http.stop());

interface Options {
  readonly args?: readonly string[];
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly shape?: Shape;
}

/** An agent that is closed with its test. */
function agent(spec: HandlerSpec, shape: Shape = {}) {
  const made = agentOf(spec, shape);
  onTestFinished(async () => await handlerFor(made).close?.());
  return made;
}

function program(tool: string, options: Options = {}) {
  const argv = [process.execPath, SERVER, ...(options.args ?? [])];
  const server = { type: "program", argv, env: {} } as const;
  return agent({ kind: "mcp", server, tool, arguments: options.arguments }, options.shape);
}

function url(tool: string, path = "/mcp", base = http.url) {
  const server = { type: "url", url: `${base}${path}`, headers: {}, allow_private: false } as const;
  return agent({ kind: "mcp", server, tool });
}

const both = [
  ["a program", program],
  ["a url", url],
] as const;

async function pidOf(made: ReturnType<typeof agentOf>): Promise<number> {
  const ran = await run(made, { input: {} });
  return Number(ran.ok && JSON.stringify(ran.output).match(/\d+/)?.[0]);
}

function notes() {
  const dir = mkdtempSync(join(tmpdir(), "folkmoot-mcp-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const file = join(dir, "notes");
  vi.stubEnv("MOOT_TEST_NOTES", file);
  onTestFinished(() => void vi.unstubAllEnvs());
  return () => {
    try {
      return readFileSync(file, "utf8");
    } catch {
      return "";
    }
  };
}

test.each(both)("structured content is the output of %s, and the call is in the trace", async (_, made) => {
  const ran = await run(made("add"), { input: { a: 2, b: 3 } });
  expect(ending(ran)).toEqual(["ok", false, '{"sum":5}']);
  expect(ran.toolTrace).toMatchObject([{ name: "add", outcome: "ok" }]);
});

test.each([
  ["json", '{"parsed":[1,2]}'],
  ["text", '{"text":"plain words"}'],
])("a tool that answers with %s", async (tool, output) => {
  expect(ending(await run(url(tool), { input: {} }))).toEqual(["ok", false, output]);
});

test("a tool that fails says why, one that says nothing is no answer", async () => {
  expect(ending(await run(url("fail"), { input: {} }))).toEqual(["error", false, "no such row"]);
  expect(ending(await run(url("nothing"), { input: {} }))[0]).toBe("invalid-output");
});

test("arguments are made from the input", async () => {
  const made = program("add", { arguments: { a: "{{input.pair.left}}", b: 1 } });
  expect(ending(await run(made, { input: { pair: { left: 41 } } }))[2]).toBe('{"sum":42}');
  const missing = await run(made, { input: {} });
  expect(ending(missing)).toEqual([
    "invalid-input",
    false,
    "the arguments name input.pair.left, which the input lacks",
  ]);
  expect(ending(await run(url("add"), { input: "text" }))[0]).toBe("invalid-input");
  expect(ending(await run(url("add"), { input: { a: "x", b: 1 } }))[0]).toBe("error");
});

test.each(both)("progress of %s", async (_, made) => {
  const entries: Entry[] = [];
  const ran = await run(made("steps"), { input: {} }, { onEntry: (entry) => entries.push(entry) });
  expect(ending(ran)[2]).toBe('"done"');
  expect(entries.filter(({ type }) => type === "progress")).toMatchObject([
    { type: "progress", done: 0.25, note: "step 1" },
    { type: "progress", done: 0.5, note: "step 2" },
  ]);
});

test("calls share one program, and it is gone after close, with its group", async () => {
  const made = program("pid", { args: ["stubborn"] });
  const [one, two] = await Promise.all([pidOf(made), pidOf(made)]);
  expect(one).toBeGreaterThan(0);
  expect(two).toBe(one);
  await handlerFor(made).close?.();
  await dies(one);
});

test("a tool that hangs is told to stop, and the program lives on", async () => {
  const seen = notes();
  const stop = new AbortController();
  const made = program("hang", { shape: { env: ["MOOT_TEST_NOTES"] } });
  const running = run(made, { input: {} }, { signal: stop.signal });
  await vi.waitFor(() => expect(seen()).toContain("hanging"), { timeout: 5000 });
  stop.abort();
  expect(ending(await running)[0]).toBe("cancelled");
  await vi.waitFor(() => expect(seen()).toContain("cancelled"), { timeout: 5000 });
  expect(ending(await run(made, { input: {}, deadline_ms: 100 }))[0]).toBe("timeout");
});

test("a hung call over HTTP ends with its time", async () => {
  expect(ending(await run(url("hang"), { input: {}, deadline_ms: 500 }))[0]).toBe("timeout");
});

test("a program that dies asks for another try, with its last words, and comes back", async () => {
  const made = program("die");
  const ran = await run(made, { input: {} });
  expect(ending(ran)).toEqual(["retry", true, "the server ended: exit code 3: out of luck"]);
  expect(ran.ok || ran.crashed).toBe(true);
  expect(ending(await run(made, { input: {} }))[0]).toBe("retry");
});

test("a server over HTTP that is gone asks for another try, and is found again", async () => {
  const first = await start("mcp-http.ts");
  const made = url("add", "/mcp", first.url);
  expect(ending(await run(made, { input: { a: 1, b: 1 } }))[0]).toBe("ok");
  await first.stop();
  const [reason, again] = ending(await run(made, { input: { a: 1, b: 1 } }));
  expect([reason, again]).toEqual(["retry", true]);
  const second = await start("mcp-http.ts", [String(first.port)]);
  onTestFinished(async () => await second.stop());
  expect(ending(await run(made, { input: { a: 1, b: 1 } }))[2]).toBe('{"sum":2}');
});

test("rubbish on stdout is passed over", async () => {
  const made = program("add", { args: ["rubbish"] });
  expect(ending(await run(made, { input: { a: 2, b: 3 } }))[2]).toBe('{"sum":5}');
});

test.each(both)("a huge answer of %s is refused", async (_, made) => {
  const large = made("huge");
  expect(ending(await run(large, { input: { bytes: HANDLER.output_bytes + 1 } }))[0]).toBe("output-too-large");
  expect(ending(await run(large, { input: { bytes: HANDLER.stream_bytes + 1 } }))[0]).toBe("output-too-large");
});

test.each(both)("a tool that %s lacks is an error at the start, which lists those it has", async (_, made) => {
  const handler = handlerFor(made("subtract"));
  const started = Promise.resolve(handler.start?.(AbortSignal.timeout(20_000)));
  await expect(started).rejects.toThrow(/^the server has no tool subtract: it has add, json, text/);
});

test("an agent that is stopped while its program starts leaves nobody", async () => {
  const seen = notes();
  const argv = ["sh", "-c", 'echo $$ > "$MOOT_TEST_NOTES"; sleep 600'];
  const server = { type: "program", argv, env: {} } as const;
  const handler = handlerFor(agent({ kind: "mcp", server, tool: "add" }, { env: ["MOOT_TEST_NOTES"] }));
  const failed = expect(handler.start?.(AbortSignal.timeout(20_000))).rejects.toThrow();
  await vi.waitFor(() => expect(seen()).toMatch(/\d+\n/), { timeout: 5000 });
  await handler.close?.();
  await failed;
  await dies(Number(seen()));
});

test("a program that cannot be started, or speaks no MCP", async () => {
  const of = (argv: readonly string[]) =>
    agent({ kind: "mcp", server: { type: "program", argv, env: {} }, tool: "add" });
  const missing = ending(await run(of(["./not-there"]), { input: {} }));
  expect(missing[0]).toBe("spawn");
  expect(missing[2]).toContain("cannot start ./not-there");
  const [reason, , message] = ending(await run(of(["sh", "-c", "echo bad config >&2; exit 4"]), { input: {} }));
  expect([reason, message]).toEqual(["spawn", "the server ended: exit code 4: bad config"]);
});

test("it sees the environment that exec gives, and no more", async () => {
  vi.stubEnv("MOOT_TEST_SECRET", "do not tell");
  vi.stubEnv("MOOT_TEST_OPEN", "tell");
  onTestFinished(() => void vi.unstubAllEnvs());
  const ran = await run(program("environment", { shape: { env: ["MOOT_TEST_OPEN"] } }), { input: {} });
  const names = Object.keys(ran.ok && typeof ran.output === "object" && ran.output !== null ? ran.output : {});
  expect(names).toContain("MOOT_TEST_OPEN");
  expect(names.filter((name) => !["PATH", "HOME", "LANG", "TMPDIR", "MOOT_TEST_OPEN"].includes(name))).toEqual([]);
});

test("headers carry secrets that no message shows", async () => {
  vi.stubEnv("MOOT_TEST_TOKEN", "s3cr3t-token");
  onTestFinished(() => void vi.unstubAllEnvs());
  const headers = { Authorization: { template: `Bearer \${MOOT_TEST_TOKEN}`, names: ["MOOT_TEST_TOKEN"] } };
  const server = { type: "url", url: `${http.url}/denied`, headers, allow_private: false } as const;
  const ran = await run(agent({ kind: "mcp", server, tool: "add" }, { env: ["MOOT_TEST_TOKEN"] }), { input: {} });
  expect(ending(ran)[2]).toContain("lets nobody in (status 401): give its key under headers");
  expect(JSON.stringify(ran)).not.toContain("s3cr3t");
});

/** Agents that are a model, with a real endpoint in another process: what it is asked, what is made of its answer, and every way it can end. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { parseConfig } from "../../node/config/mod.ts";
import { type Entry, HANDLER, type HandlerSpec } from "../../node/handlers/mod.ts";
import { told } from "../config/helpers.ts";
import { agentOf, ending, run, type Shape } from "./helpers.ts";
import { type Server, start } from "./servers/start.ts";

type Spec = Extract<HandlerSpec, { readonly kind: "openai" }>;

let server: Server;
beforeAll(async () => {
  server = await start("chat.ts");
});
afterAll(async () => await server.stop());

function agent(model: string, changes: Partial<Spec> = {}, shape: Shape = {}) {
  const spec: Spec = {
    kind: "openai",
    url: `${server.url}/v1`,
    model,
    prompt: "{{input}}",
    json: false,
    price: { input_per_million: 0, output_per_million: 0 },
    allow_private: false,
    ...changes,
  };
  return agentOf(spec, shape);
}

interface Seen {
  readonly seen: readonly { path: string; headers: Record<string, string>; body: Record<string, unknown> }[];
  readonly hungUp: number;
}
async function seen(): Promise<Seen> {
  return JSON.parse(await (await fetch(`${server.url}/seen`)).text());
}
async function asked() {
  return (await seen()).seen.at(-1);
}

test("words come as partial results, then the text and what it took", async () => {
  const entries: Entry[] = [];
  const price = { input_per_million: 1_000_000, output_per_million: 2_000_000 };
  const ran = await run(agent("hello", { price }), {}, { onEntry: (entry) => entries.push(entry) });
  const text = "Hello, wörld 🥊";
  expect(ran.ok && ran.output).toEqual({ text, usage: { inputTokens: 12, outputTokens: 5 } });
  expect(ran.cost).toBe(12 * 1 + 5 * 2);
  const partial = entries.flatMap((entry) => (entry.type === "partial" ? [Object(entry.value).text] : []));
  expect(partial.join("")).toBe(text);
  expect(partial[0]).toBe("Hel");
  expect(entries.find(({ type }) => type === "progress")).toMatchObject({ note: "3 characters" });
  expect(entries.find(({ type }) => type === "tool")).toMatchObject({
    name: "chat",
    args: { model: "hello", messages: [{ role: "user", content: '{"text":"hello"}' }] },
    answer: { ok: true, value: { text, finish: "stop", usage: { inputTokens: 12, outputTokens: 5 } } },
  });
});

test("it asks as the protocol wants it", async () => {
  vi.stubEnv("MODEL_KEY", "canary-77aa");
  const key = { template: `\${MODEL_KEY}`, names: ["MODEL_KEY"] };
  const changes = { key, system: "Be brief.", prompt: "Say {{ input.text }} twice", temperature: 0.5, max_tokens: 20 };
  const ran = await run(agent("parrot", changes, { env: ["MODEL_KEY"] }));
  expect(ran.ok && ran.output).toMatchObject({ text: "Say hello twice" });
  const { path, headers, body } = (await asked()) ?? {};
  expect(path).toBe("/v1/chat/completions");
  expect(headers).toMatchObject({ authorization: "Bearer canary-77aa", "content-type": "application/json" });
  expect(body).toEqual({
    model: "parrot",
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Say hello twice" },
    ],
    stream: true,
    stream_options: { include_usage: true },
    temperature: 0.5,
    max_tokens: 20,
  });
  expect(JSON.stringify(ran)).not.toContain("canary");
});

test("a query in the URL and a slash at its end are kept apart from the path", async () => {
  expect(ending(await run(agent("hello", { url: `${server.url}/v1/?api-version=1` })))[0]).toBe("ok");
  expect((await asked())?.path).toBe("/v1/chat/completions?api-version=1");
});

test("the prompt is filled from the input, and the input cannot fill it further", async () => {
  const said = async (prompt: string, input: unknown) => {
    const ran = await run(agent("parrot", { prompt }), { input });
    return ran.ok ? Object(ran.output).text : ran.message;
  };
  expect(await said("{{input}}", "plain {{input.x}} $& $1")).toBe("plain {{input.x}} $& $1");
  expect(
    await said("{{input.a.b}} {{input.list}} {{input.n}}", { a: { b: "{{input.n}}" }, list: [1, "2"], n: null }),
  ).toBe('{{input.n}} [1,"2"] null');
  expect(await said("{{input.list.1}}", { list: ["a", "b"] })).toBe("b");
  const ran = await run(agent("parrot", { prompt: "{{input.txt}} {{input.constructor}}" }));
  expect(ending(ran)).toEqual(["invalid-input", false, "the prompt names input.txt, which the input lacks"]);
  expect(await said("{{input.constructor}}", {})).toContain("lacks");
});

test("JSON is asked for, parsed, and checked against the skill", async () => {
  const output = { type: "object", required: ["words"], properties: { words: { type: "integer" } } };
  expect(ending(await run(agent("json", { json: true }, { output })))).toEqual(["ok", false, '{"words":3}']);
  expect((await asked())?.body["response_format"]).toEqual({ type: "json_object" });
  expect(ending(await run(agent("json", { json: "schema" }, { output })))).toEqual(["ok", false, '{"words":3}']);
  const json_schema = { name: "test_it_1", schema: output };
  expect((await asked())?.body["response_format"]).toEqual({ type: "json_schema", json_schema });
  const [reason, , message] = ending(await run(agent("hello", { json: true }, { output })));
  expect([reason, message]).toEqual(["invalid-output", 'the model answered with what is not JSON: "Hello, wörld 🥊"']);
  const other = { type: "object", required: ["letters"] };
  expect(ending(await run(agent("json", { json: true }, { output: other })))[2]).toContain("the output does not fit");
});

test.each([
  ["dribble", "é🥊"],
  ["whole", "not streamed"],
  ["unmarked", "no mark"],
  ["two", "first"],
  ["afterwards", "all of it"],
  ["blank", "blank"],
  ["empty", ""],
])("an endpoint of another habit is understood: %s", async (model, text) => {
  const ran = await run(agent(model));
  expect(ran.ok ? Object(ran.output).text : ran.message).toBe(text);
});

test.each([
  ["long", "invalid-output", true, 'the answer was cut at its longest (raise max_tokens): "as far as it"'],
  ["filtered", "error", false, "withheld by a content filter"],
  ["tools", "invalid-output", true, "the model wants to call a tool, and was given none"],
  ["wishes", "invalid-output", true, "the model wants to call a tool, and was given none"],
  ["wishes-old", "invalid-output", true, "the model wants to call a tool, and was given none"],
  ["wishes-whole", "invalid-output", true, "the model wants to call a tool, and was given none"],
  ["unreasoned", "retry", true, "cut off before its end"],
  ["refuses", "error", false, 'the model refused: "I will not."'],
  ["breaks", "retry", true, 'the endpoint says: "The engine is overloaded (overloaded_error)"'],
  ["wrong", "error", false, 'the endpoint says: "your prompt is rude (invalid_request_error)"'],
  ["ends", "retry", true, "cut off before its end"],
  ["cut", "retry", true, "the answer was cut off: "],
  ["garbage", "invalid-output", true, 'no chat completion: "{ this is no JSON"'],
  ["strange", "invalid-output", true, "no chat completion"],
  ["page", "invalid-output", true, 'no chat completion (text/html): "<h1>Sign in</h1>"'],
  ["flood", "output-too-large", false, `the model wrote more than ${HANDLER.output_bytes} bytes`],
  ["unending", "output-too-large", false, "an event of the answer"],
  ["limited", "retry", true, 'status 429 (Retry-After: 20): "Rate limit reached"'],
  ["loading", "retry", true, 'status 503: "Loading model"'],
  ["crashed", "retry", true, 'status 500: "Internal Server Error"'],
  ["bad", "error", false, 'status 400: "max_tokens is too large"'],
  ["none", "error", false, 'status 404: "The model none does not exist"'],
])("%s ends with %s", async (model, reason, retryable, words) => {
  const [found, again, message] = ending(await run(agent(model)));
  expect([found, again]).toEqual([reason, retryable]);
  expect(message).toContain(words);
});

const USED = { inputTokens: 12, outputTokens: 5 };

test.each([
  ["hello", USED, 1.2],
  ["lastly", USED, 1.2],
  ["growing", USED, 1.2],
  ["uncounted", null, 0],
  ["miscounted", null, 0],
])("what %s counts is the usage and the cost, and no count costs nothing", async (model, usage, cost) => {
  const ran = await run(agent(model, { price: { input_per_million: 100_000, output_per_million: 0 } }));
  expect([ran.ok ? Object(ran.output).usage : ran.message, ran.cost]).toEqual([usage, cost]);
});

test("an answer that breaks costs nothing here, whatever was counted before", async () => {
  const ran = await run(agent("costly", { price: { input_per_million: 100_000, output_per_million: 0 } }));
  expect([...ending(ran).slice(0, 2), ran.cost]).toEqual(["retry", true, 0]);
});

test("half an answer costs as well", async () => {
  const price = { input_per_million: 100_000, output_per_million: 0 };
  const ran = await run(agent("long", { price }));
  expect([ran.ok, ran.cost]).toEqual([false, 1.2]);
});

test("a key that the endpoint repeats is told to nobody", async () => {
  vi.stubEnv("MODEL_KEY", "canary-77ab");
  const key = { template: `\${MODEL_KEY}`, names: ["MODEL_KEY"] };
  const entries: Entry[] = [];
  const onEntry = (entry: Entry) => entries.push(entry);
  const ran = await run(agent("locked", { key }, { env: ["MODEL_KEY"] }), {}, { onEntry });
  expect(ending(ran)[2]).toBe(
    'the endpoint answered with status 401: "Incorrect API key provided: Bearer [secret]"; look at the handler\'s key',
  );
  expect(JSON.stringify([ran, entries])).not.toContain("canary");
});

test("time and cancellation end the connection, and so does too much", async () => {
  const before = (await seen()).hungUp;
  expect(ending(await run(agent("silent", {}, { timeout_ms: 100 })))[0]).toBe("timeout");
  const stop = new AbortController();
  const onEntry = ({ type }: Entry) => type === "partial" && stop.abort();
  expect(ending(await run(agent("silent"), {}, { signal: stop.signal, onEntry }))[0]).toBe("cancelled");
  await run(agent("flood"));
  await run(agent("unending"));
  await vi.waitFor(async () => expect((await seen()).hungUp).toBe(before + 4));
});

const config = (openai: string) =>
  ["agents:", "  - name: a", `    handler: { openai: ${openai} }`, "    skills: [{ name: x.y@1 }]"].join("\n");

test("the configuration has defaults for all but the URL and the model", () => {
  const [found] = parseConfig(config("{ url: https://api.example.com/v1, model: m }"), "moot.yaml").agents;
  expect(found?.handler).toEqual({
    kind: "openai",
    url: "https://api.example.com/v1",
    model: "m",
    prompt: "{{input}}",
    json: false,
    price: { input_per_million: 0, output_per_million: 0 },
    allow_private: false,
  });
});

test.each([
  [
    "3",
    "3:24: agents[0].handler.openai is 3; it must be a map such as { url: https://api.example.com/v1, model: a-model }",
  ],
  ["{ url: https://x.com }", "openai.model is missing; give a model's name"],
  ["{ url: x, model: m }", 'openai.url is "x"; it must be a URL of http or https'],
  ["{ url: https://x.com, model: m, modle: n }", "openai.modle is not a key; did you mean model?"],
  ["{ url: https://x.com, model: m, prompt: hello }", "openai.prompt leaves the input out; write {{input}}"],
  [
    '{ url: https://x.com, model: m, prompt: "{{ text }} {{input}}" }',
    "openai.prompt has {{text}} in it; write {{input}}",
  ],
  ["{ url: https://x.com, model: m, key: sk-abc }", "openai.key is a secret in the file; write $"],
  [`{ url: https://x.com, model: m, key: "\${K}" }`, "agents[0].env lacks K, which the handler names; add K to it"],
  [
    "{ url: https://x.com, model: m, json: yes please }",
    'openai.json is "yes please"; it must be true, false, or schema',
  ],
  ["{ url: https://x.com, model: m, temperature: 3 }", "openai.temperature is 3; it must be a number from 0 to 2"],
  ["{ url: https://x.com, model: m, max_tokens: 0 }", "openai.max_tokens is 0; it must be a whole number from 1"],
  [
    "{ url: https://x.com, model: m, price: { input: 1 } }",
    "openai.price.input is not a key; did you mean input_per_million?",
  ],
  ["{ url: http://169.254.169.254, model: m }", "3:31: agents[0].handler.openai.url names 169.254.169.254"],
])("a bad configuration is told where and why: %s", async (openai, words) => {
  const lines = await told(config(openai));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(words);
});

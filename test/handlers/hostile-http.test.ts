/**
 * Servers that answer without end, too much, half, in circles, or what is no HTTP: for a webhook and for a model each is a clear failure
 * within its time and its cap, and the memory of the node stays what it was.
 */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { HANDLER, type HandlerSpec } from "../../node/handlers/mod.ts";
import { handlerFor } from "../../node/handlers/run.ts";
import { agentOf, ending, run } from "./helpers.ts";
import { type Server, start } from "./servers/start.ts";

let server: Server;
beforeAll(async () => {
  server = await start("raw.ts");
});
afterAll(async () => await server.stop());

const webhook = (path: string): HandlerSpec => {
  return { kind: "webhook", url: `${server.url}/${path}`, headers: {}, allow_private: false };
};
const openai = (path: string): HandlerSpec => ({
  kind: "openai",
  url: `${server.url}/${path}`,
  model: "m",
  prompt: "{{input}}",
  json: false,
  price: { input_per_million: 0, output_per_million: 0 },
  allow_private: false,
});

/** For what never ends by itself. */
const SHORT_MS = 300;
/** For what has to end by itself. */
const LONG_MS = 15_000;

async function endingOf(handler: HandlerSpec, timeout_ms: number) {
  const started = performance.now();
  const agent = agentOf(handler, { timeout_ms });
  const [reason, , message] = ending(await run(agent));
  const ms = performance.now() - started;
  await handlerFor(agent).close?.();
  return { reason, message, ms };
}

const TOO_MUCH = `the answer has more than ${HANDLER.output_bytes} bytes`;
const TOO_MUCH_STREAMED = `the answer has more than ${HANDLER.stream_bytes} bytes`;

const BOTH = [
  ["trickle-head", "timeout", "it did not end within 300 ms"],
  ["trickle", "timeout", "it did not end within 300 ms"],
  ["trickle-events", "timeout", "it did not end within 300 ms"],
  ["flood-hints", "timeout", "it did not end within 300 ms"],
] as const;

test.each([...BOTH.map((row) => ["webhook", ...row] as const), ...BOTH.map((row) => ["openai", ...row] as const)])(
  "%s, what never ends: %s",
  async (kind, path, reason, words) => {
    const ended = await endingOf(kind === "webhook" ? webhook(path) : openai(path), SHORT_MS);
    expect(ended).toMatchObject({ reason, message: expect.stringContaining(words) });
    expect(ended.ms).toBeLessThan(SHORT_MS + HANDLER.abandon_ms);
  },
);

test.each([
  ["webhook", "trickle-error", "error", 'status 400: "bad!'],
  ["webhook", "flood-announced", "output-too-large", TOO_MUCH],
  ["webhook", "flood-chunks", "output-too-large", TOO_MUCH],
  ["webhook", "flood-lines", "output-too-large", TOO_MUCH_STREAMED],
  ["webhook", "flood-error", "error", 'status 400: "xxx'],
  ["webhook", "flood-head", "invalid-output", "answered with what is no HTTP: Parse Error: Header overflow"],
  ["webhook", "reset", "retry", "the answer was cut off"],
  ["webhook", "reset-head", "retry", "cannot reach"],
  ["webhook", "silence", "retry", "cannot reach"],
  ["webhook", "circle", "error", "redirects more than 3 times"],
  ["webhook", "proxy", "error", 'status 407: "who are you at all?"'],
  ["webhook", "longer", "retry", "the answer was cut off"],
  ["webhook", "shorter", "invalid-output", 'what is not JSON (application/json): "{\\"a\\":"'],
  ["webhook", "two-lengths", "invalid-output", "what is no HTTP"],
  ["webhook", "two-framings", "invalid-output", "what is no HTTP"],
  ["webhook", "odd-length", "invalid-output", "what is no HTTP"],
  ["webhook", "odd-chunk", "retry", "the answer was cut off"],
  ["webhook", "no-http", "invalid-output", "what is no HTTP"],
  ["webhook", "switches", "error", "status 101"],
  ["webhook", "packed", "invalid-output", "not UTF-8"],
  ["openai", "trickle-error", "error", 'status 400: "bad!'],
  ["openai", "flood-announced", "output-too-large", TOO_MUCH_STREAMED],
  ["openai", "flood-chunks", "output-too-large", TOO_MUCH_STREAMED],
  ["openai", "flood-events", "output-too-large", TOO_MUCH_STREAMED],
  ["openai", "flood-error", "error", 'status 400: "xxx'],
  ["openai", "flood-head", "invalid-output", "what is no HTTP"],
  ["openai", "reset", "retry", "the answer was cut off"],
  ["openai", "reset-events", "retry", "the answer was cut off"],
  ["openai", "silence", "retry", "cannot reach"],
  ["openai", "circle", "error", "redirects more than 3 times"],
  ["openai", "proxy", "error", 'status 407: "who are you at all?"'],
  ["openai", "longer", "retry", "the answer was cut off"],
  ["openai", "shorter", "invalid-output", "no chat completion"],
  ["openai", "two-lengths", "invalid-output", "what is no HTTP"],
])("%s, a bad server: %s", async (kind, path, reason, words) => {
  const ended = await endingOf(kind === "webhook" ? webhook(path) : openai(path), LONG_MS);
  expect(ended).toMatchObject({ reason, message: expect.stringContaining(words) });
  expect(ended.ms).toBeLessThan(LONG_MS);
});

test("ten gigabytes, eight at once, cost some megabytes that are soon free, and their connections end", async () => {
  const before_bytes = process.memoryUsage.rss();
  let most_bytes = before_bytes;
  const timer = setInterval(() => {
    most_bytes = Math.max(most_bytes, process.memoryUsage.rss());
  }, 5);
  const paths = ["flood-announced", "flood-chunks", "flood-lines", "flood-error"].map(webhook);
  const models = ["flood-announced", "flood-chunks", "flood-events", "flood-error"].map(openai);
  await Promise.all([...paths, ...models].map((handler) => run(agentOf(handler, { timeout_ms: LONG_MS }))));
  clearInterval(timer);
  // Most of it is what the garbage collector has not looked at yet.
  expect(most_bytes - before_bytes).toBeLessThan(256 * 1024 * 1024);
  await vi.waitFor(async () => {
    const seen: unknown = await (await fetch(`${server.url}/seen`)).json();
    expect(seen).toEqual({ open: 0 });
  });
});

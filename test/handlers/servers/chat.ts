/**
 * An OpenAI-compatible endpoint, for tests: it streams as the real one does, and the model's name says what goes wrong. Prints its
 * port on stdout; `GET /seen` tells what was asked. Ends when its stdin does.
 */
import { createServer, type ServerResponse } from "node:http";

interface Asked {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
}

const seen: {
  readonly path: string;
  /** The other end of its connection: tells connections apart. */
  readonly port: number | undefined;
  readonly headers: unknown;
  readonly body: unknown;
}[] = [];
let hungUp = 0;

const USAGE = { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 };

function frame(model: string, delta: object, finish_reason: string | null = null) {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason }];
  return { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model, choices, usage: null };
}

function send(response: ServerResponse, value: unknown): void {
  response.write(`data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`);
}

function begin(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  response.write(": a comment that keeps the connection alive\n\n");
}

/** A whole answer: the role, the words, the end, the usage, the mark. */
function answer(
  response: ServerResponse,
  { model, stream_options }: Asked,
  words: readonly string[],
  finish = "stop",
): void {
  begin(response);
  send(response, frame(model, { role: "assistant", content: "", refusal: null }));
  for (const content of words) send(response, frame(model, { content }));
  send(response, frame(model, {}, finish));
  if (stream_options?.include_usage === true) send(response, { ...frame(model, {}), choices: [], usage: USAGE });
  send(response, "[DONE]");
  response.end();
}

function error(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

const trouble = (message: string, type: string, code: string | null = null) => ({
  error: { message, type, param: null, code },
});

type Model = (response: ServerResponse, asked: Asked, headers: NodeJS.Dict<string | string[]>) => void;

const MODELS: Readonly<Record<string, Model>> = {
  hello: (response, asked) => answer(response, asked, ["Hel", "lo, ", "wörld ", "🥊"]),
  parrot: (response, asked) => answer(response, asked, [asked.messages.at(-1)?.content ?? ""]),
  json: (response, asked) => answer(response, asked, ['{"words"', ":3}"]),
  dribble: (response, asked) => {
    begin(response);
    const text = `data: ${JSON.stringify(frame(asked.model, { content: "é🥊" }))}\r\n\r\ndata: ${JSON.stringify(frame(asked.model, {}, "stop"))}\r\n\r\ndata: [DONE]\r\n\r\n`;
    const bytes = Buffer.from(text);
    let sent = 0;
    const more = () => {
      if (sent >= bytes.length) return void response.end();
      response.write(bytes.subarray(sent, ++sent));
      setImmediate(more);
    };
    more();
  },
  whole: (response, { model }) => {
    const message = { role: "assistant", content: "not streamed", refusal: null };
    error(response, 200, {
      id: "1",
      object: "chat.completion",
      model,
      choices: [{ index: 0, message, finish_reason: "stop" }],
      usage: USAGE,
    });
  },
  unmarked: (response, { model }) => {
    begin(response);
    send(response, frame(model, { content: "no mark" }));
    send(response, frame(model, {}, "stop"));
    response.end();
  },
  two: (response, { model }) => {
    begin(response);
    send(response, {
      ...frame(model, { content: "second" }),
      choices: [{ index: 1, delta: { content: "second" }, finish_reason: null }],
    });
    send(response, frame(model, { content: "first" }));
    send(response, frame(model, {}, "stop"));
    send(response, "[DONE]");
    response.end();
  },
  long: (response, asked) => answer(response, asked, ["as far as it"], "length"),
  filtered: (response, asked) => answer(response, asked, [], "content_filter"),
  uncounted: (response, { model }) => {
    begin(response);
    send(response, frame(model, { content: "not counted" }));
    send(response, frame(model, {}, "stop"));
    send(response, "[DONE]");
    response.end();
  },
  /** In the event of the last word, and nowhere else. */
  lastly: (response, { model }) => {
    begin(response);
    send(response, { ...frame(model, { content: "counted " }), usage: null });
    send(response, { ...frame(model, { content: "at last" }, "stop"), usage: USAGE });
    send(response, "[DONE]");
    response.end();
  },
  /** In every event, growing. */
  growing: (response, { model }) => {
    begin(response);
    const grown = (completion_tokens: number) => ({ ...USAGE, completion_tokens });
    send(response, { ...frame(model, { content: "counted " }), usage: grown(1) });
    send(response, { ...frame(model, { content: "always" }), usage: grown(2) });
    send(response, { ...frame(model, {}, "stop"), usage: USAGE });
    response.end();
  },
  miscounted: (response, { model }) => {
    begin(response);
    send(response, frame(model, { content: "counted wrongly" }));
    send(response, { ...frame(model, {}, "stop"), usage: { prompt_tokens: -1, completion_tokens: "five" } });
    send(response, "[DONE]");
    response.end();
  },
  /** After the mark nothing counts. */
  afterwards: (response, asked) => {
    begin(response);
    send(response, frame(asked.model, { content: "all of it" }));
    send(response, frame(asked.model, {}, "stop"));
    send(response, "[DONE]");
    send(response, frame(asked.model, { content: " and more" }));
    response.end();
  },
  /** Some write an empty reason until there is one. */
  blank: (response, { model }) => {
    begin(response);
    send(response, frame(model, { content: "blank" }, ""));
    send(response, frame(model, {}, "stop"));
    send(response, { ...frame(model, {}, ""), usage: USAGE });
    response.end();
  },
  empty: (response, asked) => answer(response, asked, []),
  /** The mark came, and no reason of the end before it. */
  unreasoned: (response, { model }) => {
    begin(response);
    send(response, frame(model, { content: "half" }));
    send(response, "[DONE]");
    response.end();
  },
  costly: (response, { model }) => {
    begin(response);
    send(response, { ...frame(model, { content: "half" }), usage: USAGE });
    send(response, trouble("The engine is overloaded", "overloaded_error"));
    response.end();
  },
  tools: (response, asked) => answer(response, asked, [], "tool_calls"),
  /** Ends as if it were an answer. */
  wishes: (response, { model }) => {
    begin(response);
    const call = { index: 0, id: "c1", type: "function", function: { name: "look", arguments: "" } };
    send(response, frame(model, { role: "assistant", content: null, tool_calls: [call] }));
    send(response, frame(model, { tool_calls: [{ index: 0, function: { arguments: '{"at":1}' } }] }));
    send(response, frame(model, {}, "stop"));
    send(response, "[DONE]");
    response.end();
  },
  "wishes-old": (response, asked) => answer(response, asked, [], "function_call"),
  "wishes-whole": (response, { model }) => {
    const call = { id: "c1", type: "function", function: { name: "look", arguments: "{}" } };
    const message = { role: "assistant", content: null, tool_calls: [call] };
    error(response, 200, { id: "1", model, choices: [{ index: 0, message, finish_reason: "tool_calls" }] });
  },
  refuses: (response, asked) => {
    begin(response);
    send(response, frame(asked.model, { refusal: "I will " }));
    send(response, frame(asked.model, { refusal: "not." }));
    send(response, frame(asked.model, {}, "stop"));
    send(response, "[DONE]");
    response.end();
  },
  breaks: (response, { model }) => {
    begin(response);
    send(response, frame(model, { content: "half" }));
    send(response, trouble("The engine is overloaded", "overloaded_error"));
    response.end();
  },
  wrong: (response, { model }) => {
    begin(response);
    send(response, frame(model, { content: "half" }));
    send(response, trouble("your prompt is rude", "invalid_request_error"));
    response.end();
  },
  ends: (response, { model }) => {
    begin(response);
    send(response, frame(model, { content: "half" }));
    response.end();
  },
  cut: (response, { model }) => {
    begin(response);
    send(response, frame(model, { content: "half" }));
    setImmediate(() => response.socket?.destroy());
  },
  garbage: (response) => {
    begin(response);
    send(response, "{ this is no JSON");
    response.end();
  },
  strange: (response) => {
    begin(response);
    send(response, { choices: "none" });
    response.end();
  },
  page: (response) => void response.writeHead(200, { "content-type": "text/html" }).end("<h1>Sign in</h1>"),
  flood: (response, { model }) => {
    begin(response);
    const more = () => {
      while (response.write(`data: ${JSON.stringify(frame(model, { content: "x".repeat(1_000) }))}\n\n`));
    };
    response.on("drain", more).on("close", () => hungUp++);
    more();
  },
  unending: (response) => {
    begin(response);
    const more = () => {
      while (response.write("data: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"));
    };
    response.on("drain", more).on("close", () => hungUp++);
    more();
  },
  silent: (response, { model }) => {
    begin(response);
    send(response, frame(model, { content: "and then" }));
    response.on("close", () => hungUp++);
  },
  limited: (response) =>
    error(response, 429, trouble("Rate limit reached", "requests", "rate_limit_exceeded"), { "retry-after": "20" }),
  loading: (response) => error(response, 503, trouble("Loading model", "unavailable_error")),
  crashed: (response) => void response.writeHead(500).end("Internal Server Error"),
  bad: (response) => error(response, 400, trouble("max_tokens is too large", "invalid_request_error")),
  locked: (response, _, headers) =>
    error(
      response,
      401,
      trouble(`Incorrect API key provided: ${String(headers["authorization"])}`, "invalid_request_error"),
    ),
};

const server = createServer(async (request, response) => {
  const path = request.url ?? "";
  if (path === "/seen") return error(response, 200, { seen, hungUp });
  let text = "";
  for await (const piece of request) text += String(piece);
  const asked: Asked = JSON.parse(text);
  seen.push({ path, port: request.socket.remotePort, headers: request.headers, body: asked });
  const model = path.startsWith("/v1/chat/completions") ? MODELS[asked.model] : undefined;
  if (model === undefined)
    return error(response, 404, trouble(`The model ${asked.model} does not exist`, "invalid_request_error"));
  return model(response, asked, request.headers);
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" ? address?.port : ""}\n`);
});
process.stdin.resume().on("end", () => process.exit(0));

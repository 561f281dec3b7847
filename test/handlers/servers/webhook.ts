/**
 * An agent behind HTTP, for tests: the path says how it answers. Prints its port on stdout; `GET /seen` tells what was asked, and how
 * many connections were made. Ends when its stdin does.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

interface Seen {
  readonly method: string;
  readonly path: string;
  /** The other end of its connection: tells connections apart. */
  readonly port: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

const seen: Seen[] = [];
let connections = 0;
let open = 0;
let hungUp = 0;

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const piece of request) body += String(piece);
  return body;
}

function json(response: ServerResponse, status: number, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
}

function lines(response: ServerResponse, values: readonly unknown[]): void {
  response.writeHead(200, { "content-type": "application/x-ndjson; charset=utf-8" });
  for (const value of values) response.write(`${typeof value === "string" ? value : JSON.stringify(value)}\n`);
}

/** Answers that wait until they are let go. */
const waiting: (() => void)[] = [];

type Answer = (response: ServerResponse, body: string, request: IncomingMessage) => void;

const ANSWERS: Readonly<Record<string, Answer>> = {
  "/echo": (response, body) => json(response, 200, JSON.parse(body)),
  "/status": (response, _, request) => {
    const status = Number(new URL(request.url ?? "", "http://x").searchParams.get("is"));
    json(response, status, { why: `status ${status}` });
  },
  "/busy": (response) => json(response, 503, { why: "at lunch" }, { "retry-after": "7" }),
  "/limited": (response) => json(response, 429, { why: "slower" }, { "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" }),
  "/empty": (response) => void response.writeHead(204).end(),
  "/page": (response) => void response.writeHead(200, { "content-type": "text/html" }).end("<h1>Hello</h1>"),
  "/latin": (response) => void response.writeHead(200).end(Buffer.from([0x22, 0xff, 0x22])),
  "/tells": (response, _, request) => json(response, 400, { got: request.headers["authorization"] }),
  "/reset": (response) => void response.socket?.destroy(),
  "/cut": (response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
    response.write('{"half":', () => response.socket?.destroy());
  },
  "/silent": (response) => response.on("close", () => hungUp++),
  "/endless": (response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const more = () => {
      while (response.write("x".repeat(16_384)));
    };
    response.on("drain", more).on("close", () => hungUp++);
    more();
  },
  "/large-error": (response) => void response.writeHead(500).end("no ".repeat(1_000_000)),
  "/lines": (response) => {
    lines(response, [{ progress: 0.25, note: "a quarter" }, "", { partial: { words: ["é", "🥊"] } }, { progress: 1 }]);
    response.end('{"output":{"done":true}}');
  },
  "/lines-on": (response) => {
    lines(response, [{ output: 1 }, "garbage"]); // and never ends
    response.on("close", () => hungUp++);
  },
  "/lines-short": (response) => {
    lines(response, [{ progress: 0.5 }]);
    response.end();
  },
  "/lines-cut": (response) => {
    lines(response, [{ progress: 0.5 }]);
    setImmediate(() => response.socket?.destroy());
  },
  "/lines-odd": (response) => {
    lines(response, [{ progress: "half" }]);
    response.end();
  },
  "/lines-error": (response) => {
    lines(response, [{ error: "out of paper" }]);
    response.end();
  },
  "/lines-retry": (response) => {
    lines(response, [{ error: "warming up", retry: true }]);
    response.end();
  },
  "/lines-long": (response) => {
    lines(response, []);
    response.end(`{"output":"${"x".repeat(100_000)}"}\n`);
  },
  /** Longer than an idle connection is kept. */
  "/slow": (response, body) => void setTimeout(() => response.end(body), 4_500),
  "/waits": (response, body) => waiting.push(() => response.end(body)),
  "/there": (response) => void response.writeHead(308, { location: "/echo" }).end(),
  "/around": (response) => void response.writeHead(307, { location: "/around" }).end(),
  "/seen-other": (response) => void response.writeHead(303, { location: "/echo" }).end(),
  "/away": (response, _, request) => {
    const to = new URL(request.url ?? "", "http://x").searchParams.get("to") ?? "";
    response.writeHead(307, { location: to }).end();
  },
};

const server = createServer(async (request, response) => {
  const path = request.url ?? "";
  if (path === "/seen") return json(response, 200, { seen, connections, open, hungUp });
  if (path === "/go-on") {
    for (const goOn of waiting.splice(0)) goOn();
    return json(response, 200, {});
  }
  const body = await bodyOf(request);
  const port = request.socket.remotePort;
  seen.push({ method: request.method ?? "", path, port, headers: request.headers, body });
  const answer = ANSWERS[path.split("?", 1)[0] ?? ""];
  if (answer === undefined) return json(response, 404, { why: "no such path" });
  return answer(response, body, request);
});
server.on("connection", (socket) => {
  connections++;
  open++;
  socket.on("close", () => open--);
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" ? address?.port : ""}\n`);
});
process.stdin.resume().on("end", () => process.exit(0));

/**
 * Log injection: everything that a stranger can have a node show, with hostile texts in it, shown by the real commands as text and as
 * JSON. A text keeps to its line (as many lines as with harmless texts), nothing that a terminal obeys or hides gets out, and JSON gives
 * back what was said. A small server stands for the node: it believes strangers more than a node does.
 */
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { isDeepStrictEqual } from "node:util";
import { MootProcess, type Spoken } from "../processes/processes.ts";
import { hostileTexts } from "./hostile.ts";
import { type Row, Tally } from "./row.ts";
import { answersOf, FAILING, TASK } from "./shown.ts";

const TOKEN = "0".repeat(64);
/** All that a terminal obeys, hides or reorders by. */
const HIDDEN = /[\p{Cc}\p{Cf}\u2028\u2029]/u;

interface Shown {
  readonly words: readonly string[];
  /** Of JSON: a line for each, or one for all. */
  readonly json: "lines" | "one";
  /** The answer that its JSON gives back. */
  readonly said: keyof ReturnType<typeof answersOf>;
}

const SHOWN: readonly Shown[] = [
  { words: ["watch"], json: "lines", said: "facts" },
  { words: ["trace", TASK], json: "lines", said: "facts" },
  { words: ["agents"], json: "one", said: "agents" },
  { words: ["peers"], json: "one", said: "peers" },
  { words: ["show", TASK], json: "one", said: "task" },
  { words: ["submit", "text.fail@1", "--input", "1"], json: "one", said: "failed" },
  { words: ["submit", "text.done@1", "--input", "1", "--stream"], json: "lines", said: "done" },
];

export async function tryLogs(count: number): Promise<Row> {
  const texts = hostileTexts(count);
  const tally = new Tally("host", "log injection");
  const [hostile, harmless] = [await stub(texts), await stub(texts.map((_, index) => `note ${index}`))];
  try {
    for (const shown of SHOWN) {
      const [text, plain, json] = await Promise.all([
        moot(hostile, shown.words),
        moot(harmless, shown.words),
        moot(hostile, [...shown.words, "--json"]),
      ]);
      const wrong = wrongText(text, plain) ?? wrongJson(json, shown, texts);
      for (const _ of texts) tally.add(wrong === undefined ? undefined : `${shown.words[0]}: ${wrong}`);
    }
    for (const words of [
      ["blob", "list"],
      ["blob", "list", "--json"],
    ]) {
      const { stdout, stderr } = await moot(hostile, words);
      const lines = stderr.trimEnd().split("\n");
      const wrong = stdout !== "" || lines.length !== 4 - words.length || HIDDEN.test(lines.join(""));
      tally.add(wrong ? `an error of the node takes ${lines.length} lines` : undefined);
    }
    return tally.row(`${count} texts in ${SHOWN.length} commands`);
  } finally {
    for (const { server } of [hostile, harmless]) server.close();
  }
}

function wrongText(hostile: Spoken, harmless: Spoken): string | undefined {
  for (const stream of ["stdout", "stderr"] as const) {
    const [lines, plain] = [hostile[stream].split("\n"), harmless[stream].split("\n")];
    const bad = lines.find((line) => HIDDEN.test(line));
    if (bad !== undefined) return `${stream} shows ${JSON.stringify(bad.slice(0, 200))}`;
    if (lines.length !== plain.length)
      return `${stream} has ${lines.length} lines, and ${plain.length} with harmless texts`;
  }
  return hostile.code === harmless.code ? undefined : `it exits with ${hostile.code} and not ${harmless.code}`;
}

function wrongJson({ stdout, stderr }: Spoken, { json, said }: Shown, texts: readonly string[]): string | undefined {
  const lines = stdout.split("\n").filter((line) => line !== "");
  const bad = [...lines, ...stderr.split("\n")].find((line) => HIDDEN.test(line));
  if (bad !== undefined) return `JSON shows ${JSON.stringify(bad.slice(0, 200))}`;
  if (json === "one" && lines.length !== 1) return `its JSON takes ${lines.length} lines`;
  const values = lines.map((line): unknown => JSON.parse(line));
  const expected: unknown = JSON.parse(JSON.stringify(answersOf(texts)[said]));
  return isDeepStrictEqual(json === "one" ? values[0] : values, expected) ? undefined : "its JSON is not what was said";
}

interface Stub {
  readonly server: Server;
  readonly env: Readonly<Record<string, string>>;
}

function moot({ env }: Stub, words: readonly string[]): Promise<Spoken> {
  return new MootProcess(words, { cwd: tmpdir(), env }).spoken();
}

/** What is not known here is answered with an error in the same words. */
async function stub(texts: readonly string[]): Promise<Stub> {
  const routes = routesOf(texts);
  const words = texts.join("");
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (piece: string) => {
      body += piece;
    });
    request.on("end", () => {
      const { pathname } = new URL(request.url ?? "/", "http://localhost");
      const asked = request.method === "POST" && body.includes("text.fail@1") ? FAILING : pathname;
      const answer = routes.get(asked)?.();
      if (answer === undefined) response.statusCode = 500;
      response.end(answer ?? JSON.stringify({ error: { code: "usage", message: words, remedy: words } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const port = Number(Object(server.address()).port);
  return { server, env: { MOOT_API: `127.0.0.1:${port}`, MOOT_TOKEN: TOKEN } };
}

function routesOf(texts: readonly string[]): ReadonlyMap<string, () => string> {
  const answers = answersOf(texts);
  const lines = (values: readonly object[]) => values.map((value) => `${JSON.stringify(value)}\n`).join("");
  const end = { event: "end", message: texts.join("") };
  return new Map([
    ["/v1/watch", () => lines([...answers.facts, end])],
    ["/v1/agents", () => JSON.stringify({ agents: answers.agents })],
    ["/v1/peers", () => JSON.stringify({ peers: answers.peers })],
    ["/v1/status", () => JSON.stringify(answers.status)],
    ["/v1/tasks", () => JSON.stringify({ task: TASK })],
    [FAILING, () => JSON.stringify({ task: FAILING })],
    [`/v1/tasks/${TASK}`, () => JSON.stringify(answers.task)],
    [`/v1/tasks/${TASK}/facts`, () => JSON.stringify({ task: TASK, facts: answers.facts })],
    [`/v1/tasks/${TASK}/outcome`, () => lines([...answers.streamed, { event: "outcome", ...answers.outcome }])],
    [`/v1/tasks/${FAILING}/outcome`, () => lines([{ event: "outcome", ...answers.failed }])],
  ]);
}

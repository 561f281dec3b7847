/**
 * HTTPS, with a real TLS server in front of each kind of service: whose certificate is believed, for which name, and that a refused one
 * is told nothing. The authority is made by the test; the address that is connected to is pinned, the name is the one of the URL.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { parseConfig } from "../../node/config/mod.ts";
import type { HandlerSpec } from "../../node/handlers/mod.ts";
import type { Resolve } from "../../node/handlers/outbound.ts";
import { handlerFor } from "../../node/handlers/run.ts";
import { told } from "../config/helpers.ts";
import { type Certified, certificate } from "./certificates.ts";
import { agentOf, ending, run } from "./helpers.ts";
import { type Server, start } from "./servers/start.ts";

const dir = mkdtempSync(join(tmpdir(), "folkmoot-https-"));
const authority = certificate({ name: "An authority" });
const stranger = certificate({ name: "Another authority" });
const ca = file("ca.pem", authority.cert);
let hook: Server;
let front: Front;
beforeAll(async () => {
  hook = await start("webhook.ts");
  front = await frontOf(hook.port, certificate({ name: "local", hosts: ["localhost"], by: authority }));
});
afterAll(async () => {
  await Promise.all([front.stop(), hook.stop()]);
  rmSync(dir, { recursive: true });
});

function file(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

interface Front extends Server {
  /** The server names that clients have asked for: one for each connection that was made. */
  names(): readonly string[];
}

async function frontOf(port: number, { key, cert }: Certified, own = 0): Promise<Front> {
  const folder = mkdtempSync(join(dir, "front-"));
  writeFileSync(join(folder, "key.pem"), key);
  writeFileSync(join(folder, "cert.pem"), cert);
  writeFileSync(join(folder, "names.json"), "[]");
  const server = await start("tls.ts", [folder, String(port), String(own)]);
  const names = () => JSON.parse(readFileSync(join(folder, "names.json"), "utf8"));
  return { ...server, url: `https://localhost:${server.port}`, names };
}

/** For one test. */
async function frontWith(certified: Certified): Promise<Front> {
  const made = await frontOf(hook.port, certified);
  onTestFinished(async () => await made.stop());
  return made;
}

async function endings(spec: HandlerSpec, times = 1): Promise<string> {
  const agent = agentOf(spec);
  let last = "";
  for (let call = 0; call < times; call++) last = ending(await run(agent, { input: { text: "hello" } })).join(" ");
  await handlerFor(agent).close?.();
  return last;
}

const webhook = (url: string, more: { ca?: string; resolve?: Resolve; allow_private?: boolean } = {}) =>
  ({ kind: "webhook", url: `${url}/echo`, headers: {}, allow_private: false, ...more }) as const;
async function served(): Promise<number> {
  return JSON.parse(await (await fetch(`${hook.url}/seen`)).text()).seen.length;
}

test("with its authority a server is believed, and ten calls need one handshake", async () => {
  const before = front.names().length;
  expect(await endings(webhook(front.url, { ca }), 10)).toMatch(/^ok false .*"text":"hello"/);
  expect(front.names().slice(before)).toEqual(["localhost"]);
});

test("without it, and with another's, the server is refused and told nothing", async () => {
  const before = await served();
  const words =
    /^spawn true https:.* shows a certificate that is refused: .*; if its authority is your own, write ca: /;
  expect(await endings(webhook(front.url))).toMatch(words);
  expect(await endings(webhook(front.url, { ca: file("other.pem", stranger.cert) }))).toMatch(words);
  expect(await served()).toBe(before);
});

test("one that signed itself is refused, unless it is its own authority here", async () => {
  const itself = certificate({ name: "localhost", hosts: ["localhost"] });
  const { url } = await frontWith(itself);
  expect(await endings(webhook(url))).toContain("a certificate that is refused: self-signed certificate");
  expect(await endings(webhook(url, { ca }))).toContain("a certificate that is refused: self-signed certificate");
  expect(await endings(webhook(url, { ca: file("itself.pem", itself.cert) }))).toMatch(/^ok/);
});

test("one for another name is refused, by whichever authority", async () => {
  const { url } = await frontWith(certificate({ name: "other", hosts: ["other.example"], by: authority }));
  const before = await served();
  const ended = await endings(webhook(url, { ca }));
  expect(ended).toMatch(/^spawn true .*refused: Hostname\/IP does not match certificate's altnames: Host: localhost\./);
  expect(ended).toContain("write the name that the certificate has into the URL");
  expect(await served()).toBe(before);
});

test("one that has expired is refused", async () => {
  const old = certificate({ name: "old", hosts: ["localhost"], by: authority, until_ms: Date.now() - 1_000 });
  const { url } = await frontWith(old);
  expect(await endings(webhook(url, { ca }))).toContain("refused: certificate has expired");
});

test("the address is pinned, and the name stays the name: it is what the server is asked for, and judged by", async () => {
  const { port, names } = await frontWith(certificate({ name: "in", hosts: ["agent.example"], by: authority }));
  const resolve: Resolve = () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]);
  const reach = { ca, resolve, allow_private: true };
  expect(await endings(webhook(`https://agent.example:${port}`, reach))).toMatch(/^ok/);
  expect(names()).toEqual(["agent.example"]);
  expect(await endings(webhook(`https://other.example:${port}`, reach))).toContain("Host: other.example. is not");
  // Its address is not its name.
  expect(await endings(webhook(`https://127.0.0.1:${port}`, reach))).toContain("IP: 127.0.0.1 is not");
});

test("what speaks no TLS cannot be reached by it", async () => {
  expect(await endings(webhook(`https://localhost:${hook.port}`, { ca }))).toMatch(/^retry true cannot reach https:/);
});

test("NODE_EXTRA_CA_CERTS is heard where no ca is given", async () => {
  const asks = join(import.meta.dirname, "servers", "asks.ts");
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: ca };
  const { stdout } = await promisify(execFile)(process.execPath, [asks, `${front.url}/echo`], { env });
  expect(JSON.parse(stdout)[0]).toBe("ok");
});

test("a model, an MCP server and an A2A agent are believed in the same way", async () => {
  const certified = certificate({ name: "local", hosts: ["localhost"], by: authority });
  const [reserved, own] = await Promise.all([freePort(), freePort()]);
  const backends = await Promise.all([
    start("chat.ts"),
    start("mcp-http.ts"),
    start("a2a.ts", ["stream", String(reserved), `https://localhost:${own}`]),
  ]);
  const [chat, mcp, a2a] = backends;
  const fronts = await Promise.all([
    frontOf(chat.port, certified),
    frontOf(mcp.port, certified),
    frontOf(a2a.port, certified, own),
  ]);
  onTestFinished(async () => void (await Promise.all([...fronts, ...backends].map((one) => one.stop()))));
  const [models, tools, agents] = fronts;
  const at = (url: string, trusted: string | undefined) => ({ url, allow_private: false, ca: trusted });
  const price = { input_per_million: 0, output_per_million: 0 };
  const specs = (trusted: string | undefined): readonly HandlerSpec[] => [
    { kind: "openai", ...at(`${models.url}/v1`, trusted), model: "hello", prompt: "{{input}}", json: false, price },
    {
      kind: "mcp",
      server: { type: "url", ...at(`${tools.url}/mcp`, trusted), headers: {} },
      tool: "text",
      arguments: {},
    },
    { kind: "a2a", ...at(agents.url, trusted), headers: {} },
  ];
  for (const spec of specs(ca)) expect(await endings(spec), spec.kind).toMatch(/^ok/);
  for (const spec of specs(undefined))
    expect(await endings(spec), spec.kind).toMatch(/^spawn .*certificate that is refused/);
});

async function freePort(): Promise<number> {
  const idle = createServer();
  await new Promise<void>((resolve) => idle.listen(0, "127.0.0.1", () => resolve()));
  const port = Number(Object(idle.address()).port);
  await new Promise((resolve) => idle.close(resolve));
  return port;
}

const config = (handler: string) =>
  ["agents:", "  - name: a", `    handler: ${handler}`, "    skills: [{ name: x.y@1 }]"].join("\n");

test("a relative path starts from the configuration's folder", () => {
  file("moot.yaml", config("{ webhook: { url: https://x.com, ca: ca.pem } }"));
  const [found] = parseConfig(readFileSync(join(dir, "moot.yaml"), "utf8"), join(dir, "moot.yaml")).agents;
  expect(found?.handler).toMatchObject({ kind: "webhook", ca });
});

test.each([
  ["{ webhook: { url: https://x.com, ca: missing.pem } }", "missing.pem, which is not a file"],
  ["{ openai: { url: https://x.com, model: m, ca: EMPTY } }", "empty.pem, which has no certificate in it"],
  ["{ a2a: { url: https://x.com, ca: BROKEN } }", "broken.pem, which cannot be read as certificates"],
  [
    "{ mcp: { url: https://x.com, tool: t, ca: 3 } }",
    "ca is 3; it must be the path of a file with certificates as PEM",
  ],
  ["{ mcp: { command: [node, x.js], tool: t, ca: BROKEN } }", "has a ca for no url; env belongs to command, ca to url"],
])("a bad file of authorities is told before a task comes: %s", async (handler, words) => {
  const broken = file("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  const lines = await told(config(handler.replace("EMPTY", file("empty.pem", "\n")).replace("BROKEN", broken)));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(words);
});

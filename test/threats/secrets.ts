/**
 * Secrets: a node with everything that is secret in its configuration, files and environment goes through work, failure and every command
 * that talks about it, with services that repeat what they were sent. Then every word that was said and every file but those that the
 * secrets belong to is searched for each secret, as it is and in the forms that it may take.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { MootProcess, moot, type Spoken } from "../processes/processes.ts";
import { type Row, Tally } from "./row.ts";

/** Where secrets belong. */
const HOME = new Set([
  "network.key",
  "root.key",
  "other.key",
  "identity.key",
  "api.json",
  "broken.key",
  "moot.yaml",
  "broken.yaml",
  "literal.yaml",
]);
const SKILLS = ["web.fail@1", "chat.fail@1", "mcp.fail@1", "a2a.fail@1", "exec.done@1"];
const SEED_BYTES = 32;
/** In front of the seed in libp2p's protobuf of a private key. */
const HEAD_BYTES = 4;

export async function trySecrets(): Promise<Row> {
  const dir = mkdtempSync(join(tmpdir(), "folkmoot-secrets-"));
  const echo = await echoing();
  const scene = new Scene(dir, echo.port);
  try {
    await scene.prepare();
    await scene.play();
    const tally = new Tally("host", "secrets in output, logs and files");
    const secrets = scene.secrets;
    const places = scene.places();
    for (const [name, forms] of secrets) {
      const found = places.find(({ text }) => forms.some((form) => text.includes(form)));
      tally.add(found === undefined ? undefined : `${name} is in ${found.where}`);
    }
    for (const name of ["WEBHOOK_KEY", "CHAT_KEY", "MCP_KEY", "A2A_KEY"] as const)
      if (!echo.heard().includes(scene.envSecret(name)))
        tally.add(`no service was sent ${name}: the scene is not what it seems`);
    if (!places.some(({ text }) => text.includes("[secret]"))) tally.add("no service's words were shown");
    return tally.row(`${secrets.size} secrets, ${places.length} outputs and files`);
  } finally {
    await scene.end();
    echo.server.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Echo {
  readonly server: Server;
  readonly port: number;
  readonly heard: () => string;
}

/** Fails, and repeats all that it was sent. */
async function echoing(): Promise<Echo> {
  let heard = "";
  const server = createServer((request, response) => {
    const said = JSON.stringify({
      error: { message: `${request.headers.authorization ?? ""} is wrong`, all: request.rawHeaders },
    });
    heard += said;
    request.resume();
    response
      .writeHead(401, { "content-type": "application/json", "x-said": request.headers.authorization ?? "" })
      .end(said);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, port: Number(Object(server.address()).port), heard: () => heard };
}

const VARIABLES = [
  "WEBHOOK_KEY",
  "CHAT_KEY",
  "MCP_KEY",
  "PROGRAM_KEY",
  "A2A_KEY",
  "UNRELATED",
  "DATABASE_URL",
  "HTTP_PASSWORD",
  "SESSION",
  "AWS_SECRET_ACCESS_KEY",
  "NPM_TOKEN",
  "PASSPHRASE",
] as const;

class Scene {
  readonly #dir: string;
  readonly #port: number;
  readonly #env: Record<string, string> = {};
  readonly #said: { readonly where: string; readonly text: string }[] = [];
  /** Each with the forms that it may take. */
  readonly secrets = new Map<string, readonly string[]>();
  #node: MootProcess | undefined;

  constructor(dir: string, port: number) {
    this.#dir = dir;
    this.#port = port;
    for (const name of VARIABLES) this.#env[name] = this.#secret(`the variable ${name}`);
  }

  envSecret(name: (typeof VARIABLES)[number]): string {
    return this.#env[name] ?? "";
  }

  #secret(name: string): string {
    const text = `canary-${randomBytes(12).toString("hex")}`;
    this.secrets.set(name, [
      text,
      Buffer.from(text).toString("base64").replaceAll("=", ""),
      Buffer.from(text).toString("hex"),
    ]);
    return text;
  }

  /** Keys by the commands that make them, and a config that names every secret. */
  async prepare(): Promise<void> {
    const [, , , member] = await Promise.all([
      this.#run("keys", "make", "network"),
      this.#run("keys", "make", "root"),
      this.#run("keys", "make", "root", "--out", "other.key"),
      this.#run("keys", "make", "member", "--data", "data"),
    ]);
    const { stdout: root } = await this.#run("keys", "show", "root.key", "--json");
    const roots = [String(JSON.parse(root).peer)];
    await this.#run(
      "keys",
      "grant",
      member.stdout.trim(),
      "--network",
      "secrets",
      "--can",
      "member",
      "--key",
      "root.key",
    );
    this.#keyFile("root.key");
    this.#keyFile("other.key");
    this.#keyFile("data/identity.key");
    this.#networkKey("network.key", this.#read("network.key"));
    const broken = `/key/swarm/psk/1.0.0/\n/base16/\n${randomBytes(31).toString("hex")}zz\n`;
    this.#write("broken.key", broken);
    this.#networkKey("broken.key", broken);
    const query = this.#secret("the query of a URL");
    const network = { name: "secrets", key: "network.key", roots, certificate: "member.grants" };
    const config = { network, listen: ["/ip4/127.0.0.1/tcp/0"], agents: agentsFor(this.#port, query) };
    this.#write("moot.yaml", JSON.stringify(config, null, 1));
    this.#write(
      "broken.yaml",
      JSON.stringify({ ...config, data: "elsewhere", network: { ...network, key: "broken.key" } }),
    );
    const literal = {
      name: "chat",
      handler: { openai: { url: "http://127.0.0.1:1/v1", model: "m", key: this.#secret("a key in the config") } },
    };
    this.#write("literal.yaml", JSON.stringify({ agents: [{ ...literal, skills: [{ name: "a@1" }] }] }));
    writeFileSync(join(this.#dir, "program.sh"), "#!/bin/sh\ncat >/dev/null\necho '{}'\n", { mode: 0o755 });
  }

  async play(): Promise<void> {
    const node = new MootProcess(["up", "--json", "--journal"], { cwd: this.#dir, env: this.#env });
    this.#node = node;
    await node.line((line) => (line.includes('"ready"') ? true : undefined));
    const { token } = JSON.parse(this.#read("data/api.json"));
    this.secrets.set("the API's token", [
      String(token),
      Buffer.from(String(token), "hex").toString("base64").slice(0, 40),
    ]);
    const watch = new MootProcess(["watch", "--json"], { cwd: this.#dir, env: this.#env });
    const tasks = await Promise.all(SKILLS.map((skill) => this.#submit(skill)));
    const [task = ""] = tasks;
    const data = ["--data", "data"];
    const commands = [
      ...tasks.map((one) => ["show", one]),
      ["show", task, "--json"],
      ["trace", task],
      ["trace", task, "--format", "html", "--out", "trace.html"],
      ["replay", task, ...data, "--diff"],
      ["doctor", "--json"],
      ["check"],
      ["check", "--config", "broken.yaml"],
      ["check", "--config", "literal.yaml", "--json"],
      ["up", "--config", "literal.yaml"],
      ["status"],
      ["agents", "--json"],
      ["keys", "list"],
      ["keys", "show", "network.key"],
      ["keys", "show", "data/identity.key"],
      ["keys", "show", "broken.key"],
    ];
    const next = commands.values();
    const worker = async () => {
      for (const words of next) await this.#run(...words);
    };
    await Promise.all([worker(), worker(), worker()]);
    watch.kill("SIGINT");
    this.#hear("moot watch", await watch.spoken());
    node.kill("SIGTERM");
    this.#hear("moot up", await node.spoken());
    await this.#crash();
  }

  /** A node whose identity is damaged, and one whose key others can read: what they say when they do not start. */
  async #crash(): Promise<void> {
    const identity = this.#read("data/identity.key");
    mkdirSync(join(this.#dir, "damaged"));
    writeFileSync(join(this.#dir, "damaged", "identity.key"), `A${identity.slice(1)}`, { mode: 0o600 });
    await this.#run("up", "--data", "damaged");
    chmodSync(join(this.#dir, "network.key"), 0o644);
    await this.#run("up", "--json");
  }

  /** All that was said, and every file but those that secrets belong to. */
  places(): readonly { readonly where: string; readonly text: string }[] {
    const entries = readdirSync(this.#dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const files = entries
      .filter(({ name }) => !HOME.has(basename(name)))
      .map(({ parentPath, name }) => join(parentPath, name));
    return [...this.#said, ...files.map((where) => ({ where, text: readFileSync(where, "latin1") }))];
  }

  async end(): Promise<void> {
    this.#node?.kill("SIGKILL");
    await this.#node?.exited;
  }

  async #submit(skill: string): Promise<string> {
    const words = [
      "submit",
      skill,
      "--input",
      "{}",
      "--attempts",
      "1",
      "--custodians",
      "1",
      "--deadline",
      "10s",
      "--stream",
    ];
    const { stdout } = await this.#run(...words, "--json");
    return String(JSON.parse(stdout.split("\n").findLast((line) => line.includes('"status"')) ?? "{}").task);
  }

  async #run(...words: readonly string[]): Promise<Spoken> {
    const spoken = await moot(words, { cwd: this.#dir, env: this.#env });
    this.#hear(`moot ${words.join(" ")}`, spoken);
    return spoken;
  }

  #hear(where: string, { stdout, stderr }: Spoken): void {
    this.#said.push({ where, text: `${stdout}\n${stderr}` });
  }

  #keyFile(name: string): void {
    const text = this.#read(name).trim();
    const seed = Buffer.from(text, "base64").subarray(HEAD_BYTES, HEAD_BYTES + SEED_BYTES);
    const inner = (encoding: "base64" | "base64url") => seed.toString(encoding).slice(0, 40);
    this.secrets.set(`the key in ${name}`, [
      text,
      text.slice(0, 40),
      seed.toString("hex"),
      inner("base64"),
      inner("base64url"),
      seed.toString("latin1"),
    ]);
  }

  #networkKey(name: string, text: string): void {
    const hex = text.trim().split("\n").at(-1) ?? "";
    const bytes = Buffer.from(hex.slice(0, 60), "hex");
    this.secrets.set(`the key in ${name}`, [
      hex.slice(0, 60),
      bytes.toString("base64").slice(0, 36),
      bytes.toString("latin1"),
    ]);
  }

  #read(name: string): string {
    return readFileSync(join(this.#dir, name), "latin1");
  }
  #write(name: string, text: string): void {
    writeFileSync(join(this.#dir, name), text, { mode: 0o600 });
  }
}

function agentsFor(port: number, query: string): readonly object[] {
  const at = `http://127.0.0.1:${port}`;
  const bearer = (name: string) => ({ Authorization: `Bearer \${${name}}` });
  const agent = (skill: string, handler: object, env: readonly string[]) => ({
    name: skill.split("@")[0],
    handler,
    env,
    timeout_ms: 5_000,
    skills: [{ name: skill, effects: "none", expected_ms: 50 }],
  });
  return [
    agent("web.fail@1", { webhook: { url: `${at}/hook?key=${query}`, headers: bearer("WEBHOOK_KEY") } }, [
      "WEBHOOK_KEY",
    ]),
    agent("chat.fail@1", { openai: { url: `${at}/v1`, model: "any", key: `\${CHAT_KEY}` } }, ["CHAT_KEY"]),
    agent("mcp.fail@1", { mcp: { url: `${at}/mcp`, headers: bearer("MCP_KEY"), tool: "any" } }, ["MCP_KEY"]),
    agent("a2a.fail@1", { a2a: { url: `${at}/a2a`, headers: bearer("A2A_KEY") } }, ["A2A_KEY"]),
    agent("exec.done@1", { exec: ["./program.sh"] }, ["PROGRAM_KEY"]),
  ];
}

// Is the specification enough to write a peer from it? The one beside this test was, and is held here against the
// vectors (its decoder, its verdicts on topics, its answers to calls and awards), against the conformance kit as the
// command line runs it, and the guide's commands are followed to the letter. It does not ask how fast that peer is, or
// what only a custodian does.
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";

type Heard = { id: string; signer: string; document: { network?: string; input_digest?: string } };
type Scope = { kinds: string[]; network: string };
type Message = { type: string; document?: string; input?: string };
type Form = {
  Frames: new (protocol: string) => { push(chunk: Uint8Array): Iterable<Message> };
  fnv1a(text: string): number;
  identity(seed: Uint8Array): { peer: string; seal(document: object): string };
  inputFits(task: object, input: string): boolean;
  open(envelope: Uint8Array | string, scope: Scope): Heard | undefined;
  read(protocol: string, bytes: Uint8Array): Message;
  shard(network: string, skill: string): string;
  unseal(bytes: Uint8Array): Heard | undefined;
};
type Receiver = { receive(from: string, message: Message): void };
type Port = {
  say(to: string, message: Message): void;
  worker: Receiver;
  judge(topic: string, data: Uint8Array): string;
};
type WireModule = { Wire: new (options: object) => Port };
type WorkModule = { Worker: new (options: object) => Receiver };

const root = new URL("../../", import.meta.url);
const beside = (name: string) => new URL(`minimal-peer/${name}`, import.meta.url).href;
const form: Form = await import(beside("form.js"));
const { Wire }: WireModule = await import(beside("wire.js"));
const { Worker }: WorkModule = await import(beside("work.js"));

type Parts = { parts: { base64: string; times: number }[] };
type Bytes = string | Parts;
const vectors = (name: string) => JSON.parse(readFileSync(new URL(`protocols/vectors/${name}.json`, root), "utf8"));
const network = "example";
const calendar_ms = 1_800_000_000_000;

function bytes(of: Bytes): Buffer {
  if (typeof of === "string") return Buffer.from(of, "base64");
  return Buffer.concat(
    of.parts.flatMap(({ base64, times }) => Array<Buffer>(times).fill(Buffer.from(base64, "base64"))),
  );
}

/** What an attempt gives, or undefined when it refuses by throwing. */
function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

type Case = { name: string; clause?: string; id?: string; envelope: Bytes; frame: Bytes };
type Kind = { protocol: string; valid: Case[]; invalid: Case[] };

describe("the decoder takes what is valid and refuses what is not", () => {
  const kinds = ["task", "award", "outcome", "cfp", "propose", "equivocation", "card"];
  const documents: Record<string, Kind> = vectors("documents");

  test.each(Object.entries(documents))("documents: %s", (kind, { valid, invalid }) => {
    const opened = (one: Case) => form.open(bytes(one.envelope), { kinds: [kind], network });
    for (const one of valid) expect(opened(one)?.id, one.name).toBe(one.id ?? opened(one)?.id ?? "an id");
    for (const one of invalid) expect(opened(one), one.name).toBeUndefined();
  });

  const messages: { messages: Record<string, Kind>; frames: Kind; sizes: (Case & { protocol: string })[] } =
    vectors("messages");
  const taken = (protocol: string, one: Case) => {
    const message = attempt(() => form.read(protocol, bytes(one.frame)));
    const task = form.open(message?.document ?? "", { kinds: ["task"], network })?.document;
    const fits = message?.input === undefined || task === undefined || form.inputFits(task, message.input);
    return fits ? message : undefined;
  };

  test.each(Object.entries(messages.messages))("messages: %s", (_, { protocol, valid, invalid }) => {
    for (const one of valid) expect(taken(protocol, one), one.name).toBeDefined();
    for (const one of invalid) expect(taken(protocol, one), one.name).toBeUndefined();
  });

  test("frames, by their form and size", () => {
    for (const one of messages.frames.valid) expect(taken("/moot/directory/1", one), one.name).toBeDefined();
    for (const one of messages.frames.invalid) expect(taken("/moot/directory/1", one), one.name).toBeUndefined();
    for (const one of messages.sizes)
      expect(taken(one.protocol, one) === undefined, one.protocol).toBe("clause" in one);
  });

  test("streams, byte by byte", () => {
    const streams: { name: string; protocol: string; bytes: Bytes; frames: number; reset: boolean }[] =
      vectors("messages").streams;
    for (const stream of streams) {
      const frames = new form.Frames(stream.protocol);
      const read: Message[] = [];
      const chunks = [...bytes(stream.bytes)].map((byte) => Uint8Array.of(byte));
      const whole = attempt(() => {
        for (const chunk of chunks) read.push(...frames.push(chunk));
        return true;
      });
      expect({ frames: read.length, reset: whole === undefined }, stream.name).toEqual({
        frames: stream.frames,
        reset: stream.reset,
      });
    }
  });

  test("envelopes, base64 and ids", () => {
    const envelopes: Kind & { invalid_base64: { name: string; text: string }[] } = vectors("envelopes");
    for (const one of envelopes.valid) expect(form.unseal(bytes(one.envelope))?.id, one.name).toBe(one.id);
    const ours = (one: Case) => form.unseal(bytes(one.envelope))?.document?.network === network;
    for (const one of envelopes.invalid) expect(ours(one), one.name).toBe(false);
    for (const one of envelopes.invalid_base64)
      expect(form.open(one.text, { kinds, network }), one.name).toBeUndefined();
    const ids: {
      keys: { seed: string; peer: string }[];
      fnv1a: { text: string; hash: number }[];
      shards: { skill: string; topic: string }[];
    } = vectors("ids");
    for (const { seed, peer } of ids.keys) expect(form.identity(Buffer.from(seed, "base64")).peer).toBe(peer);
    for (const { text, hash } of ids.fnv1a) expect(form.fnv1a(text)).toBe(hash);
    for (const { skill, topic } of ids.shards) expect(form.shard(network, skill)).toBe(topic);
  });
});

describe("what it makes of what it hears", () => {
  afterEach(() => vi.useRealTimers());

  const keys: { name: string; seed: string; peer: string }[] = vectors("ids").keys;
  const cast = (name: string) => keys.find((key) => key.name === name) ?? { seed: "", peer: "" };
  const skill = { name: "text.count@1", effects: "none", cost: 1, expected_ms: 10 };
  const agents = [{ name: "counter", concurrency: 4, skills: [skill] }];
  const disk = () => ({
    state: { seed: Buffer.from(cast("dave").seed, "base64").toString("hex"), seq: 0, runs: {} },
    save: () => undefined,
  });
  const calendar = () => vi.useFakeTimers({ now: calendar_ms });

  test("topics: accept, reject and ignore", () => {
    calendar();
    const wire = new Wire({ network, disk: disk(), agents });
    wire.worker = { receive: () => undefined };
    const heard: { name: string; topic: string; data: Bytes; verdict: string }[] = vectors("topics").heard;
    for (const one of heard) expect(wire.judge(one.topic, bytes(one.data)), one.name).toBe(one.verdict);
  });

  type Said = { from: string; protocol: string; frame: Bytes };
  type Judgement = { name: string; receiver: string; before: Said[]; message: Said; answers?: object[] };
  const judgements: Judgement[] = vectors("judgements").cases;
  const mine = judgements.filter((one) => one.receiver === "dave");

  test.each(mine.map((one) => [one.name, one] as const))("judgements: %s", (_, { before, message, answers }) => {
    calendar();
    const said: { to: string; type: string }[] = [];
    const wire = new Wire({ network, disk: disk(), agents });
    wire.say = (to, { type }) => said.push({ to: keys.find((key) => key.peer === to)?.name ?? to, type });
    const worker = new Worker({ wire, agents, handler: () => new Promise(() => undefined) });
    const hear = (one: Said) => worker.receive(cast(one.from).peer, form.read(one.protocol, bytes(one.frame)));
    for (const one of before) hear(one);
    said.length = 0;
    hear(message);
    expect(said).toEqual(answers ?? []);
  });
});

// Side by side: they wait for most of their time.
describe.concurrent("the commands of the guide", () => {
  const folder = mkdtempSync(join(tmpdir(), "minimal-peer-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const path = `${dirname(process.execPath)}${delimiter}${process.env["PATH"]}`;
  const guide = readFileSync(new URL("test/conformance/README.md", root), "utf8");
  const commands = [...guide.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = ""]) => block.trim().split("\n"));
  const command = (part: string) =>
    commands.find((line) => line.includes(part)) ?? `the guide has no command with ${part}`;

  /** Runs a line of the guide as a shell would, in the root of the repository. */
  function run(line: string): Promise<{ code: number; out: string }> {
    const options = { cwd: root, env: { ...process.env, PATH: path }, maxBuffer: 16_777_216 };
    return new Promise((resolve) => {
      execFile("sh", ["-c", line], options, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), out: out + err }),
      );
    });
  }

  test("every command is tried by a test below", () => {
    const tried = ["12D3Koo…", "--role contractor", "--only AUCTION-5", "conformance-shim", "--baseline"];
    expect(commands.filter((line) => !tried.some((part) => line.includes(part)))).toEqual([]);
  });

  type Clause = { id: string; level: string; verdict: string; detail?: string };

  // The clauses that are a bidder's and a contractor's own, of those that two roles' scripts check in half a minute.
  const own = ["AUCTION-4", "AUCTION-5", "AUCTION-6", "AUCTION-8", "CLAIM-18", "CLAIM-41", "CLAIM-42"];

  test("its MUSTs as bidder and contractor hold", async () => {
    const only = own.map((clause) => `--only ${clause}`).join(" ");
    const { code, out } = await run(`${command("--role contractor")} ${only} --json`);
    const { clauses }: { clauses: Clause[] } = JSON.parse(out.slice(out.indexOf("{"), out.lastIndexOf("}") + 1));
    const musts = clauses.filter(({ level }) => level === "MUST");
    expect(musts.filter(({ verdict }) => verdict !== "pass")).toEqual([]);
    expect(musts.map(({ id }) => id).sort()).toEqual(own);
    expect(code).toBe(0);
  });

  test("a baseline that names nothing, and one that names what holds", async () => {
    const baseline = join(folder, "known-failures.txt");
    const line = `${command("--baseline").replace("known-failures.txt", baseline)} --only AUCTION-5`;
    writeFileSync(baseline, "");
    expect((await run(line)).code).toBe(0);
    writeFileSync(baseline, "AUCTION-5\n");
    expect((await run(line)).code).toBe(8);
  });

  test("one clause of it, and of a node of this version", async () => {
    const one = await run(command("--only AUCTION-5"));
    expect(one.out).toMatch(/^pass +AUCTION-5/m);
    expect(one.code).toBe(0);
    const node = await run(`${command("conformance-shim")} --only AUCTION-5`);
    expect(node.out).toMatch(/^pass +AUCTION-5/m);
    expect(node.code).toBe(0);
  });

  test("a peer by its address", async () => {
    const options = ["--listen", "/ip4/127.0.0.1/tcp/0", "--network", "my-moot", "--data", folder];
    const script = new URL("test/conformance/minimal-peer.js", root).pathname;
    const peer = spawn(process.execPath, [script, ...options], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const { value } = await createInterface(peer.stdout)[Symbol.asyncIterator]().next();
      const { address }: { address: string } = JSON.parse(value ?? "");
      const [line = ""] = command("12D3Koo…").split("#");
      const { code, out } = await run(`${line.replace(/\/ip4\S+/, address)} --role bidder --only AUCTION-5`);
      expect(out).toMatch(/^pass +AUCTION-5/m);
      expect(code).toBe(0);
    } finally {
      const gone = new Promise((resolve) => peer.once("exit", resolve));
      peer.kill();
      await gone;
    }
  });
});

/** Agents that speak A2A, with real ones in other processes, streaming and not: states, output, cancel, and what breaks. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Entry } from "../../node/handlers/mod.ts";
import { agentOf, ending, run } from "./helpers.ts";
import { type Server, start } from "./servers/start.ts";

interface Seen {
  readonly seen: readonly {
    readonly messageId: string;
    readonly metadata: unknown;
    readonly parts: readonly unknown[];
  }[];
  readonly cancelled: readonly string[];
  readonly headers: readonly Readonly<Record<string, string>>[];
}

async function seenAt({ url }: Server): Promise<Seen> {
  return JSON.parse(await (await fetch(`${url}/seen`)).text());
}

const at = (url: string, skill?: string) => agentOf({ kind: "a2a", url, skill, headers: {}, allow_private: false });

describe.each(["stream", "plain"])("an agent with the style %s", (style) => {
  let server: Server;
  beforeAll(async () => {
    server = await start("a2a.ts", [style]);
  });
  afterAll(async () => await server.stop());

  const ask = (mode: string) => run(at(server.url), { input: { mode } });

  test("data is the output, and what it got has the input, once", async () => {
    const entries: Entry[] = [];
    const input = { mode: "data", list: [1, null, "ü"] };
    const ran = await run(at(server.url, "do"), { input, fence: 24 }, { onEntry: (entry) => entries.push(entry) });
    expect(ending(ran)).toEqual(["ok", false, JSON.stringify({ echoed: input })]);
    expect(ran.toolTrace).toMatchObject([{ name: "a2a", outcome: "ok" }]);
    const { seen } = await seenAt(server);
    expect(seen.at(-1)).toMatchObject({ messageId: "t1/24", metadata: { skill: "do" } });
    const partials = entries.flatMap((entry) => (entry.type === "partial" ? [entry.value] : []));
    expect(partials).toEqual([
      { artifact: "a1", text: "here it is" },
      { artifact: "a1", data: { echoed: input } },
    ]);
    if (style !== "stream") return;
    const progress = entries.filter(({ type }) => type === "progress");
    expect(progress).toContainEqual(expect.objectContaining({ done: 0.5, note: "on it" }));
  });

  test("a text is also sent as text, and text is an output", async () => {
    const ran = await run(at(server.url), { input: { text: "hi" } });
    expect(ran.ok).toBe(true);
    const { seen } = await seenAt(server);
    expect(JSON.stringify(seen.at(-1)?.parts)).toContain('"value":"hi"');
    expect(ending(await ask("text"))).toEqual(["ok", false, '{"text":"one two\\nthree"}']);
    expect(ending(await ask("message"))).toEqual(["ok", false, '{"text":"hello"}']);
  });

  test.each([
    ["fail", "error", "because of fail"],
    ["reject", "error", "the agent rejected the task: because of reject"],
    ["auth", "error", "the agent wants to know who asks: because of auth; give its key under headers"],
    ["input", "error", "the agent asks back: because of input; nobody can answer: put all it needs into the input"],
    ["cancel", "error", "the agent cancelled the task by itself: because of cancel"],
    ["empty", "invalid-output", "the agent completed the task with neither data nor text"],
  ])("the end %s", async (mode, reason, message) => {
    const [found, , said] = ending(await ask(mode));
    expect([found, said]).toEqual([reason, message]);
  });

  test("a task that takes its time is followed to its end", async () => {
    expect(ending(await ask("slow"))).toEqual(["ok", false, '{"slow":true}']);
  });

  test("a run that is stopped cancels the remote task", async () => {
    const stop = new AbortController();
    const before = (await seenAt(server)).cancelled.length;
    const onEntry = ({ type }: Entry) => type === "progress" && stop.abort();
    const ran = await run(at(server.url), { input: { mode: "hang" } }, { signal: stop.signal, onEntry });
    expect(ending(ran)[0]).toBe("cancelled");
    expect((await seenAt(server)).cancelled.length).toBe(before + 1);
  });

  test("an agent that dies in the middle asks for another try, and is found again", async () => {
    const first = await start("a2a.ts", [style]);
    const agent = at(first.url);
    const [reason, again] = ending(await run(agent, { input: { mode: "die" } }));
    expect([reason, again]).toEqual(["retry", true]);
    expect(ending(await run(agent, { input: {} }))[0]).toBe("retry");
    const second = await start("a2a.ts", [style, String(first.port)]);
    onTestFinished(async () => await second.stop());
    expect(ending(await run(agent, { input: {} }))[0]).toBe("ok");
  });
});

describe("what can be wrong with an agent", () => {
  let server: Server;
  beforeAll(async () => {
    server = await start("a2a.ts");
  });
  afterAll(async () => await server.stop());

  test("a skill that its card lacks", async () => {
    const [reason, , message] = ending(await run(at(server.url, "undo")));
    expect([reason, message]).toEqual(["spawn", "the agent has no skill undo: its card lists do"]);
  });

  test("busy asks for another try, denied does not, and shows no secret", async () => {
    const busy = ending(await run(at(`${server.url}/busy`)));
    expect(busy).toEqual(["retry", true, "the agent is busy or broken (status 503): come back later"]);
    vi.stubEnv("MOOT_TEST_TOKEN", "s3cr3t-token");
    onTestFinished(() => void vi.unstubAllEnvs());
    const headers = { Authorization: { template: `Bearer \${MOOT_TEST_TOKEN}`, names: ["MOOT_TEST_TOKEN"] } };
    const spec = { kind: "a2a", url: `${server.url}/denied`, headers, allow_private: false } as const;
    const ran = await run(agentOf(spec, { env: ["MOOT_TEST_TOKEN"] }));
    expect(ending(ran)[2]).toBe(
      "the agent lets nobody in (status 401): give its key under headers: not Bearer [secret]",
    );
    expect(JSON.stringify(ran)).not.toContain("s3cr3t");
    expect((await seenAt(server)).headers.at(-2)?.["authorization"]).toBe("Bearer s3cr3t-token");
  });

  test("the card's own URL does as well as its base", async () => {
    const ran = await run(at(`${server.url}/.well-known/agent-card.json`), { input: {} });
    expect(ran.ok).toBe(true);
  });
});

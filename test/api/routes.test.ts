/** The control API's resources over one real node: what is served, and what each wrong request is told. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Fault } from "../../node/fault.ts";
import { LIMITS } from "../../protocols/kernel/mod.ts";
import { ask, type Reply } from "./ask.ts";
import { knownOf, type Single, startSingle } from "./single.ts";

let single: Single;
let port: number;
let token: string;

beforeAll(async () => {
  single = await startSingle();
  ({ port, token } = knownOf(single));
});
afterAll(() => single.close());

function get(path: string): Promise<Reply> {
  return ask({ port, path, headers: ["host", `127.0.0.1:${port}`, "authorization", `Bearer ${token}`] });
}

function post(path: string, body: string | Uint8Array, type = "application/json"): Promise<Reply> {
  const headers = [
    "host",
    `127.0.0.1:${port}`,
    "authorization",
    `Bearer ${token}`,
    "content-type",
    type,
    "content-length",
    String(Buffer.byteLength(body)),
  ];
  return ask({ port, method: "POST", path, headers, body });
}

describe("reading", () => {
  it("tells status, peers and agents", async () => {
    const { client, node } = single;
    expect(await client.status()).toMatchObject({
      peer: node.self,
      network: "alone",
      state: "ready",
      meshReady: true,
      connections: 0,
    });
    expect(await client.peers()).toMatchObject([{ peer: node.self, self: true, connected: false }]);
    const agents = await client.agents("text.count@1");
    expect(agents).toMatchObject([{ peer: node.self, agent: "all", here: true, present: true, concurrency: 4 }]);
    expect(await client.agents("nobody.has@1")).toEqual([]);
  });

  it("tells who would be asked", async () => {
    expect(await single.client.candidates("text.count@1")).toMatchObject([{ peer: single.node.self, agent: "all" }]);
    expect(await single.client.candidates("nobody.has@1")).toEqual([]);
  });

  it("is never cached, and is JSON", async () => {
    const { headers } = await get("/v1/status");
    expect(headers["cache-control"]).toBe("no-store");
    expect(headers["content-type"]).toMatch(/^application\/json/);
  });
});

describe("a task", () => {
  it("is stored when its id is told, and has an outcome, facts and a row", async () => {
    const { client } = single;
    const task = await client.submit({ skill: "text.count@1", input: { text: "one two three" }, custodians: 1 });
    const outcome = await client.outcome(task);
    expect(outcome).toMatchObject({
      task,
      status: "done",
      result: { words: 3 },
      contractor: single.node.self,
      agent: "all",
      attempts: 1,
    });
    const { facts } = await client.facts(task.slice(0, 12));
    expect(facts.map((fact) => fact.type)).toEqual(
      expect.arrayContaining(["submitted", "stored", "chosen", "awarded", "decided"]),
    );
    expect(await client.task(task.slice(0, 10))).toMatchObject({
      task,
      state: "decided",
      outcome: { status: "done" },
      messages: expect.any(Object),
    });
    const { tasks } = await client.tasks({ state: "decided" });
    expect(tasks.find((row) => row.task === task)).toMatchObject({ status: "done", skill: "text.count@1" });
    expect(tasks.find((row) => row.task === task)).not.toHaveProperty("input");
  });

  it("may nest as deep as the protocol allows, and no deeper", async () => {
    const nested = (depth: number) =>
      `{"skill":"always.fail@1","input":${"[".repeat(depth)}${"]".repeat(depth)},"custodians":1}`;
    expect((await post("/v1/tasks", nested(LIMITS.body_depth))).status).toBe(201);
    expect((await post("/v1/tasks", nested(LIMITS.body_depth + 1))).status).toSatisfy(
      (code: number) => code === 400 || code === 413,
    );
  });

  it("that fails says why", async () => {
    const task = await single.client.submit({ skill: "always.fail@1", input: null, custodians: 1 });
    const outcome = await single.client.outcome(task);
    expect(outcome).toMatchObject({
      status: "failed",
      failure: { message: expect.stringContaining("it cannot be done") },
    });
  });

  it("that is cancelled is decided so", async () => {
    const { client } = single;
    const task = await client.submit({ skill: "never.ends@1", input: null, custodians: 1 });
    for await (const line of client.follow(task)) if (line.kind === "fact" && line.fact.type === "agreed") break;
    expect(await client.cancel(task)).toBe(task);
    expect((await client.outcome(task)).status).toBe("cancelled");
  });

  it("is waited for no longer than asked", async () => {
    const task = await single.client.submit({ skill: "never.ends@1", input: null, custodians: 1 });
    const { status, text } = await get(`/v1/tasks/${task}/outcome?wait_ms=20`);
    expect(status).toBe(202);
    expect(JSON.parse(text)).toMatchObject({ task, state: expect.any(String) });
    await single.client.cancel(task);
    expect((await single.client.outcome(task)).status).toBe("cancelled");
  });
});

describe("a wrong request", () => {
  const told = (reply: Reply) => ({
    status: reply.status,
    code: JSON.parse(reply.text).error.code,
    message: String(JSON.parse(reply.text).error.message),
  });

  it("for an unknown path names those that are served", async () => {
    const reply = await get("/v1/stat");
    expect(told(reply)).toMatchObject({ status: 404, code: "usage" });
    expect(JSON.parse(reply.text).error.remedy).toContain("GET /v1/status");
  });

  it.each([
    ["/v1/tasks/xyz", 400, "usage"],
    ["/v1/tasks/12345", 400, "usage"],
    [`/v1/tasks/${"0".repeat(64)}`, 404, "unknown-task"],
    ["/v1/tasks/000000", 404, "unknown-task"],
    [`/v1/tasks/${"0".repeat(64)}/facts`, 404, "unknown-task"],
    [`/v1/tasks/${"0".repeat(64)}/outcome?follow=1`, 404, "unknown-task"],
    ["/v1/tasks?limit=0", 400, "usage"],
    ["/v1/tasks?sort=up", 400, "usage"],
    ["/v1/candidates", 400, "usage"],
    ["/v1/agents?skill=Text", 400, "usage"],
    ["/v1/tasks/%00%00%00%00%00%00", 400, "usage"],
  ])("GET %s is told so", async (path, status, code) => {
    expect(told(await get(path))).toMatchObject({ status, code });
  });

  it.each([
    ["{", 400, "usage"],
    ["[]", 400, "usage"],
    ["null", 400, "usage"],
    ['{"skill":"a.b@1"}', 400, "usage"],
    ['{"skill":"A","input":1}', 400, "usage"],
    ['{"skill":"a.b@1","input":1,"deadline_ms":0}', 400, "usage"],
    ['{"skill":"a.b@1","input":1,"deadline_ms":99999999999}', 400, "usage"],
    ['{"skill":"a.b@1","input":1,"custodians":2}', 400, "usage"],
    [`{"skill":"a.b@1","input":${"[".repeat(1_000)}${"]".repeat(1_000)}}`, 400, "usage"],
  ])("POST /v1/tasks with %.60s is told so", async (body, status, code) => {
    expect(told(await post("/v1/tasks", body))).toMatchObject({ status, code });
  });

  it("with a slip in a key names the nearest", async () => {
    expect(told(await post("/v1/tasks", '{"skill":"a.b@1","input":1,"deadline_sm":5}')).message).toContain(
      "perhaps deadline_ms?",
    );
  });

  it("in another type or encoding is told so", async () => {
    expect(told(await post("/v1/tasks", '{"skill":"a.b@1","input":1}', "text/plain"))).toMatchObject({
      status: 400,
      code: "usage",
    });
    expect(told(await post("/v1/tasks", Uint8Array.of(0x22, 0xff, 0x22)))).toMatchObject({
      status: 400,
      code: "usage",
    });
  });

  it("that is too large is refused, with and without a length", async () => {
    const body = `{"skill":"text.count@1","input":{"text":"${"x".repeat(256 * 1024)}"}}`;
    expect(told(await post("/v1/tasks", body))).toMatchObject({ status: 413, code: "too-large" });
    const chunked = [
      "host",
      `127.0.0.1:${port}`,
      "authorization",
      `Bearer ${token}`,
      "content-type",
      "application/json",
      "transfer-encoding",
      "chunked",
    ];
    expect(told(await ask({ port, method: "POST", path: "/v1/tasks", headers: chunked, body }))).toMatchObject({
      status: 413,
      code: "too-large",
    });
    const larger = { skill: "text.count@1", input: { text: "x".repeat(70 * 1024) } };
    const fault = await single.client.submit(larger).catch((error: Fault) => error);
    expect(fault).toMatchObject({ name: "Fault", code: "too-large" });
  });
});

it("hands a request to stop to the node's owner, after it was answered", async () => {
  await single.client.stop(1_500);
  await expect.poll(() => single.stops).toEqual([{ grace_ms: 1_500 }]);
});

/**
 * The control API's resources over one node: what the CLI does, as HTTP. The server's side; woken by requests that the guard
 * has let in. Answers are JSON, streams are JSON Lines; every error is `{error: {code, message, remedy}}`.
 */
import { readFile } from "node:fs/promises";
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { type Context, Hono } from "hono";
import { parseSkill, parseTaskId, type Skill, type TaskId } from "../../protocols/mod.ts";
import { Fault } from "../fault.ts";
import type { MootNode, Observed, Status } from "../moot-node.ts";
import { agentRows } from "./agents.ts";
import { blobRoutes } from "./blobs.ts";
import { bodyOf, statusOf } from "./errors.ts";
import { API } from "./limits.ts";
import { Lines } from "./lines.ts";
import {
  checked,
  dryRunRequest,
  emptyRequest,
  noQuery,
  outcomeQuery,
  parseBody,
  revokeRequest,
  skillQuery,
  stopRequest,
  submitRequest,
  tasksQuery,
  watchQuery,
} from "./requests.ts";
import { subTasksOf, type TaskNames, taskRow, unknownTask } from "./tasks.ts";

export interface RoutesOptions {
  readonly node: MootNode;
  readonly names: TaskNames;
  /** Aborts when the server closes: whoever waits is told. */
  readonly closing: AbortSignal;
  /** Asked for by `POST /v1/stop`; must not throw. */
  readonly stop: (options: { readonly grace_ms?: number }) => void;
}

interface Env {
  Bindings: HttpBindings;
}
type Asked = Context<Env>;

export function routes(options: RoutesOptions): Hono<Env> {
  const app = new Hono<Env>({ strict: true });
  app.use(async (context, next) => {
    await next();
    if (context.res === RESPONSE_ALREADY_SENT) return;
    context.header("cache-control", "no-store");
    context.header("x-content-type-options", "nosniff");
  });
  app.onError((error, context) => context.json(bodyOf(error), statusOf(error)));
  app.notFound((context) => {
    const known = [
      ...new Set(app.routes.filter((route) => route.method !== "ALL").map((route) => `${route.method} ${route.path}`)),
    ];
    const fault = new Fault("usage", `${context.req.method} ${context.req.path} is not served`, {
      remedy: `served: ${known.join(", ")}`,
    });
    return context.json(bodyOf(fault), 404);
  });
  reading(app, options);
  acting(app, options);
  waiting(app, options);
  blobRoutes({ app, node: options.node, closing: options.closing, body: bodyOfRequest });
  return app;
}

function reading(app: Hono<Env>, { node, names }: RoutesOptions): void {
  app.get("/v1/status", (context) => {
    checked(noQuery, context.req.query());
    return context.json(node.status());
  });
  app.get("/v1/peers", (context) => {
    checked(noQuery, context.req.query());
    return context.json({ peers: node.peers().map((row) => ({ ...row, self: row.peer === node.self })) });
  });
  app.get("/v1/agents", (context) => {
    const { skill } = checked(skillQuery, context.req.query());
    return context.json({
      agents: agentRows(node.status(), node.peers(), skill === undefined ? undefined : asSkill(skill)),
    });
  });
  app.get("/v1/candidates", (context) => {
    const { skill } = checked(skillQuery, context.req.query());
    return context.json({ candidates: node.candidates(asSkill(skill ?? "")) });
  });
  app.get("/v1/keys", (context) => {
    checked(noQuery, context.req.query());
    return context.json(node.keys());
  });
  app.get("/v1/tasks", (context) => {
    const { state, limit } = checked(tasksQuery, context.req.query());
    const all = node
      .tasks()
      .filter((view) => state === undefined || (state === "decided") === (view.state === "decided"));
    return context.json({ tasks: all.slice(-limit).map(taskRow), total: all.length });
  });
  app.get("/v1/tasks/:id", (context) => {
    const id = names.resolve(context.req.param("id"));
    const view = node.task(id);
    if (view === undefined) throw notKept(id, node.facts(id).length);
    return context.json({
      ...view,
      messages: node.messages(id),
      records: node.records(id),
      subTasks: subTasksOf(node, id),
    });
  });
  // Also of tasks that are kept elsewhere: bidders and contractors send frames too.
  app.get("/v1/tasks/:id/messages", (context) => {
    const task = wholeId(context.req.param("id"));
    return context.json({ task, ...node.messages(task) });
  });
  // What ran here: also of tasks that are kept elsewhere.
  app.get("/v1/tasks/:id/records", (context) => {
    const task = wholeId(context.req.param("id"));
    return context.json({ task, records: node.records(task) });
  });
  app.get("/v1/tasks/:id/records/:fence", async (context) => {
    const task = wholeId(context.req.param("id"));
    const fence = context.req.param("fence");
    const row = node.records(task).find((one) => String(one.fence) === fence);
    if (row === undefined)
      throw new Fault("unknown-task", `this node has no record of fence ${fence.slice(0, 20)} of ${task}`, {
        remedy: "ask the node of the task's contractor; old records are let go",
      });
    context.header("content-type", "application/x-ndjson");
    return context.body(await readFile(row.file));
  });
  app.get("/v1/tasks/:id/facts", (context) => {
    const id = names.resolve(context.req.param("id"));
    const facts = node.facts(id);
    if (facts.length === 0 && node.task(id) === undefined) throw unknownTask(id);
    return context.json({ task: id, facts });
  });
}

function wholeId(text: string): TaskId {
  const task = parseTaskId(text);
  if (task === undefined) throw new Fault("usage", "a task's whole id is needed here: 64 hex digits");
  return task;
}

/** Only custodians keep tasks; a contractor or a bidder has but its own facts of one. */
function notKept(id: TaskId, facts: number): Fault {
  if (facts === 0) return unknownTask(id);
  const remedy = `ask one of its custodians, or read what this node saw: moot trace ${id.slice(0, 12)}`;
  return new Fault("unknown-task", `this node is no custodian of ${id}, but saw ${facts} facts of it`, {
    remedy,
    details: { task: id, facts },
  });
}

function acting(app: Hono<Env>, { node, names, stop }: RoutesOptions): void {
  app.post("/v1/tasks", async (context) => {
    const { input, skill, ...rest } = checked(submitRequest, await bodyOfRequest(context));
    if (input === undefined)
      throw new Fault("usage", "the input is missing", {
        remedy: "give any JSON value as input; null if there is nothing to say",
      });
    const task = await node.submit({ skill: asSkill(skill), input, ...rest });
    return context.json({ task }, 201);
  });
  app.post("/v1/dry-runs", async (context) => {
    return context.json(node.dryRun(checked(dryRunRequest, await bodyOfRequest(context))));
  });
  app.post("/v1/tasks/:id/cancel", async (context) => {
    checked(emptyRequest, await bodyOfRequest(context));
    const task = names.resolve(context.req.param("id"));
    await node.cancel(task);
    return context.json({ task, accepted: true }, 202);
  });
  app.post("/v1/revocations", async (context) => {
    const { revocation } = checked(revokeRequest, await bodyOfRequest(context));
    await node.revoke(revocation);
    return context.json({ accepted: true }, 202);
  });
  app.post("/v1/stop", async (context) => {
    const { grace_ms } = checked(stopRequest, await bodyOfRequest(context));
    // After the answer is on its way: the client must hear that it was heard.
    context.env.outgoing.once("close", () => stop(grace_ms === undefined ? {} : { grace_ms }));
    context.header("connection", "close");
    return context.json({ stopping: true }, 202);
  });
}

function waiting(app: Hono<Env>, options: RoutesOptions): void {
  const { node, names } = options;
  app.get("/v1/tasks/:id/outcome", async (context) => {
    const { follow, wait_ms } = checked(outcomeQuery, context.req.query());
    const task = names.resolve(context.req.param("id"));
    if (follow) return followOutcome(context, task, options);
    const left = new AbortController();
    context.env.outgoing.once("close", () => left.abort());
    const late = wait_ms === undefined ? undefined : AbortSignal.timeout(wait_ms);
    try {
      return context.json(
        await node.outcome(
          task,
          AbortSignal.any([left.signal, options.closing, ...(late === undefined ? [] : [late])]),
        ),
      );
    } catch (error) {
      if (options.closing.aborted) throw stopping();
      if (late?.aborted === true) return context.json({ task, state: node.task(task)?.state ?? null }, 202);
      throw error;
    }
  });
  app.get("/v1/watch", (context) => {
    const { task } = checked(watchQuery, context.req.query());
    const only = task === undefined ? undefined : names.resolve(task);
    const lines = new Lines(context.env.outgoing);
    if (only === undefined) lines.send(asOfNow(node.status()));
    const off = node.watch((fact) => {
      if (only === undefined || ("task" in fact && fact.task === only)) lines.send(fact);
    });
    lines.gone.addEventListener("abort", off, { once: true });
    endWith(lines, options.closing);
    return RESPONSE_ALREADY_SENT;
  });
}

/** What the node became last: a watcher comes after that. */
function asOfNow({ peer, state, why, stateSinceMs }: Status): Observed {
  return { type: "node", state, why, at_ms: stateSinceMs, node: peer };
}

/** What is known of the task, then what happens, then `{"event":"outcome",…}`. */
function followOutcome(context: Asked, task: TaskId, { node, closing }: RoutesOptions): Response {
  if (node.task(task) === undefined) throw notKept(task, node.facts(task).length);
  const lines = new Lines(context.env.outgoing);
  const tell = (fact: Observed) => {
    if ("task" in fact && fact.task === task) lines.send(fact);
  };
  // In one breath, so that no fact falls between what was and what comes.
  for (const fact of node.facts(task)) lines.send(fact);
  const off = node.watch(tell);
  lines.gone.addEventListener("abort", off, { once: true });
  endWith(lines, closing);
  node.outcome(task, lines.gone).then(
    (outcome) => lines.end({ event: "outcome", ...outcome }),
    (error: unknown) => lines.end({ event: "error", ...bodyOf(error) }),
  );
  return RESPONSE_ALREADY_SENT;
}

function endWith(lines: Lines, closing: AbortSignal): void {
  const end = () => lines.end({ event: "end", ...bodyOf(stopping()) });
  if (closing.aborted) return end();
  closing.addEventListener("abort", end, { once: true });
  lines.gone.addEventListener("abort", () => closing.removeEventListener("abort", end), { once: true });
}

function stopping(): Fault {
  return new Fault("no-node", "the node is stopping", {
    remedy: "ask another node of the network, or this one when it is up again",
  });
}

/** Throws Fault "usage" for what is no JSON, "too-large" for too much of it. */
async function bodyOfRequest(context: Asked): Promise<unknown> {
  const bytes = await bodyBytes(context.env.incoming);
  const type = context.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (bytes.length > 0 && type !== "application/json") {
    throw new Fault("usage", `the body is ${type ?? "of no named type"}`, { remedy: "send application/json" });
  }
  return parseBody(bytes);
}

/** Somewhat more than fits is read and dropped, so that the client is done writing and hears why; a flood is cut off. */
async function bodyBytes(incoming: HttpBindings["incoming"]): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size_bytes = 0;
  for await (const chunk of incoming) {
    const bytes: Uint8Array = chunk;
    size_bytes += bytes.length;
    if (size_bytes <= API.body_bytes) chunks.push(bytes);
    else if (size_bytes > API.dropped_bytes) break;
  }
  if (size_bytes <= API.body_bytes) return Buffer.concat(chunks);
  const remedy = "send large data as a blob: POST /v1/blobs, and its answer in the input";
  throw new Fault("too-large", `a request's body has at most ${API.body_bytes} bytes`, { remedy });
}

function asSkill(text: string): Skill {
  const skill = parseSkill(text);
  if (skill !== undefined) return skill;
  const remedy = "a skill is a lower-case dotted name and a major version, such as text.count@1";
  throw new Fault("usage", `${JSON.stringify(text.slice(0, 96))} is no skill`, { remedy });
}

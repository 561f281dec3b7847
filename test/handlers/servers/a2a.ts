/**
 * An A2A agent made with the official SDK, for tests: the input's `mode` says what it does. Prints its port on stdout; `GET /seen`
 * tells what was asked and cancelled. Ends when its stdin does. Arguments: `stream` or `plain`, a port, and where others find it.
 */
import { type AgentCard, type Part, Role, type TaskState as State, TaskState } from "@a2a-js/sdk";
import {
  AgentEvent,
  type AgentExecutor,
  DefaultRequestHandler,
  type ExecutionEventBus,
  InMemoryTaskStore,
  type RequestContext,
} from "@a2a-js/sdk/server";
import { agentCardHandler, jsonRpcHandler, UserBuilder } from "@a2a-js/sdk/server/express";
import express from "express";

const [, , style = "stream", port = "0", place] = process.argv;
const seen: unknown[] = [];
const cancelled: string[] = [];
const headers: unknown[] = [];
const hanging = new Map<string, () => void>();
/** Tasks that are not named before they are let go. */
const unnamed: (() => void)[] = [];
let hungUp = 0;

const common = { metadata: undefined, filename: "" };
const text = (value: string): Part => ({ ...common, content: { $case: "text", value }, mediaType: "text/plain" });
const data = (value: unknown): Part => ({
  ...common,
  content: { $case: "data", value },
  mediaType: "application/json",
});

class Told {
  readonly #asked: RequestContext;
  readonly #bus: ExecutionEventBus;

  constructor(asked: RequestContext, bus: ExecutionEventBus) {
    this.#asked = asked;
    this.#bus = bus;
  }

  #message(words: string, taskId = this.#asked.taskId) {
    const { contextId } = this.#asked;
    const more = { metadata: undefined, extensions: [], referenceTaskIds: [] };
    return { messageId: `m-${words}`, contextId, taskId, role: Role.ROLE_AGENT, parts: [text(words)], ...more };
  }

  #status(state: State, words: string) {
    const message = words === "" ? undefined : this.#message(words);
    return { state, message, timestamp: new Date().toISOString() };
  }

  begin(): void {
    const { taskId: id, contextId } = this.#asked;
    const status = this.#status(TaskState.TASK_STATE_SUBMITTED, "");
    this.#bus.publish(AgentEvent.task({ id, contextId, status, artifacts: [], history: [], metadata: undefined }));
  }

  move(state: State, words = "", metadata: Record<string, unknown> | undefined = undefined): void {
    const { taskId, contextId } = this.#asked;
    this.#bus.publish(AgentEvent.statusUpdate({ taskId, contextId, status: this.#status(state, words), metadata }));
  }

  make(parts: Part[], append = false, artifactId = "a1"): void {
    const { taskId, contextId } = this.#asked;
    const artifact = { artifactId, name: "", description: "", parts, metadata: undefined, extensions: [] };
    const ends = { append, lastChunk: !append, metadata: undefined };
    this.#bus.publish(AgentEvent.artifactUpdate({ taskId, contextId, artifact, ...ends }));
  }

  answer(words: string): void {
    this.#bus.publish(AgentEvent.message(this.#message(words, "")));
  }
}

const { TASK_STATE_WORKING: WORKING, TASK_STATE_COMPLETED: COMPLETED } = TaskState;

type Mode = (told: Told, input: unknown, taskId: string) => Promise<void> | void;

const ENDS: Readonly<Record<string, State>> = {
  fail: TaskState.TASK_STATE_FAILED,
  reject: TaskState.TASK_STATE_REJECTED,
  auth: TaskState.TASK_STATE_AUTH_REQUIRED,
  input: TaskState.TASK_STATE_INPUT_REQUIRED,
  cancel: TaskState.TASK_STATE_CANCELED,
};

const MODES: Readonly<Record<string, Mode>> = {
  data(told, input) {
    told.begin();
    told.move(WORKING, "on it", { progress: 0.5 });
    told.make([text("here it is"), data({ echoed: input })]);
    told.move(COMPLETED);
  },
  text(told) {
    told.begin();
    told.make([text("one ")]);
    told.make([text("two")], true);
    told.make([text("three")], false, "a2");
    told.move(COMPLETED);
  },
  message: (told) => told.answer("hello"),
  empty(told) {
    told.begin();
    told.move(COMPLETED);
  },
  async slow(told) {
    told.begin();
    told.move(WORKING, "slowly");
    await new Promise((resolve) => setTimeout(resolve, 400));
    told.make([data({ slow: true })]);
    told.move(COMPLETED);
  },
  async hang(told, _, taskId) {
    told.begin();
    told.move(WORKING, "hanging");
    await new Promise<void>((resolve) => hanging.set(taskId, resolve));
    told.move(TaskState.TASK_STATE_CANCELED, "stopped");
  },
  async late(told, _, taskId) {
    await new Promise<void>((resolve) => unnamed.push(resolve));
    told.begin();
    await new Promise<void>((resolve) => hanging.set(taskId, resolve));
    told.move(TaskState.TASK_STATE_CANCELED, "stopped");
  },
  async die(told) {
    told.begin();
    told.move(WORKING, "about to die");
    await new Promise((resolve) => setTimeout(resolve, 100));
    process.exit(9);
  },
  throw() {
    throw new Error("a bug of the agent");
  },
};

function inputOf({ userMessage }: RequestContext): unknown {
  for (const { content } of userMessage.parts) if (content?.$case === "data") return content.value;
  return undefined;
}

const executor: AgentExecutor = {
  async execute(asked, bus) {
    const input = inputOf(asked);
    seen.push({
      messageId: asked.userMessage.messageId,
      metadata: asked.userMessage.metadata ?? null,
      parts: asked.userMessage.parts,
    });
    const mode = typeof input === "object" && input !== null && "mode" in input ? String(input.mode) : "data";
    const told = new Told(asked, bus);
    const end = ENDS[mode];
    if (end === undefined) await MODES[mode]?.(told, input, asked.taskId);
    else {
      told.begin();
      told.move(end, `because of ${mode}`);
    }
    bus.finished();
  },
  async cancelTask(taskId, bus) {
    cancelled.push(taskId);
    const stop = hanging.get(taskId);
    if (stop !== undefined) return stop();
    const status = { state: TaskState.TASK_STATE_CANCELED, message: undefined, timestamp: new Date().toISOString() };
    bus.publish(AgentEvent.statusUpdate({ taskId, contextId: "", status, metadata: undefined }));
    bus.finished();
  },
};

const app = express();
const server = app.listen(Number(port), "127.0.0.1", () => {
  const address = server.address();
  const listens = typeof address === "object" && address !== null ? address.port : 0;
  const card: AgentCard = {
    name: "Tested",
    description: "Does what the mode says",
    supportedInterfaces: [
      {
        url: `${place ?? `http://127.0.0.1:${listens}`}/a2a`,
        protocolBinding: "JSONRPC",
        tenant: "",
        protocolVersion: "1.0",
      },
    ],
    provider: undefined,
    version: "1.0.0",
    capabilities: { streaming: style === "stream", pushNotifications: false, extensions: [], extendedAgentCard: false },
    securitySchemes: {},
    securityRequirements: [],
    defaultInputModes: ["application/json"],
    defaultOutputModes: ["application/json"],
    skills: [
      {
        id: "do",
        name: "Do",
        description: "Does",
        tags: [],
        examples: [],
        inputModes: [],
        outputModes: [],
        securityRequirements: [],
      },
    ],
    signatures: [],
  };
  const requestHandler = new DefaultRequestHandler(card, new InMemoryTaskStore(), executor);
  app.use((request, response, next) => {
    headers.push(request.headers);
    response.on("close", () => {
      if (!response.writableEnded) hungUp++;
    });
    next();
  });
  app.get("/seen", (_, response) => void response.json({ seen, cancelled, headers, hungUp }));
  app.get("/go-on", (_, response) => {
    for (const goOn of unnamed.splice(0)) goOn();
    response.json({});
  });
  app.use("/busy", (_, response) => void response.status(503).send("come back later"));
  app.use("/denied", (request, response) => void response.status(401).send(`not ${request.headers.authorization}`));
  app.use("/.well-known/agent-card.json", agentCardHandler({ agentCardProvider: requestHandler }));
  app.use("/a2a", jsonRpcHandler({ requestHandler, userBuilder: UserBuilder.noAuthentication }));
  process.stdout.write(`${listens}\n`);
});
process.stdin.resume().on("end", () => process.exit(0));

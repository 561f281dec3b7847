/**
 * A remote A2A task as one run sees it: artifacts put together from their pieces, states and what they mean for the run. Woken by
 * what the agent says; asks nothing itself.
 */
import {
  type Artifact,
  type Message,
  type Part,
  type SendMessageResult,
  type StreamResponse,
  TaskState,
  type TaskStatus,
} from "@a2a-js/sdk";
import { bounded } from "./text.ts";
import { type Context, HandlerError } from "./types.ts";

const ARTIFACTS_MAX = 64;
const PARTS_MAX = 65_536;

const OVER = new Set([
  TaskState.TASK_STATE_COMPLETED,
  TaskState.TASK_STATE_FAILED,
  TaskState.TASK_STATE_CANCELED,
  TaskState.TASK_STATE_REJECTED,
]);
const WAITS = new Set([TaskState.TASK_STATE_INPUT_REQUIRED, TaskState.TASK_STATE_AUTH_REQUIRED]);

export class RemoteTask {
  readonly #named = Promise.withResolvers<void>();
  #id: string | undefined;
  readonly #context: Context;
  readonly #artifacts = new Map<string, readonly Part[]>();
  #state: TaskState = TaskState.TASK_STATE_UNSPECIFIED;
  #words = "";
  #done = 0;
  /** An answer without a task, or the words of a status. */
  #said: readonly Part[] = [];

  constructor(context: Context) {
    this.#context = context;
  }

  /** Absent until the agent has said it. */
  get id(): string | undefined {
    return this.#id;
  }

  /** Resolves when it has an id. */
  get named(): Promise<void> {
    return this.#named.promise;
  }

  /** It will not change any more. */
  get over(): boolean {
    return OVER.has(this.#state);
  }

  /** It waits for somebody whom a run does not have. */
  get waits(): boolean {
    return WAITS.has(this.#state);
  }

  /** An update of a stream. */
  hear(payload: NonNullable<StreamResponse["payload"]>): void {
    switch (payload.$case) {
      case "task":
      case "message":
        return this.take(payload.value);
      case "statusUpdate":
        this.#is(payload.value.taskId);
        return this.#moved(payload.value.status, payload.value.metadata);
      case "artifactUpdate": {
        this.#is(payload.value.taskId);
        const { artifact, append } = payload.value;
        if (artifact !== undefined) this.#made(artifact, append);
      }
    }
  }

  /** A whole answer. */
  take(answer: SendMessageResult): void {
    if ("messageId" in answer) {
      this.#said = answer.parts;
      this.#state = TaskState.TASK_STATE_COMPLETED;
      return;
    }
    this.#is(answer.id);
    for (const artifact of answer.artifacts) this.#made(artifact, false);
    this.#moved(answer.status, answer.metadata);
  }

  #is(id: string): void {
    this.#id = id;
    this.#named.resolve();
  }

  /** The output of a task that is over. Throws HandlerError for all but a completed one. */
  output(): unknown {
    const words = this.#words === "" ? "" : `: ${this.#words}`;
    const failed = (message: string) => new HandlerError("error", bounded(message));
    switch (this.#state) {
      case TaskState.TASK_STATE_COMPLETED:
        return this.#output();
      case TaskState.TASK_STATE_FAILED:
        throw failed(this.#words === "" ? "the agent failed and said nothing" : this.#words);
      case TaskState.TASK_STATE_REJECTED:
        throw failed(`the agent rejected the task${words}`);
      case TaskState.TASK_STATE_CANCELED:
        throw failed(`the agent cancelled the task by itself${words}`);
      case TaskState.TASK_STATE_AUTH_REQUIRED:
        throw failed(`the agent wants to know who asks${words}; give its key under headers`);
      case TaskState.TASK_STATE_INPUT_REQUIRED:
        throw failed(`the agent asks back${words}; nobody can answer: put all it needs into the input`);
      default:
        throw failed("the agent left the task unfinished");
    }
  }

  #output(): unknown {
    const artifacts = [...this.#artifacts.values()];
    const made = artifacts.length === 0 ? [this.#said] : artifacts;
    const data = made.flat().flatMap(({ content }) => (content?.$case === "data" ? [content.value as unknown] : []));
    if (data.length > 0) return data.at(-1);
    const texts = made.map(textOf).filter((text) => text !== "");
    if (texts.length > 0) return { text: texts.join("\n") };
    throw new HandlerError("invalid-output", "the agent completed the task with neither data nor text");
  }

  #moved(status: TaskStatus | undefined, metadata: Readonly<Record<string, unknown>> | undefined): void {
    if (status === undefined) return;
    const words = wordsOf(status.message);
    const changed = status.state !== this.#state || words !== this.#words;
    this.#state = status.state;
    this.#words = words;
    if (status.message !== undefined) this.#said = status.message.parts;
    // A2A has no measure of progress; some agents say a share in an update's metadata.
    const share = metadata?.["progress"];
    if (typeof share === "number") this.#done = share;
    if (!changed || this.over) return;
    if (words === "") this.#context.progress(this.#done);
    else this.#context.progress(this.#done, words);
  }

  #made(artifact: Artifact, append: boolean): void {
    const before = this.#artifacts.get(artifact.artifactId);
    const parts = append ? [...(before ?? []), ...artifact.parts] : artifact.parts;
    if (parts.length > PARTS_MAX || (before === undefined && this.#artifacts.size >= ARTIFACTS_MAX))
      throw new HandlerError("output-too-large", "the agent made too many artifacts");
    if (!append && before !== undefined && JSON.stringify(before) === JSON.stringify(parts)) return; // said again
    this.#artifacts.set(artifact.artifactId, parts);
    for (const { content } of artifact.parts) {
      const name = artifact.name === "" ? artifact.artifactId : artifact.name;
      if (content?.$case === "data") this.#context.emit({ artifact: name, data: content.value as unknown });
      else if (content?.$case === "text") this.#context.emit({ artifact: name, text: content.value });
    }
  }
}

/** The input as data, and as text where it is nothing but a text: agents read the one or the other. */
export function partsOf(input: unknown): Part[] {
  const common = { metadata: undefined, filename: "" };
  const data: Part = { ...common, content: { $case: "data", value: input }, mediaType: "application/json" };
  const text = onlyText(input);
  if (text === undefined) return [data];
  return [data, { ...common, content: { $case: "text", value: text }, mediaType: "text/plain" }];
}

function onlyText(input: unknown): string | undefined {
  if (typeof input === "string") return input;
  if (typeof input !== "object" || input === null || !("text" in input)) return undefined;
  return typeof input.text === "string" && Object.keys(input).length === 1 ? input.text : undefined;
}

function textOf(parts: readonly Part[]): string {
  return parts.flatMap(({ content }) => (content?.$case === "text" ? [content.value] : [])).join("");
}

function wordsOf(message: Message | undefined): string {
  return message === undefined ? "" : bounded(textOf(message.parts));
}

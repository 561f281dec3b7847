/**
 * Messages between a node and an agent's process, as frames on pipes: the lengths of the whole and of its JSON, the JSON, and bytes beside
 * it, which are the value of the answer in it. JSON on purpose: whoever writes at the other end may be anybody. Bounded by `frame_bytes`.
 * Pure: reads and writes nothing itself.
 */
import { type Answer, BRIDGED } from "./bridge.ts";

const HEAD_BYTES = 8;

/** The pipes of an agent's process, beside stdin, stdout and stderr. */
export const PIPE = {
  /** Orders, to be read as they come. */
  orders: 3,
  /** What the process says, and the answers that it stands still for. */
  talk: 4,
  /** Says nothing. It closes when the node is gone. */
  life: 5,
} as const;

export function framed(message: object): Buffer {
  const [json, bytes] = parted(message);
  const text = Buffer.from(JSON.stringify(json));
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(text.length + bytes.length, 0);
  head.writeUInt32BE(text.length, 4);
  return Buffer.concat([head, text, bytes]);
}

/** Bytes as an answer's value do not become JSON. */
function parted(message: object): readonly [object, Uint8Array] {
  const none = new Uint8Array();
  if (!("answer" in message)) return [message, none];
  const { answer } = message;
  if (!isAnswer(answer) || !answer.ok || !(answer.value instanceof Uint8Array)) return [message, none];
  return [{ ...message, answer: { ok: true }, hasBytes: true }, answer.value];
}

function isAnswer(value: unknown): value is Answer {
  return typeof value === "object" && value !== null && "ok" in value;
}

/** What arrives, frame by frame. */
export class Frames {
  #chunks: Buffer[] = [];
  #bytes = 0;

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** How many bytes are missing for the next; 0 when it is there. Throws when it would be too long. */
  get missing(): number {
    if (this.#bytes < HEAD_BYTES) return HEAD_BYTES - this.#bytes;
    const head = this.#peek();
    const [all, json] = [head.readUInt32BE(0), head.readUInt32BE(4)];
    if (all > BRIDGED.frame_bytes || json > all) throw new Error("a frame that is too long");
    return Math.max(0, HEAD_BYTES + all - this.#bytes);
  }

  /** The next message; undefined when it is not there yet. Throws when it is none. */
  next(): unknown {
    if (this.missing > 0) return undefined;
    const whole = this.#chunks.length === 1 ? this.#peek() : Buffer.concat(this.#chunks);
    const end = HEAD_BYTES + whole.readUInt32BE(0);
    const json = HEAD_BYTES + whole.readUInt32BE(4);
    const rest = whole.subarray(end);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#bytes = rest.length;
    const message: unknown = JSON.parse(whole.toString("utf8", HEAD_BYTES, json));
    if (typeof message !== "object" || message === null || !("hasBytes" in message)) return message;
    return { ...message, answer: { ok: true, value: new Uint8Array(whole.subarray(json, end)) } };
  }

  /** The first chunk, with the whole head in it. */
  #peek(): Buffer {
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= HEAD_BYTES) return first;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }
}

/**
 * Reading what another server answers: in pieces, as text, whole, or only its first words; never more than the reader allows, and
 * with a reason when it breaks off. Whoever has enough leaves the rest: a little of it is read for the sake of the connection, which
 * can then be used again, and of more the connection ends. How long it all may take is the run's time-out, not judged here.
 */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { messageOf, systemCode } from "../fault.ts";
import { HANDLER } from "./limits.ts";
import { bounded } from "./text.ts";
import { HandlerError } from "./types.ts";

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Media type, in lower case, without parameters. */
  readonly type: string;
  readonly body: IncomingMessage;
}

/** What of an unwanted rest is still read, and for how long. */
const REST_BYTES = 64 * 1024;
const REST_MS = 250;
/** Longer the words of a failure are not waited for: its status says enough. */
const COMPLAINT_MS = 1_000;

export function replyOf(body: IncomingMessage): Reply {
  body.on("error", () => undefined); // whoever reads is told; when nobody does, it matters to nobody
  const type = (body.headers["content-type"] ?? "").split(";")[0] ?? "";
  return { status: body.statusCode ?? 0, headers: body.headers, type: type.trim().toLowerCase(), body };
}

/** The body, piece by piece. Throws HandlerError "output-too-large" at the cap, "retry" where it breaks off. */
export async function* pieces(reply: Reply, max_bytes: number): AsyncGenerator<Buffer, void> {
  const { body, headers } = reply;
  let size_bytes = 0;
  try {
    // Nobody has to read ten gigabytes to find that they are too many.
    if (Number(headers["content-length"]) > max_bytes) throw tooLarge(max_bytes);
    for await (const piece of body.iterator({ destroyOnReturn: false })) {
      if (!Buffer.isBuffer(piece)) continue;
      size_bytes += piece.length;
      if (size_bytes > max_bytes) throw tooLarge(max_bytes);
      yield piece;
    }
  } catch (error) {
    body.destroy();
    if (error instanceof HandlerError) throw error;
    throw new HandlerError("retry", bounded(`the answer was cut off: ${whatFailed(error)}`), error);
  } finally {
    leave(reply);
  }
}

function tooLarge(max_bytes: number): HandlerError {
  return new HandlerError("output-too-large", `the answer has more than ${max_bytes} bytes`);
}

/** The body as text, in the characters that come. Throws HandlerError "invalid-output" where it is not UTF-8. */
export async function* textPieces(reply: Reply, max_bytes: number): AsyncGenerator<string, void> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decode = (piece?: Buffer) => {
    try {
      return piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true });
    } catch (error) {
      throw new HandlerError("invalid-output", "the answer is not UTF-8", error);
    }
  };
  for await (const piece of pieces(reply, max_bytes)) yield decode(piece);
  yield decode();
}

export async function wholeText(reply: Reply, max_bytes: number = HANDLER.output_bytes): Promise<string> {
  let text = "";
  for await (const piece of textPieces(reply, max_bytes)) text += piece;
  return text;
}

/** The first words of a body that says what went wrong, or what came of them in a second: never an error of its own. */
export async function complaint(reply: Reply): Promise<string> {
  const timer = setTimeout(() => reply.body.destroy(), COMPLAINT_MS);
  let text = "";
  try {
    for await (const piece of pieces(reply, Number.POSITIVE_INFINITY)) {
      text += piece.toString("utf8");
      if (text.length >= HANDLER.message_chars) break;
    }
  } catch {
    // What came before it broke says what there is to say.
  } finally {
    clearTimeout(timer);
  }
  return text;
}

/** Nobody reads it any further. */
export function leave({ body }: Reply): void {
  if (body.destroyed || body.readableEnded) return;
  const timer = setTimeout(() => body.destroy(), REST_MS);
  let left_bytes = REST_BYTES;
  body.on("data", (piece: Buffer) => {
    left_bytes -= piece.length;
    if (left_bytes < 0) body.destroy();
  });
  body.once("close", () => clearTimeout(timer));
}

/** A connection that tried several addresses failed several times: the first says enough. */
export function whatFailed(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return whatFailed(error.errors[0]);
  const message = messageOf(error);
  return message === "" ? (systemCode(error) ?? "the connection failed") : message;
}

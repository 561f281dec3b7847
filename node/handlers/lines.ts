/**
 * An answer that comes as lines of JSON (application/x-ndjson): `{"progress":0.5,"note":"…"}`, `{"partial":…}`, and at the end
 * `{"output":…}` or `{"error":"…","retry":true}`. Reads until that end and no further; holds one line at a time.
 */
import { z } from "zod";
import { hide, type SecretText } from "../fields/secrets-in-text.ts";
import { HANDLER } from "./limits.ts";
import { type Reply, textPieces } from "./reply.ts";
import { bounded, excerpt } from "./text.ts";
import { type Context, HandlerError } from "./types.ts";

const line = z.union([
  z.strictObject({ progress: z.number().min(0).max(1), note: z.string().optional() }),
  z.strictObject({ partial: z.json() }),
  z.strictObject({ output: z.json() }),
  z.strictObject({ error: z.string(), retry: z.boolean().optional() }),
]);

/** The output. Throws HandlerError for everything else. */
export async function readLines(reply: Reply, context: Context, secrets: readonly SecretText[]): Promise<unknown> {
  for await (const text of linesOf(reply)) {
    const said = parse(text, secrets);
    if ("output" in said) return said.output;
    if ("error" in said)
      throw new HandlerError(said.retry === true ? "retry" : "error", bounded(hide(said.error, secrets)));
    if ("partial" in said) context.emit(said.partial);
    else context.progress(said.progress, said.note);
  }
  throw new HandlerError("invalid-output", 'its lines ended without {"output":…}');
}

async function* linesOf(reply: Reply): AsyncGenerator<string, void> {
  let rest = "";
  for await (const piece of textPieces(reply, HANDLER.stream_bytes)) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((text) => text.trim() !== "");
    if (rest.length > HANDLER.output_bytes)
      throw new HandlerError("output-too-large", `a line of the answer has more than ${HANDLER.output_bytes} bytes`);
  }
  if (rest.trim() !== "") yield rest;
}

function parse(text: string, secrets: readonly SecretText[]): z.infer<typeof line> {
  const wrong = (error?: unknown) =>
    new HandlerError(
      "invalid-output",
      bounded(`a line of the answer is not as agreed: ${excerpt(hide(text, secrets))}`),
      error,
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw wrong(error);
  }
  const found = line.safeParse(value);
  if (!found.success) throw wrong(found.error);
  return found.data;
}

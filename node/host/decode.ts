/** From a frame to a message: size, bounds, JSON, schema, in this order. Pure; never throws. */
import { type Message, messageSchemas, type Open, PROTOCOLS, type ProtocolName } from "../../protocols/mod.ts";
import { digestOf, readJson } from "../envelope/mod.ts";

export type Decoded =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly clause: "WIRE-1" | "WIRE-2"; readonly detail: string };

export type Decode = (protocol: ProtocolName, frame: Uint8Array) => Decoded;

const DETAIL_CHARS = 200;

export function decoder(open: Open): Decode {
  const schemas = messageSchemas(open, digestOf);
  return (protocol, frame) => {
    const value = readJson(frame, PROTOCOLS[protocol].frame_bytes);
    if (value === undefined)
      return { ok: false, clause: "WIRE-1", detail: "a frame that is not JSON within the bounds" };
    const parsed = schemas[protocol].safeParse(value);
    if (parsed.success) return { ok: true, message: parsed.data };
    const [issue] = parsed.error.issues;
    const detail = `${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`.trim().slice(0, DETAIL_CHARS);
    return { ok: false, clause: "WIRE-2", detail: `no message of ${protocol}: ${detail}` };
  };
}

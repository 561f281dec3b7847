/** Blobs of scripts: a text cut into chunks, their list, and the name that these give (BLOB-1). Pure; hashes are the scene's. */
import { BLOB, chunksOf } from "../protocols/mod.ts";
import type { Actor, Json, Step } from "./script.ts";
import type { Bytes, Scene, Served } from "./stage.ts";
import { fill, isFields, type Scope, textOf } from "./template.ts";

const PREFIX = "moot blob 1\n";

/** Of a text with one byte for each character. */
export function blobOf(text: string, scene: Pick<Scene, "sha256" | "bytes">): Json {
  const chunks = Array.from({ length: chunksOf(text.length) }, (_, nth) =>
    text.slice(nth * BLOB.chunk_bytes, (nth + 1) * BLOB.chunk_bytes),
  );
  const list = chunks.map((chunk) => charsOf(scene.sha256(scene.bytes(chunk)))).join("");
  const size = text.length.toString(16).padStart(16, "0");
  const id = scene.sha256(scene.bytes(`${PREFIX}${charsOf(size)}${list}`));
  const bytes = text.length;
  return {
    id,
    bytes,
    list: { ...scene.bytes(list) },
    contents: { ...scene.bytes(text) },
    ref: { $blob: id, bytes },
  };
}

/** `with` takes the place of parts of the blob: what the actor says of it then is not true. */
export function servedOf(step: Extract<Step, { serve: Actor }>, scope: Scope): Served {
  const blob = fill(step.blob, scope);
  const instead = fill(step.with ?? {}, scope);
  if (!isFields(blob) || !isFields(instead)) throw new Error("only blobs are served");
  const { bytes = 0, list = null, contents = null } = { ...blob, ...instead };
  return {
    blob: textOf(blob["id"]),
    bytes: Number(bytes),
    list: bytesOf(list),
    contents: bytesOf(contents),
    mute: step.mute === true,
  };
}

function bytesOf(value: Json): Bytes {
  return { base64: textOf(isFields(value) ? value["base64"] : undefined) };
}

/** Hex digits as bytes. */
function charsOf(hex: string): string {
  return (hex.match(/../g) ?? []).map((byte) => String.fromCharCode(Number.parseInt(byte, 16))).join("");
}

/**
 * Values in scripts. A string that begins with `$` is a reference into what the script has named: `$t.id`, `$bid.round`; `$P` and
 * `$A` are peer ids. The segment `open` opens an envelope, `digest` is that of an envelope. An object with one key that begins
 * with `$` makes a value:
 *
 * | maker | value |
 * |---|---|
 * | `{ "$ms": "hold_ms / 2" }` | a duration in milliseconds |
 * | `{ "$wall": "-clock_tolerance_ms" }` | calendar time, so far from now |
 * | `{ "$seal": document, "by": "A", "odd": … }` | an envelope in base64; a text is sealed as it is. Any other name than an actor's is a stranger's |
 * | `{ "$of": value, "with": fields, "without": names }` | a changed copy of an object |
 * | `{ "$json": value }` | JSON text |
 * | `{ "$fill": "x", "times": 9 }` | a text repeated |
 * | `{ "$text": [parts] }` | texts put together |
 * | `{ "$slice": text, "from": 1, "to": -1 }` | a part of a text |
 * | `{ "$sha256": text }` | a digest in hex |
 * | `{ "$nest": 17, "of": value }` | arrays in arrays, so deep |
 * | `{ "$list": value, "times": 3 }` | an array of copies |
 * | `{ "$shard": skill }` | the shard of a skill |
 * | `{ "$tie": peers, "of": task }` | whom a tie of their bids on the task falls to (AUCTION-9) |
 * | `{ "$base64": text }` | bytes |
 * | `{ "$bytes": text }` | bytes, one for each character (U+0000 to U+00FF) |
 * | `{ "$pad": value, "to": 65536 }` | JSON text with spaces at its end, so long |
 * | `{ "$unique": "skill" }` | a skill, or a word, that no other script uses |
 */
import { parseSkill, shardOf, spread } from "../protocols/mod.ts";
import { durationOf, type Pace } from "./durations.ts";
import type { Json } from "./script.ts";
import type { Oddity, Scene } from "./stage.ts";

export interface Scope {
  readonly scene: Scene;
  readonly pace: Pace;
  readonly names: ReadonlyMap<string, Json>;
  /** A word of this script's own. */
  readonly word: string;
}

type Fields = { readonly [key: string]: Json };

/** Throws Error when a name is unknown or a maker is wrong: a mistake in a script. */
export function fill(template: Json, scope: Scope): Json {
  if (typeof template === "string") return template.startsWith("$") ? look(template.slice(1), scope) : template;
  if (typeof template !== "object" || template === null) return template;
  if (isList(template)) return template.map((item) => fill(item, scope));
  const maker = Object.keys(template).find((key) => key.startsWith("$"));
  if (maker !== undefined) return make(maker, template, scope);
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, fill(value, scope)]));
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
export function isFields(value: Json | undefined): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** As text, or it throws. */
export function textOf(value: Json | undefined): string {
  if (typeof value !== "string") throw new Error(`not a text: ${JSON.stringify(value)}`);
  return value;
}

function look(path: string, scope: Scope): Json {
  const [first = "", ...rest] = path.split(".");
  const named = scope.names.get(first);
  // A case is written before the script has named anything.
  let value = first === "case" && named !== undefined ? fill(named, scope) : named;
  if (value === undefined) throw new Error(`$${first} is nothing that this script has named`);
  for (const segment of rest) {
    value = part(value, segment, scope);
    if (value === undefined) throw new Error(`$${path} has no ${segment}`);
  }
  return value;
}

function part(value: Json, segment: string, { scene }: Scope): Json | undefined {
  if (typeof value === "string" && segment === "open") return scene.open(value)?.document;
  if (typeof value === "string" && segment === "digest") return scene.open(value)?.digest;
  if (typeof value === "string" && segment === "signer") return scene.open(value)?.signer;
  if (isList(value)) return value[Number(segment)];
  return isFields(value) ? value[segment] : undefined;
}

function make(maker: string, template: Fields, scope: Scope): Json {
  const raw = template[maker] ?? null;
  const value =
    maker === "$of" || maker === "$seal" || maker === "$list" || maker === "$nest" ? null : fill(raw, scope);
  const times = Number(template["times"] ?? 1);
  switch (maker) {
    case "$ms":
      return durationOf(textOf(value), scope.pace);
    case "$wall":
      return scope.scene.wall_ms() + durationOf(textOf(value), scope.pace);
    case "$seal":
      return sealOf(fill(raw, scope), template, scope);
    case "$of":
      return changed(fill(raw, scope), template, scope);
    case "$json":
      return JSON.stringify(value);
    case "$fill":
      return textOf(value).repeat(times);
    case "$text":
      return isList(value) ? value.map(textOf).join("") : "";
    case "$slice":
      return textOf(value).slice(Number(template["from"] ?? 0), sliceEnd(template["to"]));
    case "$sha256":
      return scope.scene.sha256(textOf(value));
    case "$nest":
      return nested(Number(raw), fill(template["of"] ?? 0, scope));
    case "$list":
      return Array.from({ length: times }, () => fill(raw, scope));
    case "$shard":
      return shard(textOf(value));
    case "$tie":
      return tieOf(value, textOf(fill(template["of"] ?? null, scope)));
    case "$base64":
      return { base64: textOf(value) };
    case "$bytes":
      return { ...scope.scene.bytes(textOf(value)) };
    case "$pad":
      return JSON.stringify(value).padEnd(Number(template["to"] ?? 0));
    case "$unique":
      return value === "skill" ? `conformance.${scope.word}@1` : `${scope.word}-${textOf(value)}`;
  }
  throw new Error(`${maker} makes nothing`);
}

function sliceEnd(to: Json | undefined): number | undefined {
  return to === undefined ? undefined : Number(to);
}

function sealOf(document: Json, { by, odd }: Fields, { scene }: Scope): string {
  const payload = typeof document === "string" ? document : JSON.stringify(document);
  return scene.seal(textOf(by), payload, isFields(odd) ? (odd as Oddity) : undefined);
}

function changed(value: Json, template: Fields, scope: Scope): Json {
  if (!isFields(value)) throw new Error("$of is for objects");
  const fields = { ...value, ...(fill(template["with"] ?? {}, scope) as Fields) };
  const without = template["without"] ?? [];
  const gone = new Set(isList(without) ? without.map(textOf) : []);
  return Object.fromEntries(Object.entries(fields).filter(([key]) => !gone.has(key)));
}

function nested(depth: number, inside: Json): Json {
  let value = inside;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

function tieOf(peers: Json, task: string): string {
  const [first, ...others] = isList(peers) ? peers.map(textOf) : [];
  if (first === undefined) throw new Error("a tie is between peers");
  return others.reduce((best, peer) => (spread(task + peer) < spread(task + best) ? peer : best), first);
}

function shard(text: string): number {
  const skill = parseSkill(text);
  if (skill === undefined) throw new Error(`${text} is no skill`);
  return shardOf(skill);
}

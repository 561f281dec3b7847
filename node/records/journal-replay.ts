/**
 * A journal, played again: the events that a node's machines were given go to a fresh `Peer` of this code, and every effect is
 * compared with what was answered then, byte for byte. Signatures come from the journal, in their order, for the documents that
 * were signed. Nothing is sent, written or run.
 */
import { readFileSync } from "node:fs";
import { z } from "zod";
import {
  cardDocument,
  type Message,
  messageSchemas,
  type Open,
  Peer,
  type PeerEvent,
  type PeerOptions,
  parseNetwork,
  parsePeerId,
  protocolOf,
  recordSchema,
  type Seal,
  Signed,
  topicSchema,
} from "../../protocols/mod.ts";
import { decodeEnvelope } from "../envelope/format.ts";
import { digestOf, makeOpen } from "../envelope/mod.ts";
import { Fault, messageOf } from "../fault.ts";
import { ChainReader, damaged } from "./chain.ts";
import { type Difference, difference } from "./difference.ts";
import { wordsOf } from "./journal.ts";
import { partsIn } from "./places.ts";

export interface JournalVerdict {
  readonly verdict: "same" | "diverged";
  /** Of the code that wrote it. */
  readonly version: string;
  readonly events: number;
  readonly effects: number;
  /** Whether its end is the end of the process: a killed one leaves none. */
  readonly whole: boolean;
  readonly divergence?: JournalDivergence;
}

export interface JournalDivergence {
  /** Of the event, from 0. */
  readonly event: number;
  /** The line of the journal, from 1, over all its parts. */
  readonly line: number;
  readonly given: unknown;
  /** Of the first effect that differs, from 0; undefined when the machines broke or signed something else. */
  readonly effect?: number;
  readonly recorded: unknown;
  readonly now: unknown;
  readonly difference?: Difference | undefined;
}

const head = z.object({
  type: z.literal("journal"),
  version: z.literal(1),
  options: z.looseObject({ self: z.string(), network: z.string(), version: z.string(), seed: z.number() }),
});
const line = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("event"),
    event: z.looseObject({ type: z.string() }),
    seals: z.array(z.string()),
    effects: z.array(z.unknown()),
  }),
  z.object({ type: z.literal("broke"), event: z.looseObject({ type: z.string() }), message: z.string() }),
]);
type Line = z.output<typeof line>;

/** How a peer is made from its options; tests put one with a fault there. */
export type MakePeer = (options: PeerOptions) => Pick<Peer, "receive">;

/** `folder`: of one life of the node. Throws Fault "store-damaged" or "usage". */
export function replayJournal(folder: string, make: MakePeer = (options) => new Peer(options)): JournalVerdict {
  const parts = partsIn(folder);
  if (parts.length === 0)
    throw new Fault("usage", `${folder} is no journal: it has no part 000000.ndjson`, {
      remedy: "name a folder in <data>/journal, which moot up --journal makes",
    });
  const player = new Player(folder, make);
  const reader = new ChainReader((entry, at) => player.line(entry, at));
  for (const [index, part] of parts.entries()) {
    const bytes = readFileSync(part);
    const rest = reader.add(bytes, part);
    if (rest > 0 && index < parts.length - 1)
      throw damaged({ name: part, line: reader.lines + 1, offset: bytes.length - rest }, "it ends within a line");
    if (player.divergence !== undefined) break;
  }
  if (player.divergence === undefined) reader.end();
  return player.verdict(reader.sealed);
}

class Player {
  readonly #name: string;
  readonly #make: MakePeer;
  readonly #seals = new Seals();
  #version = "";
  #peer: Pick<Peer, "receive"> | undefined;
  #event: ((value: unknown) => PeerEvent) | undefined;
  #events = 0;
  #effects = 0;
  divergence: JournalDivergence | undefined;

  constructor(name: string, make: MakePeer) {
    this.#name = name;
    this.#make = make;
  }

  line(entry: unknown, at: number): void {
    if (this.divergence !== undefined) return;
    if (this.#peer === undefined) return this.#begin(entry);
    const found = line.safeParse(entry);
    if (!found.success) throw this.#strange(at, "it is of no kind that this version knows");
    this.#play(found.data, at);
  }

  verdict(whole: boolean): JournalVerdict {
    const [version, events, effects, divergence] = [this.#version, this.#events, this.#effects, this.divergence];
    const counted = { version, events, effects, whole };
    return divergence === undefined ? { verdict: "same", ...counted } : { verdict: "diverged", ...counted, divergence };
  }

  #begin(entry: unknown): void {
    const found = head.safeParse(entry);
    const options = found.data?.options;
    const network = parseNetwork(options?.network ?? "");
    const self = parsePeerId(options?.self ?? "");
    if (options === undefined || network === undefined || self === undefined)
      throw this.#strange(0, "it is no journal that this version can play");
    const open = makeOpen(network);
    this.#version = options.version;
    this.#event = eventReader(open);
    this.#seals.signer = self;
    // What was written is what a peer's options were, but for what is no data.
    const known = options as unknown as Omit<PeerOptions, "seal">;
    const permissions = known.permissions === undefined ? {} : { permissions: { ...known.permissions, open } };
    this.#peer = this.#make({ ...known, ...permissions, digestOf, seal: this.#seals.seal });
  }

  #play(played: Line, at: number): void {
    const about = { event: this.#events, line: at + 1, given: played.event };
    const recorded = played.type === "event" ? played.effects : { broke: played.message };
    if (played.type === "event") this.#seals.add(played.seals);
    let now: readonly string[];
    try {
      const event = this.#event?.(played.event);
      if (event === undefined || this.#peer === undefined) throw new Fault("internal", "a journal begins with options");
      now = this.#peer.receive(event).map(wordsOf);
    } catch (error) {
      if (error instanceof Fault) throw error;
      this.#events += 1;
      const message = error instanceof Unsealed ? error.message : messageOf(error);
      if (played.type === "broke" && played.message === message) return;
      this.divergence = { ...about, recorded, now: error instanceof Unsealed ? error.what : { broke: message } };
      return;
    }
    this.#events += 1;
    this.#effects += now.length;
    this.divergence = played.type === "broke" ? { ...about, recorded, now } : differing(about, played.effects, now);
    const left = this.#seals.left;
    if (this.divergence === undefined && left > 0)
      this.divergence = { ...about, recorded: `${left} more documents were signed`, now: null };
  }

  #strange(at: number, why: string): Fault {
    return new Fault("store-damaged", `line ${at + 1} of the journal ${this.#name}: ${why}`, {
      remedy: "play it with the version that wrote it",
    });
  }
}

function differing(
  about: Pick<JournalDivergence, "event" | "line" | "given">,
  recorded: readonly unknown[],
  now: readonly string[],
): JournalDivergence | undefined {
  for (let effect = 0; effect < Math.max(recorded.length, now.length); effect++) {
    const [then, text] = [recorded[effect], now[effect]];
    if (then !== undefined && JSON.stringify(then) === text) continue;
    const value: unknown = text === undefined ? undefined : JSON.parse(text);
    return { ...about, effect, recorded: then, now: value, difference: difference(then, value) };
  }
  return undefined;
}

/** It signed what it did not sign then. */
class Unsealed extends Error {
  readonly what: unknown;
  constructor(message: string, what: unknown) {
    super(message);
    this.what = what;
  }
}

/** The signatures of then, in their order. */
class Seals {
  signer: Signed<unknown>["signer"] | undefined;
  #waiting: string[] = [];

  add(seals: readonly string[]): void {
    this.#waiting.push(...seals);
  }
  get left(): number {
    return this.#waiting.length;
  }

  readonly seal: Seal = (document) => {
    const text = JSON.stringify(document);
    const seal = this.#waiting.shift();
    const payload = seal === undefined ? undefined : decodeEnvelope(Buffer.from(seal, "base64"))?.payload;
    const then = payload === undefined ? undefined : Buffer.from(payload).toString("utf8");
    if (seal === undefined || then !== text || this.signer === undefined)
      throw new Unsealed("it signs another document than then", { signs: document, signed: then ?? null });
    return new Signed(document, { signer: this.signer, digest: digestOf(text), seal });
  };
}

type Plain = Exclude<PeerEvent["type"], "start" | "message" | "heard" | "card">;

/** Events without signed documents: JSON is all there is to them. */
const PLAIN = {
  alarm: true,
  connected: true,
  disconnected: true,
  unreachable: true,
  submit: true,
  cancel: true,
  progress: true,
  partial: true,
  ran: true,
  agents: true,
  stuck: true,
  found: true,
  addresses: true,
  presented: true,
  granted: true,
  drain: true,
} as const satisfies Record<Plain, true>;

/** Events as the machines were given them: documents are opened, and so checked, again. Throws Fault "store-damaged". */
function eventReader(open: Open): (value: unknown) => PeerEvent {
  const messages = messageSchemas(open, digestOf);
  const message = z.looseObject({ type: z.custom<Message["type"]>((type) => typeof type === "string") });
  const stamped = { now: z.number(), wall: z.number() };
  const from = z.custom<Extract<PeerEvent, { type: "message" }>["from"]>((text) => typeof text === "string");
  const card = z.string().transform((seal, context) => {
    const opened = open(seal);
    const value = cardDocument.safeParse(opened?.payload);
    if (opened !== undefined && value.success) return new Signed(value.data, { ...opened, seal });
    context.issues.push({ code: "custom", input: seal, message: "is no card" });
    return z.NEVER;
  });
  const schema = z.union([
    z.object({
      type: z.literal("start"),
      kept: z.array(z.object({ key: z.string(), record: recordSchema(open) })),
      ...stamped,
    }),
    z.object({
      type: z.literal("message"),
      from,
      message: message.transform((raw): Message => messages[protocolOf(raw.type)].parse(raw)),
      ...stamped,
    }),
    z.object({ type: z.literal("heard"), signer: from, document: topicSchema(open), ...stamped }),
    z.object({ type: z.literal("card"), card, ...stamped }),
    z.custom<Extract<PeerEvent, { type: Plain }>>((value) => {
      const found = z.looseObject({ type: z.string(), ...stamped }).safeParse(value);
      return found.success && Object.hasOwn(PLAIN, found.data.type);
    }),
  ]);
  return (value) => {
    const found = schema.safeParse(value);
    if (found.success) return found.data;
    const remedy = "play it with the version that wrote it";
    const said = found.error.issues[0]?.message ?? "unknown";
    throw new Fault("store-damaged", `an event of the journal cannot be read: ${said}`, { remedy });
  };
}

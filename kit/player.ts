/**
 * Plays one script on a stage: does what the actors do, waits for what they must see, and says at which step, if any, the peer
 * under test was not what its clauses ask for. Waits are bounded by the script's durations, so it ends in front of any peer. It
 * knows no clause and no message; both are in the scripts.
 */
import { protocolOf } from "../protocols/mod.ts";
import { blobOf, servedOf } from "./blobs.ts";
import { awardOf, cardOf, outcomeOf, taskOf } from "./documents.ts";
import { durationOf } from "./durations.ts";
import { grantOf, revocationOf, rootOf } from "./grants.ts";
import { matches } from "./pattern.ts";
import { ACTORS, type Actor, type Json, type Protocol, type Script, type Step } from "./script.ts";
import type { Bytes, Heard, Scene, Stage, UserAnswer } from "./stage.ts";
import { fill, isFields, type Scope, textOf } from "./template.ts";

export type Verdict =
  | { readonly type: "pass" }
  | { readonly type: "fail"; readonly step: number; readonly detail: string }
  | { readonly type: "not-run"; readonly detail: string };

const DETAIL_CHARS = 600;
const SAID_MAX = 8;

/** What the peer under test did is no mistake of the script's. */
class Broken extends Error {}

export interface Play {
  readonly script: Script;
  /** Of `script.cases`; undefined for a script without. */
  readonly name?: string | undefined;
  readonly seed: number;
}

/** Rejects with Error when the script itself is wrong, and time is virtual. */
export async function play(stage: Stage, { script, name, seed }: Play): Promise<Verdict> {
  for (const need of script.needs ?? []) {
    const why = stage.lacks(need);
    if (why !== undefined) return { type: "not-run", detail: why };
  }
  let scene: Scene;
  try {
    scene = await stage.open(castOf(script), seed, script.needs?.includes("roots") ?? false);
  } catch (error) {
    return { type: "fail", step: 0, detail: `the actors cannot reach the peer: ${String(error)}` };
  }
  const player = new Player(stage, scene, { word: `s${seed.toString(36)}`, $case: script.cases?.[name ?? ""] ?? null });
  try {
    return await player.play(script.steps);
  } finally {
    await scene.close();
  }
}

/** Every actor that a script names. */
export function castOf({ steps }: Script): readonly Actor[] {
  const text = JSON.stringify(steps);
  return ACTORS.filter(
    (actor) => text.includes(`"${actor}"`) || text.includes(`"$${actor}"`) || text.includes(`"$${actor}.`),
  );
}

type Meddling = Extract<
  Step,
  | { leave: Actor }
  | { join: Actor }
  | { cut: Actor }
  | { record: Actor }
  | { stream: Actor }
  | { admit: Actor }
  | { bar: Actor }
  | { serve: Actor }
  | { ask: Actor }
  | { user: string }
  | { answered: string }
  | { unanswered: string }
  | { restart: "P"; empty?: true }
  | { drain: "P" }
>;

type Quiet = Extract<Step, { quiet: unknown }>;
interface Wanted {
  readonly message?: Json;
  readonly document?: Json;
  readonly on?: Json;
  readonly nonsense?: true;
}

class Player {
  readonly #stage: Stage;
  readonly #scene: Scene;
  readonly #names = new Map<string, Json>();
  readonly #scope: Scope;
  readonly #asked = new Map<string, () => UserAnswer | undefined>();
  /** What no step has taken yet. */
  #open: Heard[] = [];
  #read = 0;

  constructor(stage: Stage, scene: Scene, own: { readonly word: string; readonly $case: Json }) {
    this.#stage = stage;
    this.#scene = scene;
    this.#scope = { scene, pace: stage.pace, names: this.#names, word: own.word };
    this.#names.set("P", scene.self);
    this.#names.set("network", stage.network);
    this.#names.set("case", own.$case);
    this.#names.set("root", rootOf(scene));
    for (const actor of ACTORS) this.#names.set(actor, scene.idOf(actor));
  }

  async play(steps: readonly Step[]): Promise<Verdict> {
    for (const [index, step] of steps.entries()) {
      try {
        await this.#step(step);
      } catch (error) {
        // In real time the peer may be gone, or not let anybody in; in virtual time only a wrong script ends so.
        if (!(error instanceof Broken) && !this.#stage.realTime)
          throw new Error(`step ${index + 1}: ${String(error)}`, { cause: error });
        const detail = error instanceof Broken ? error.message : String(error);
        return { type: "fail", step: index + 1, detail: detail.slice(0, DETAIL_CHARS) };
      }
    }
    return { type: "pass" };
  }

  async #step(step: Step): Promise<void> {
    const { network } = this.#stage;
    if ("task" in step && "custodians" in step) return this.#name(step.task, taskOf(step, network, this.#scope));
    if ("award" in step) return this.#name(step.award, awardOf(step, network, this.#scope));
    if ("outcome" in step) return this.#name(step.outcome, outcomeOf(step, network, this.#scope));
    if ("card" in step) return this.#name(step.card, cardOf(step, network, this.#scope));
    if ("grant" in step) return this.#name(step.grant, grantOf(step, network, this.#scope));
    if ("revocation" in step) return this.#name(step.revocation, revocationOf(step, network, this.#scope));
    if ("text" in step) return this.#name(step.blob, blobOf(textOf(this.#fill(step.text)), this.#scene));
    if ("let" in step) return this.#name(step.let, this.#fill(step.be));
    if ("say" in step) return this.#say(step);
    if ("frame" in step) return this.#scene.throwIn(step.frame, step.protocol, bytesOf(this.#fill(step.bytes)));
    if ("publish" in step) return this.#publish(step);
    if ("hear" in step) return this.#hear(step, step.hear, { message: step.message });
    if ("overhear" in step) return this.#overhear(step);
    if ("quiet" in step) return this.#quiet(step);
    if ("forget" in step) return this.#forget(this.#now + this.#stage.pace.moment_ms);
    if ("wait" in step) return this.#wait(this.#now + this.#ms(step.wait));
    return this.#meddle(step);
  }

  /** What is neither said nor heard. */
  async #meddle(step: Meddling): Promise<void> {
    const scene = this.#scene;
    if ("leave" in step) return scene.leave(step.leave);
    if ("join" in step) return scene.join(step.join);
    if ("cut" in step) return this.#cut(step.cut, this.#ms(step.within ?? "soon"));
    if ("record" in step) return this.#record(step);
    if ("stream" in step) return this.#stream(step);
    if ("admit" in step) return this.#admit(step);
    if ("bar" in step) return scene.bar(step.bar);
    if ("serve" in step) return scene.serve(step.serve, servedOf(step, this.#scope));
    if ("ask" in step) return this.#ask(step);
    if ("restart" in step) return scene.restart(step.empty === true);
    if ("drain" in step) return scene.drain();
    if ("answered" in step) return this.#answered(step);
    if ("unanswered" in step) return this.#unanswered(step);
    this.#asked.set(step.as, this.#wish(step));
  }

  #wish(step: Extract<Step, { user: string }>): () => UserAnswer | undefined {
    const scene = this.#scene;
    switch (step.user) {
      case "submit":
        return scene.submit(this.#fill(step.request));
      case "cancel":
        return scene.cancel(textOf(this.#fill(step.task)));
      case "put":
        return scene.put(rawOf(this.#fill(step.contents)));
      case "fetch":
        return scene.fetch(this.#fill(step.ref));
    }
  }

  // --- doing ---

  #say({ say, message, times = 1 }: Extract<Step, { say: Actor }>): void {
    const filled = this.#fill(message);
    const type = isFields(filled) ? filled["type"] : undefined;
    const protocol: Protocol = protocolOf(textOf(type) as Parameters<typeof protocolOf>[0]);
    for (let nth = 0; nth < times; nth++) this.#scene.send(say, protocol, JSON.stringify(filled));
  }

  #publish({ publish, on, document, bytes }: Extract<Step, { publish: Actor }>): void {
    const where = this.#fill(on);
    const shard = where === "all" ? "all" : Number(where);
    const sealed = (): Json => this.#scene.seal(publish, JSON.stringify(this.#fill(document ?? null)));
    const base64 = textOf(document === undefined ? this.#fill(bytes ?? null) : sealed());
    this.#scene.publish(publish, shard, { base64 });
  }

  async #stream(step: Extract<Step, { stream: Actor }>): Promise<void> {
    const { stream, protocol, bytes, reset, within = reset ? "soon" : "moment" } = step;
    const raw = rawOf(this.#fill(bytes));
    const until_ms = this.#now + this.#ms(within);
    if ((await this.#scene.raw(stream, protocol, raw, until_ms)) !== reset)
      throw new Broken(reset ? "does not reset the stream" : "resets a stream on which all is well");
  }

  async #record({ record, key, value, kept }: Extract<Step, { record: Actor }>): Promise<void> {
    const seal = { base64: textOf(this.#fill(value)) };
    const given = await this.#scene.record(record, textOf(this.#fill(key)), seal);
    if (given !== kept)
      throw new Broken(given ? "kept a record that it must refuse" : "does not keep a record that is good");
  }

  async #admit({ admit, chain = [], bytes, answer }: Extract<Step, { admit: Actor }>): Promise<void> {
    const shown = bytes === undefined ? JSON.stringify({ grants: this.#fill(chain) }) : bytesOf(this.#fill(bytes));
    const told = await this.#scene.admit(admit, shown, this.#now + this.#ms("soon"));
    if (!matches(told ?? null, answer, this.#scope))
      throw new Broken(
        `tells ${admit}, which shows its chain, ${JSON.stringify(told) ?? "nothing"}; ${JSON.stringify(answer)} is right`,
      );
  }

  async #ask({ ask, request, answer, contents }: Extract<Step, { ask: Actor }>): Promise<void> {
    const wanted = contents === undefined ? "" : rawOf(this.#fill(contents)).base64;
    const about = { bytes: lengthOf(wanted), until_ms: this.#now + this.#ms("soon") };
    const { head, contents: got } = await this.#scene.ask(ask, this.#fill(request), about);
    if (!matches(head ?? null, answer, this.#scope))
      throw new Broken(`answers ${JSON.stringify(head) ?? "nothing"}; ${JSON.stringify(answer)} is right`);
    if (got.base64 !== wanted) throw new Broken("what follows the head of its answer is not what was asked for");
  }

  // --- its user ---

  async #answered({ answered, ok, within = "soon" }: Extract<Step, { answered: string }>): Promise<void> {
    const until_ms = this.#now + this.#ms(within);
    let answer = this.#asked.get(answered)?.();
    while (answer === undefined && this.#now < until_ms) {
      await this.#scene.pass(Math.min(until_ms, this.#now + this.#stage.pace.moment_ms / 4));
      answer = this.#asked.get(answered)?.();
    }
    if (answer === undefined) throw new Broken(`its user has no answer within ${within}`);
    if (answer.ok !== ok)
      throw new Broken(answer.ok ? "granted what it must refuse its user" : `refused its user: ${answer.why}`);
    if (answer.ok) this.#name(answered, { task: answer.task ?? "", blob: answer.blob ?? "" });
  }

  async #unanswered({ unanswered, for: span = "moment" }: Extract<Step, { unanswered: string }>): Promise<void> {
    await this.#wait(this.#now + this.#ms(span));
    if (this.#asked.get(unanswered)?.() !== undefined) throw new Broken("answered its user too early");
  }

  // --- hearing ---

  async #hear(
    { within = "soon", as }: { readonly within?: string; readonly as?: string },
    to: Actor,
    wanted: Wanted,
  ): Promise<void> {
    const until_ms = this.#now + this.#ms(within);
    for (;;) {
      this.#gather();
      const at = this.#open.findIndex((heard) => heard.to === to && this.#fits(heard, wanted));
      const found = this.#open[at];
      if (found !== undefined) {
        this.#open.splice(at, 1);
        if (as !== undefined) this.#name(as, contentOf(found));
        return;
      }
      if (this.#now >= until_ms) break;
      await this.#scene.pass(until_ms);
    }
    const pattern = JSON.stringify(wanted.message ?? wanted.document);
    throw new Broken(`${to} did not hear ${pattern} within ${within}; ${this.#said(to)}`);
  }

  #overhear(step: Extract<Step, { overhear: Actor }>): Promise<void> {
    const { document, on } = step;
    return this.#hear(step, step.overhear, { document, ...(on === undefined ? {} : { on: this.#fill(on) }) });
  }

  async #quiet({ quiet, message, document, nonsense, most = 0, for: span = "moment" }: Quiet): Promise<void> {
    const wanted: Wanted = {
      ...(message === undefined ? {} : { message }),
      ...(document === undefined ? {} : { document }),
      ...(nonsense === undefined ? {} : { nonsense }),
    };
    const until_ms = this.#now + this.#ms(span);
    for (;;) {
      this.#gather();
      const all = this.#open.filter((heard) => (quiet === "all" || heard.to === quiet) && this.#fits(heard, wanted));
      const found = all[most];
      if (found !== undefined)
        throw new Broken(
          `${found.to} heard ${short(found)}, which must not be said${most > 0 ? ` more than ${most} times` : ""}`,
        );
      if (this.#now >= until_ms) return;
      await this.#scene.pass(until_ms);
    }
  }

  async #cut(actor: Actor, ms: number): Promise<void> {
    const until_ms = this.#now + ms;
    while (this.#scene.connected(actor)) {
      if (this.#now >= until_ms) throw new Broken(`does not hang up on ${actor}`);
      await this.#scene.pass(Math.min(until_ms, this.#now + this.#stage.pace.moment_ms / 4));
    }
  }

  async #wait(until_ms: number): Promise<void> {
    while (this.#now < until_ms) await this.#scene.pass(until_ms);
  }

  /** Also what is on its way just now. */
  async #forget(until_ms: number): Promise<void> {
    await this.#wait(until_ms);
    this.#gather();
    this.#open = [];
  }

  #gather(): void {
    const { heard } = this.#scene;
    for (; this.#read < heard.length; this.#read++) {
      const one = heard[this.#read];
      if (one !== undefined) this.#open.push(one);
    }
  }

  #fits({ what }: Heard, { message, document, on, nonsense }: Wanted): boolean {
    if (nonsense === true) return what.type === "nonsense";
    if (message !== undefined) return what.type === "message" && matches(what.message, message, this.#scope);
    if (document !== undefined)
      return (
        what.type === "document" &&
        what.signer === this.#scene.self &&
        (on === undefined || what.on === on) &&
        matches(what.document, document, this.#scope)
      );
    return true;
  }

  /** For whoever reads why it failed. */
  #said(to: Actor): string {
    const all = this.#scene.heard.filter((heard) => heard.to === to);
    if (all.length === 0) return "it heard nothing";
    return `it heard ${all.slice(-SAID_MAX).map(short).join(", ")}`;
  }

  // --- small things ---

  get #now(): number {
    return this.#scene.now_ms();
  }
  #ms(duration: string): number {
    return durationOf(duration, this.#stage.pace);
  }
  #fill(template: Json): Json {
    return fill(template, this.#scope);
  }
  #name(name: string, value: Json): void {
    this.#names.set(name, value);
  }
}

function contentOf({ what }: Heard): Json {
  return what.type === "message" ? what.message : what.type === "document" ? what.document : null;
}

function short(heard: Heard): string {
  const content = contentOf(heard);
  if (!isFields(content)) return heard.what.type;
  const { type, kind, reason, ballot, answer } = content;
  const more = [reason, answer, isFields(ballot) ? `${ballot["round"]}.${ballot["custodian"]}` : undefined];
  return [type ?? kind, ...more].filter((word) => word !== undefined).join(" ");
}

/** Of what this base64 stands for. */
function lengthOf(base64: string): number {
  return (base64.length / 4) * 3 - (/=*$/.exec(base64)?.[0].length ?? 0);
}

function rawOf(value: Json): Bytes {
  const bytes = bytesOf(value);
  if (typeof bytes === "string") throw new Error("these must be bytes");
  return bytes;
}

function bytesOf(value: Json): string | Bytes {
  if (isFields(value) && typeof value["base64"] === "string") return { base64: value["base64"] };
  return textOf(value);
}

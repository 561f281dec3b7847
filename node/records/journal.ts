/**
 * A node's journal: every event that its machines were given and every effect that they answered with, as hash-linked lines in
 * `<data>/journal/<start>/`, from the start of the process on. It stands between the driver and the machines and changes nothing. Not
 * synced: a killed process loses what it did not hand to the disk's cache (200 ms), a killed machine more. A journal can only be
 * played from its beginning, so it is never cut at the front: when there is no more room, older lives go; then it ends.
 */
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Effect, Peer, PeerOptions, Seal } from "../../protocols/mod.ts";
import { Fault, messageOf } from "../fault.ts";
import { makeFolder } from "../folder.ts";
import { Chain } from "./chain.ts";
import type { JournalConfig } from "./field.ts";
import { JOURNAL } from "./limits.ts";
import { journalsIn, list, partName } from "./places.ts";

type Machine = Pick<Peer, "receive">;

export interface JournalOptions extends JournalConfig {
  readonly data: string;
  /** It could not be written, or is full. Told once. */
  readonly onEnd: (fault: Fault) => void;
}

export class Journal {
  readonly #options: JournalOptions;
  readonly #folder: string;
  readonly #chain = new Chain();
  #seals: string[] = [];
  #waiting: string[] = [];
  #waiting_bytes = 0;
  #fd: number | undefined;
  #part = 0;
  #part_bytes = 0;
  /** Of this life, and of those before it. */
  #own_bytes = 0;
  #before_bytes: number;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(options: JournalOptions) {
    this.#options = options;
    const home = journalsIn(options.data);
    this.#folder = join(home, String(Date.now()));
    this.#before_bytes = list(home).reduce((sum, life) => sum + sizeOf(join(home, life)), 0);
  }

  /** The options of the peer, with a signer whose signatures are journalled: they are the one thing that machines ask for. */
  options(options: PeerOptions): PeerOptions {
    const { seal, permissions, ...rest } = options;
    const { open: _, ...known } = permissions ?? { open: undefined };
    this.#line(
      JSON.stringify({ type: "journal", version: 1, options: { ...rest, ...(permissions && { permissions: known }) } }),
    );
    const noted: Seal = (document) => {
      const signed = seal(document);
      this.#seals.push(signed.seal);
      return signed;
    };
    return { ...options, seal: noted };
  }

  /** The machines, with everything noted that goes in and out. */
  watch(machine: Machine): Machine {
    return {
      receive: (event) => {
        if (this.#over) return machine.receive(event);
        // Before: what machines do with it must not show in what they were given.
        const given = JSON.stringify(event);
        try {
          const effects = machine.receive(event);
          this.#event(given, effects.map(wordsOf));
          return effects;
        } catch (error) {
          this.#line(`{"type":"broke","event":${given},"message":${JSON.stringify(messageOf(error))}}`);
          throw error;
        }
      },
    };
  }

  close(): void {
    if (this.#over) return;
    this.#finish();
  }

  #event(given: string, effects: readonly string[]): void {
    const seals = JSON.stringify(this.#seals);
    this.#seals = [];
    this.#line(`{"type":"event","event":${given},"seals":${seals},"effects":[${effects.join(",")}]}`);
  }

  #line(entry: string): void {
    if (this.#over) return;
    const line = this.#chain.link(entry);
    this.#waiting.push(line);
    this.#waiting_bytes += line.length;
    if (this.#waiting_bytes >= JOURNAL.flush_bytes) return this.#flush();
    this.#timer ??= setTimeout(() => this.#flush(), JOURNAL.flush_ms).unref();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#over) return;
    const bytes = Buffer.from(this.#waiting.join(""));
    if (!this.#room(bytes.length)) {
      this.#finish();
      const remedy = "give journal.max_bytes more, or start the node again: a journal begins with the process";
      this.#options.onEnd(new Fault("store-io", `the journal ${this.#folder} is full, and ends here`, { remedy }));
      return;
    }
    this.#write(bytes);
  }

  #write(bytes: Buffer): void {
    this.#waiting = [];
    this.#waiting_bytes = 0;
    try {
      if (this.#part_bytes >= this.#options.part_bytes) this.#nextPart();
      this.#fd ??= this.#create();
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done);
      this.#part_bytes += bytes.length;
      this.#own_bytes += bytes.length;
    } catch (error) {
      this.#over = true;
      const remedy = "make room on the disk and start the node again";
      this.#options.onEnd(
        new Fault("store-io", `cannot write the journal ${this.#folder}: ${messageOf(error)}`, { remedy }),
      );
    }
  }

  #finish(): void {
    clearTimeout(this.#timer);
    this.#waiting.push(this.#chain.seal());
    this.#write(Buffer.from(this.#waiting.join("")));
    this.#over = true;
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** Older lives go first, the oldest of them first. */
  #room(bytes: number): boolean {
    const { max_bytes, data } = this.#options;
    const home = journalsIn(data);
    while (this.#own_bytes + this.#before_bytes + bytes > max_bytes && this.#before_bytes > 0) {
      const [oldest] = livesIn(home).filter((life) => join(home, life) !== this.#folder);
      if (oldest === undefined) break;
      const folder = join(home, oldest);
      this.#before_bytes -= sizeOf(folder);
      rmSync(folder, { recursive: true, force: true });
    }
    return this.#own_bytes + bytes <= max_bytes;
  }

  #nextPart(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#part += 1;
    this.#part_bytes = 0;
  }

  #create(): number {
    makeFolder(journalsIn(this.#options.data), 0o700);
    if (this.#part === 0) mkdirSync(this.#folder, { mode: 0o700 });
    return openSync(join(this.#folder, partName(this.#part)), "wx", 0o600);
  }
}

/** The lives that a node has journals of, the oldest first. */
export function livesIn(home: string): string[] {
  return list(home)
    .filter((name) => /^\d{1,16}$/.test(name))
    .sort((left, right) => Number(left) - Number(right));
}

/** An effect as it is compared: its JSON, or of a large one the digest of that. */
export function wordsOf(effect: Effect): string {
  const text = JSON.stringify(effect);
  if (text.length <= JOURNAL.effect_bytes) return text;
  const digest = createHash("sha256").update(text).digest("hex");
  const about = effect.type === "keep" ? { key: effect.key } : {};
  return JSON.stringify({ type: effect.type, ...about, bytes: text.length, digest });
}

function sizeOf(folder: string): number {
  return list(folder).reduce(
    (sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

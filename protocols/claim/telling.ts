/**
 * What a contractor has to say while its handler works: partial results in their order, and how far it is. Woken by the handler;
 * says when the next message may go, and takes out what goes into it. Bounded: of more than fits the oldest is dropped, which
 * its numbers show. It sends nothing itself.
 *
 * Partial results go out at `partial_ms`; progress alone at `progress_ms`, and when it is a step further or its note is another, so
 * that a task's messages stay few however often its handler speaks.
 */
import { LIMITS, NEVER, utf8Bytes } from "../kernel/mod.ts";

export interface News {
  readonly seq: number;
  readonly items: string[];
  readonly done_permille: number;
  readonly note?: string | undefined;
}

interface Waiting {
  readonly seq: number;
  readonly text: string;
  readonly bytes: number;
}

interface Progress {
  readonly done_permille: number;
  readonly note: string | undefined;
}

export class Telling {
  #progress: Progress = { done_permille: 0, note: undefined };
  /** What the custodians were told last. */
  #told: Progress = this.#progress;
  #waiting: Waiting[] = [];
  #waiting_bytes = 0;
  /** The number of the next. */
  #count = 0;
  #sent_at = NEVER;

  /** The handler was started. */
  begin(now: number): void {
    this.#sent_at = now;
  }
  /** Another ballot: its results are numbered anew. */
  restart(): void {
    const first = this.#waiting[0]?.seq ?? this.#count;
    this.#waiting = this.#waiting.map((one) => ({ ...one, seq: one.seq - first }));
    this.#count -= first;
    this.#told = { done_permille: 0, note: undefined };
  }

  progress(done_permille: number, note: string): void {
    const share = Math.max(0, Math.min(1000, Math.floor(done_permille)));
    this.#progress = { done_permille: share, note: note === "" ? undefined : note.slice(0, LIMITS.message_chars) };
  }
  partial(text: string): void {
    const bytes = utf8Bytes(text);
    const seq = this.#count++;
    if (bytes > LIMITS.partial_bytes) return;
    this.#waiting.push({ seq, text, bytes });
    this.#waiting_bytes += bytes;
    while (this.#waiting_bytes > LIMITS.partial_queue_bytes) this.#drop();
  }
  #drop(): void {
    this.#waiting_bytes -= this.#waiting.shift()?.bytes ?? 0;
  }

  /** When there is something to say, and it may be said. */
  deadline(): number {
    if (this.#waiting.length > 0) return this.#sent_at + LIMITS.partial_ms;
    return this.#further() ? this.#sent_at + LIMITS.progress_ms : NEVER;
  }
  #further(): boolean {
    const { done_permille, note } = this.#progress;
    const step = Math.abs(done_permille - this.#told.done_permille);
    return note !== this.#told.note || step >= LIMITS.progress_step_permille;
  }

  /** A renewal says how far it is. */
  renewed(): Progress {
    this.#told = this.#progress;
    return this.#progress;
  }

  /** What goes out now: one message, or, when it is the last word, all that waits. */
  take(now: number, last: boolean): readonly News[] {
    const news: News[] = [];
    for (let [first] = this.#waiting; first !== undefined && (last || news.length === 0); [first] = this.#waiting)
      news.push(this.#from(first.seq));
    if (news.length === 0 && !last) news.push({ seq: this.#count, items: [], ...this.#progress });
    this.#told = this.#progress;
    this.#sent_at = now;
    return news;
  }
  /** As many as fit, without a gap between them. */
  #from(seq: number): News {
    const items: string[] = [];
    let bytes = 0;
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      bytes += first.bytes;
      const full = bytes > LIMITS.partial_bytes || items.length >= LIMITS.partial_items;
      if (full || first.seq !== seq + items.length) break;
      items.push(first.text);
      this.#drop();
    }
    return { seq, items, ...this.#progress };
  }
}

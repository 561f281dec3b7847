/**
 * The one line on a terminal that says how a waiting task fares: rewritten in place, gone when the outcome is there; above it what
 * the run says meanwhile, a line each. Nothing is written when stderr is no terminal, but partial results that were asked for.
 * Woken by facts and by a timer that only turns the wheel.
 */
import type { Observed } from "../moot-node.ts";
import { brief, duration, paint, plural, shortPeer, talk, width } from "./output.ts";

const WHEEL = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
const TURN_MS = 100;
const BAR_CHARS = 20;
const PARTIAL_CHARS = 4_000;

export class Progress {
  readonly #start_ms = performance.now();
  readonly #on = process.stderr.isTTY;
  readonly #stream: boolean;
  #doing = "storing";
  #bids = 0;
  #refusals = 0;
  #turn = 0;
  #timer: NodeJS.Timeout | undefined;
  /** The run whose partial results came last. */
  #fence: number | undefined;

  constructor({ stream }: { readonly stream: boolean }) {
    this.#stream = stream || this.#on;
  }

  start(): void {
    if (!this.#on) return;
    this.#draw();
    this.#timer = setInterval(() => this.#draw(), TURN_MS);
  }

  saw(fact: Observed): void {
    if (fact.type === "proposed") this.#bids++;
    if (fact.type === "refused") this.#refusals++;
    if (fact.type === "partial" && this.#stream) this.#tell(fact);
    this.#doing = doing(fact, this.#bids, this.#refusals) ?? this.#doing;
  }

  end(): void {
    if (!this.#on) return;
    clearInterval(this.#timer);
    process.stderr.write("\r\u001b[2K");
  }

  /** A second run begins its results anew: whoever reads along should see where. */
  #tell({ fence, values, contractor }: Extract<Observed, { type: "partial" }>): void {
    if (this.#on) process.stderr.write("\r\u001b[2K");
    if (this.#fence !== undefined && this.#fence !== fence)
      talk(`from here on run ${fence}, by ${shortPeer(contractor)}`);
    this.#fence = fence;
    for (const value of values) talk(brief(JSON.stringify(value), PARTIAL_CHARS));
  }

  #draw(): void {
    const wheel = WHEEL[this.#turn++ % WHEEL.length] ?? "";
    const passed = duration(performance.now() - this.#start_ms);
    const room = (process.stderr.columns ?? 80) - width(passed) - 6;
    process.stderr.write(
      `\r\u001b[2K${paint("cyan", wheel, process.stderr)} ${brief(this.#doing, Math.max(10, room))} · ${passed}`,
    );
  }
}

function doing(fact: Observed, bids: number, refusals: number): string | undefined {
  switch (fact.type) {
    case "stored":
      return `stored by ${plural(fact.by.length, "custodian")}`;
    case "called":
      return `round ${fact.round}: waiting for bids (${plural(fact.eligible, "agent")} known)`;
    case "proposed":
    case "refused":
      return `${plural(bids, "bid")}, ${plural(refusals, "refusal")}`;
    case "unanswered":
      return `nobody acceptable bid in round ${fact.round}; asking again`;
    case "awarded":
      return `awarded to ${shortPeer(fact.contractor)} (ballot ${fact.ballot.round}.${fact.ballot.custodian})`;
    case "agreed":
      return `${shortPeer(fact.contractor)} works`;
    case "progress":
      return `${bar(fact.done_permille)} ${Math.floor(fact.done_permille / 10)} % ${fact.note}`;
    case "attempt-ended":
      return `the attempt of ${shortPeer(fact.contractor)} ended: ${fact.reason}`;
    default:
      return undefined;
  }
}

function bar(permille: number): string {
  const full = Math.round((Math.min(1_000, permille) / 1_000) * BAR_CHARS);
  return `${"█".repeat(full)}${"░".repeat(BAR_CHARS - full)}`;
}

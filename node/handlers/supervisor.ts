/**
 * One agent's life at its node: started, ready, draining, stopped, or failed, and how much work it may be given. Woken by runs that end,
 * by pauses that are over, and by whoever starts and ends it. After too many crashes in a time it is failed and tried again later; after
 * too many failures in a row its breaker takes all its places for a while. It chooses no work: the machines do, by the places it reports.
 */
import { messageOf } from "../fault.ts";
import { Breaker, type End, Intensity } from "./breaker.ts";
import { absentIn } from "./kinds.ts";
import { handlerFor, type RunOptions, runAgent } from "./run.ts";
import { bounded } from "./text.ts";
import type { AgentSpec, Call, Ran, Stray } from "./types.ts";

export const SUPERVISOR = {
  /** More crashes than these within this time, and the agent is failed. */
  crashes: 5,
  within_ms: 60_000,
  /** Between tries to start: doubled after each. */
  start_pause_ms: 250,
  start_pause_ms_max: 30_000,
  /** One try to start. */
  start_ms: 30_000,
  /** A failed agent is tried again. */
  failed_ms: 60_000,
  breaker_failures: 5,
  breaker_pause_ms: 30_000,
  /** Errors that nothing caught are told so often within that time; of one agent there may be thousands. */
  strays: 8,
} as const;

export type AgentState = "starting" | "ready" | "draining" | "stopped" | "failed";

/** Legal moves. */
const AGENT_MOVES = {
  starting: ["ready", "draining", "failed", "stopped"],
  ready: ["draining", "failed", "stopped"],
  draining: ["stopped"],
  failed: ["starting", "draining", "stopped"],
  stopped: [],
} as const satisfies Record<AgentState, readonly AgentState[]>;

export interface Standing {
  readonly state: AgentState;
  /** In words, for people. */
  readonly why: string;
  /** Calendar time of the last change. */
  readonly since_ms: number;
  /** Places that the machines must not give away, besides those of work that they know: all when it takes none. */
  readonly withheld: number;
}

export interface SupervisorOptions {
  /** Its standing has changed. */
  readonly onChange?: (standing: Standing) => void;
  /** Its code left an error that nothing caught. Told some times a minute, however many there are. */
  readonly onStray?: (stray: Stray) => void;
  /** Other numbers than the usual, for tests. */
  readonly numbers?: Partial<Numbers>;
}

type Numbers = Readonly<Record<keyof typeof SUPERVISOR, number>>;

export class Supervisor {
  readonly spec: AgentSpec;
  readonly #numbers: Numbers;
  readonly #onChange: (standing: Standing) => void;
  readonly #breaker: Breaker;
  readonly #intensity: Intensity;
  readonly #onStray: (stray: Stray) => void;
  readonly #strays: Intensity;
  readonly #gone = new AbortController();
  readonly #tried = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<void>();
  #standing: Standing;
  #runs = 0;
  #stuck = 0;
  /** Started again after it failed: the first crash fails it again. */
  #trial = false;
  /** What it failed for is a file that is not there: known without a try. */
  #absent = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(spec: AgentSpec, { onChange, onStray, numbers }: SupervisorOptions = {}) {
    this.spec = spec;
    this.#numbers = { ...SUPERVISOR, ...numbers };
    this.#onChange = onChange ?? (() => undefined);
    this.#onStray = onStray ?? (() => undefined);
    const { breaker_failures: failures, breaker_pause_ms: pause_ms, crashes, within_ms, strays } = this.#numbers;
    this.#breaker = new Breaker(spec.breaker ?? { failures, pause_ms });
    this.#intensity = new Intensity({ crashes, within_ms });
    this.#strays = new Intensity({ crashes: strays, within_ms });
    this.#standing = { state: "starting", why: "", since_ms: Date.now(), withheld: spec.concurrency };
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** Resolves when it has been tried once to start it. */
  get tried(): Promise<void> {
    return this.#tried.promise;
  }

  /** Resolves when it is ready or failed; what has nothing to make ready is so before this returns. */
  async start(): Promise<void> {
    let pause_ms = this.#numbers.start_pause_ms;
    while (this.#standing.state === "starting") {
      const absent = absentIn(this.spec.handler, this.spec.dir);
      this.#absent = absent !== undefined;
      if (absent !== undefined) return this.#fail(`its handler ${absent.problem}; ${absent.remedy}`);
      try {
        const handler = handlerFor(this.spec);
        handler.watch?.((stray) => this.#stray(stray));
        if (handler.start !== undefined) await this.#within(handler.start.bind(handler));
        return this.#ready();
      } catch (error) {
        if (this.#gone.signal.aborted) return; // what it holds is let go of just now, and nothing new may begin
        const why = `it cannot start: ${messageOf(error)}`;
        if (this.#crashed()) return this.#fail(why);
        this.#change("starting", why);
      }
      await this.#pause(pause_ms);
      pause_ms = Math.min(pause_ms * 2, this.#numbers.start_pause_ms_max);
    }
  }

  /** One try to start, which ends with its time, and with the agent. */
  async #within(start: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const signal = AbortSignal.any([this.#gone.signal, AbortSignal.timeout(this.#numbers.start_ms)]);
    const over = Promise.withResolvers<never>();
    const end = () => over.reject(this.#gone.signal.aborted ? new Error("it ends") : new Error("it took too long"));
    signal.addEventListener("abort", end, { once: true });
    try {
      await Promise.race([start(signal), over.promise]);
    } finally {
      signal.removeEventListener("abort", end);
    }
  }

  /** Starts a failed one again, before its pause is over. */
  retry(): void {
    if (this.#standing.state !== "failed") return;
    clearTimeout(this.#timer);
    this.#trial = !this.#absent;
    this.#change("starting", `it is tried again, after this: ${this.#standing.why}`);
    void this.start();
  }

  /** Never throws, never rejects: what cannot be run ends as one that may be tried elsewhere. */
  async run(call: Call, options: RunOptions = {}): Promise<Ran> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return refused(refusal);
    this.#runs += 1;
    const onLate = () => {
      this.#stuck -= 1;
      this.#tell();
      options.onLate?.();
    };
    const ran = await runAgent(this.spec, call, { ...options, onLate });
    this.#runs -= 1;
    if (!ran.ok && ran.spent) this.#stuck += 1;
    this.#judge(call, ran);
    this.#tell();
    if (this.#standing.state === "draining" && this.#runs === 0) void this.close();
    return ran;
  }

  /** Takes no more work; resolves when what runs has ended and the handler is closed. */
  drain(why = "it drains"): Promise<void> {
    if (this.#standing.state === "stopped") return this.#stopped.promise;
    clearTimeout(this.#timer);
    this.#change("draining", why);
    if (this.#runs === 0) void this.close();
    return this.#stopped.promise;
  }

  /** At once: what runs is its caller's to stop. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#gone.signal.aborted) return this.#stopped.promise;
    this.#gone.abort();
    try {
      await handlerFor(this.spec).close?.();
    } catch {
      // It is let go of either way.
    }
    this.#change("stopped", "");
    this.#stopped.resolve();
  }

  // --- what it learns ---

  #judge({ skill }: Call, ran: Ran): void {
    const end = endOf(ran, this.spec.skills.find(({ name }) => name === skill)?.expected_ms ?? 0);
    this.#count(end, ran.ok ? undefined : ran);
  }

  /** A run that goes on ends by it, and is judged then; when it was over already, the agent has crashed all the same. */
  #stray(stray: Stray): void {
    if (!this.#strays.exceeded(performance.now())) this.#onStray(stray);
    const message = `an error that nothing caught, after its run: ${stray.message}`;
    if (stray.late) this.#count("bad", { crashed: true, message });
  }

  #count(end: End, failed: { readonly crashed: boolean; readonly message: string } | undefined): void {
    if (this.#standing.state !== "ready") return;
    const before = this.#breaker.state;
    if (failed?.crashed === true && this.#crashed())
      return this.#fail(`it crashed too often, the last time so: ${failed.message}`);
    this.#breaker.ended(performance.now(), end);
    if (end === "good") this.#trial = false;
    if (this.#breaker.state === before) return;
    if (this.#breaker.state === "closed") return this.#change("ready", "");
    const { failures } = this.#breaker;
    const last = failed === undefined ? "" : `, the last one so: ${failed.message}`;
    this.#change("ready", `paused after ${failures} failures in a row${last}`);
    this.#later(this.#breaker.until_ms - performance.now(), () => {
      this.#breaker.look(performance.now());
      if (this.#breaker.state === "half-open") this.#change("ready", "one run decides whether it goes on");
    });
  }

  /** Counts a crash, and says whether that was one too many. */
  #crashed(): boolean {
    return this.#intensity.exceeded(performance.now()) || this.#trial;
  }

  #ready(): void {
    if (this.#standing.state !== "starting") return;
    if (this.#trial) this.#breaker.probe();
    else this.#breaker.close();
    this.#change("ready", this.#trial ? "one run decides whether it goes on" : "");
  }

  #fail(why: string): void {
    this.#intensity.forget();
    this.#change("failed", why);
    this.#tryLater();
  }

  #tryLater(): void {
    this.#later(this.#numbers.failed_ms, () => {
      // Nothing new, and nothing that anybody needs to be told every minute.
      if (this.#absent && absentIn(this.spec.handler, this.spec.dir) !== undefined) this.#tryLater();
      else this.retry();
    });
  }

  // --- places ---

  #refusal(): string | undefined {
    const { state, why } = this.#standing;
    if (state !== "ready") return `the agent is ${state}${why === "" ? "" : `: ${why}`}`;
    if (this.#breaker.state === "open") return `the agent is ${why}`;
    const room = this.#breaker.state === "half-open" ? 1 : this.spec.concurrency;
    return this.#runs + this.#stuck >= room ? "every place of the agent is taken" : undefined;
  }

  #withheld(state: AgentState): number {
    const { concurrency } = this.spec;
    if (state !== "ready" || this.#breaker.state === "open") return concurrency;
    return Math.min(concurrency, this.#breaker.state === "half-open" ? concurrency - 1 + this.#stuck : this.#stuck);
  }

  // --- telling ---

  #change(state: AgentState, why: string): void {
    this.#tried.resolve();
    const { state: before } = this.#standing;
    const moves: readonly AgentState[] = AGENT_MOVES[before];
    if (state !== before && !moves.includes(state)) return;
    this.#standing = { state, why: bounded(why), since_ms: Date.now(), withheld: this.#withheld(state) };
    this.#onChange(this.#standing);
  }

  /** The places may have changed, the state has not. */
  #tell(): void {
    const withheld = this.#withheld(this.#standing.state);
    if (withheld === this.#standing.withheld) return;
    this.#standing = { ...this.#standing, withheld };
    this.#onChange(this.#standing);
  }

  #later(wait_ms: number, act: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, Math.max(0, Math.ceil(wait_ms)) + 1).unref();
  }

  #pause(wait_ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, wait_ms).unref();
      this.#gone.signal.addEventListener(
        "abort",
        () => {
          clearTimeout(timer);
          resolve();
        },
        { once: true },
      );
    });
  }
}

function endOf(ran: Ran, expected_ms: number): End {
  if (ran.ok) return "good";
  if (ran.crashed) return "bad";
  switch (ran.reason) {
    case "error":
      return "good";
    case "timeout":
      // A caller that gave it hardly any time must not take it from the others.
      return ran.spent || ran.ms >= 2 * expected_ms ? "bad" : "neither";
    case "retry":
    case "invalid-output":
    case "spawn":
      return "bad";
    default:
      return "neither";
  }
}

function refused(message: string): Ran {
  const account = { ms: 0, toolTrace: [], cost: 0, causes: [] };
  return { ...account, ok: false, reason: "retry", message, retryable: true, spent: false, crashed: false };
}

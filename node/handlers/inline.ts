/**
 * Agents that are functions in the node's own thread: quick to start, and nothing stands between them and the node. An error that nothing
 * caught ends its run as a crash and no other (`strays.ts`). One that never awaits stops the whole node, one that never ends keeps its
 * slot, one that leaks fills the node's memory: such code belongs into a worker (`worker.ts`) or a process (`process.ts`).
 */
import type { HandlerBlobs } from "./blobs.ts";
import { type AgentFunction, failureOf, loadFunction } from "./loading.ts";
import { type Owner, owned, strayOf, unowned } from "./strays.ts";
import { bounded } from "./text.ts";
import { type Call, type Context, CrashError, type Handler, type Stray } from "./types.ts";

type Tell = (stray: Stray) => void;

/** Loads the module when it is first called. */
export function inlineHandler(modulePath: string): Handler {
  let loaded: Promise<AgentFunction<Context>> | undefined;
  let tell: Tell = () => undefined;
  // What the module does by itself, outside of all calls.
  const module: Owner = { stray: (error) => tell(strayOf(error, { task: "", late: true })) };
  return {
    watch(onStray) {
      tell = onStray;
    },
    async run(call, context) {
      loaded ??= owned(module, () => loadFunction<Context>(modulePath));
      const agent = await loaded;
      return new InlineRun(context, (stray) => tell(stray)).of(agent, call);
    },
  };
}

class InlineRun implements Owner {
  readonly #context: Context;
  readonly #tell: Tell;
  readonly #broken = Promise.withResolvers<never>();
  readonly #stop = new AbortController();
  #over = false;

  constructor(context: Context, tell: Tell) {
    this.#context = context;
    this.#tell = tell;
    this.#broken.promise.catch(() => undefined);
  }

  /** The function gets its own copy of the input. */
  async of(agent: AgentFunction<Context>, { input }: Call): Promise<unknown> {
    const { signal } = this.#context;
    const stop = () => this.#abort(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    try {
      const running = owned(this, async () => agent(structuredClone(input), this.#own()));
      return await Promise.race([running, this.#broken.promise]);
    } catch (error) {
      throw failureOf(error);
    } finally {
      this.#over = true;
      signal.removeEventListener("abort", stop);
    }
  }

  /** The run ends there and then. What is left of the function is told to stop, and cannot be made to. */
  stray(error: unknown): void {
    const late = this.#over || this.#context.signal.aborted;
    this.#over = true;
    const stray = strayOf(error, { task: this.#context.task, late });
    this.#tell(stray);
    this.#broken.reject(new CrashError("error", bounded(`an error that nothing caught ended it: ${stray.message}`)));
    this.#abort(new Error("it crashed"));
  }

  /** Listeners are called by whoever aborts, and they are the function's code. */
  #abort(reason: unknown): void {
    owned(this, () => this.#stop.abort(reason));
  }

  /** What the node does at its wish is not its own, what the node calls of it is. */
  #own(): Context {
    const node = this.#context;
    const { task, skill, fence, deadline_ms } = node;
    return {
      ...{ task, skill, fence, deadline_ms },
      signal: this.#stop.signal,
      blobs: this.#blobs(node.blobs),
      progress: (done, note) => unowned(() => node.progress(done, note)),
      emit: (value) => unowned(() => node.emit(value)),
      tool: (name, args, fn) => unowned(() => node.tool(name, args, (given) => owned(this, () => fn(given)))),
      now: () => unowned(() => node.now()),
      random: () => unowned(() => node.random()),
      spend: (cost) => unowned(() => node.spend(cost)),
      submit: (wanted, input, options) => unowned(() => node.submit(wanted, input, options)),
    };
  }

  #blobs(node: HandlerBlobs): HandlerBlobs {
    return {
      path: (ref) => unowned(() => node.path(ref)),
      open: (ref) =>
        pulled(
          unowned(() => node.open(ref)),
          unowned,
        ),
      put: (source, media) =>
        unowned(() =>
          node.put(
            pulled(source, (act) => owned(this, act)),
            media,
          ),
        ),
    };
  }
}

/** The same pieces, each pulled in its owner's name. */
async function* pulled<T>(source: AsyncIterable<T>, asOwner: <R>(act: () => R) => R): AsyncGenerator<T, void> {
  const pieces = asOwner(() => source[Symbol.asyncIterator]());
  let isLeft = false;
  try {
    for (;;) {
      const step = await asOwner(() => pieces.next());
      if (step.done === true) return;
      isLeft = true;
      yield step.value;
      isLeft = false;
    }
  } finally {
    if (isLeft) await asOwner(() => pieces.return?.());
  }
}

/** An agent that breaks where nobody looks, as its input says. */
import { EventEmitter } from "node:events";

interface Asked {
  readonly do: string;
  readonly ms?: number;
  readonly words?: string;
}

interface Context {
  readonly signal: AbortSignal;
}

const never = () => new Promise<never>(() => undefined);

export default async function wild({ do: what, ms = 0, words = "" }: Asked, { signal }: Context): Promise<unknown> {
  const fail = () => {
    throw new Error(words);
  };
  switch (what) {
    case "timer":
      setTimeout(fail, 20);
      return never();
    case "promise":
      void (async () => fail())();
      return never();
    case "event":
      setTimeout(() => new EventEmitter().emit("error", new Error(words)), 20);
      return never();
    case "listen":
      // It may have been told before it could listen.
      if (signal.aborted) queueMicrotask(fail);
      else signal.addEventListener("abort", fail);
      return never();
    case "leave":
      setTimeout(fail, 100);
      return "left";
    case "2 GiB":
      return new Array(2 ** 28).fill(1.5).length;
    case "loop":
      for (;;);
    case "pid":
      await new Promise((resolve) => setTimeout(resolve, ms));
      return process.pid;
    default:
      await new Promise((resolve) => setTimeout(resolve, ms));
      return "waited";
  }
}

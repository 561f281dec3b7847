/** Waiting that ends with a run: what is waited for goes on, for whoever else wants it. */
import { HandlerError } from "./types.ts";

/** Throws HandlerError "cancelled" with these words as soon as the signal aborts. */
export async function untilAborted<T>(waited: Promise<T>, signal: AbortSignal, words: string): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const stop = () => aborted.reject(new HandlerError("cancelled", words));
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([waited, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Never ends of itself: polite ends when it is told to, deaf when the test says so. */
import type { Context } from "../../../node/handlers/mod.ts";

export const release = Promise.withResolvers<void>();
export const late: unknown[] = [];

export default async (input: string, context: Context) => {
  if (input === "polite") {
    // On a busy machine it may be over before it has begun.
    context.signal.throwIfAborted();
    await new Promise((_, reject) => context.signal.addEventListener("abort", () => reject(context.signal.reason)));
  }
  await release.promise;
  context.progress(1);
  late.push(input);
  return null;
};

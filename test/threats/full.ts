/** Limits that guard no decoder: filled one below, to, and one above their bound, and what is too much is not taken. */
import { expect, it } from "vitest";

/** Whether what has this number is taken: by its name, beside its bound. */
export type Fills = Readonly<
  Record<string, readonly [bound: number, takes: (number: number) => boolean | Promise<boolean>]>
>;

export function fill(fills: Fills): void {
  it.each(Object.entries(fills))("%s is kept", { timeout: 30_000 }, async (_, [bound, takes]) => {
    const found: boolean[] = [];
    for (const number of [bound - 1, bound, bound + 1]) found.push(await takes(number));
    expect(found).toEqual([true, true, false]);
  });
}

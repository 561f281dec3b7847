/** The wishes of a scenario with their times, as the runner of the mesh would make them: the same draws from the same seed. */
import { Random } from "../../protocols/mod.ts";
import { drawn } from "../cast.ts";
import type { Scenario, TaskGroup } from "../scenario.ts";

export interface Wish {
  readonly at_ms: number;
  readonly label: string;
  readonly group: TaskGroup;
  /** Draws who asks, then how patient they are. */
  readonly random: Random;
}

export function wishesOf({ seed, tasks }: Scenario): readonly Wish[] {
  return tasks.flatMap((group, place) => {
    const random = new Random(seed * 131 + place * 7_907 + 3);
    let at_ms = group.at_ms;
    return Array.from({ length: group.count }, (_, nth): Wish => {
      const wish = { at_ms, label: `${group.name ?? `g${place}`}.${nth}`, group, random: new Random(random.word()) };
      at_ms += drawn(random, group.every_ms);
      return wish;
    });
  });
}

/** As the mesh's users fill theirs. */
export function inputOf({ label, group }: Wish): string {
  const text = JSON.stringify({ label });
  const fill = Math.max(0, group.input_bytes - text.length - 9);
  return fill === 0 ? text : `${text.slice(0, -1)},"fill":"${"x".repeat(fill)}"}`;
}

/** How good a choice was, in hindsight: the chosen bid against the best that anybody could have made who was up and had room. */
import { type Fact, NEVER, scoreOf } from "../../protocols/mod.ts";
import type { Station } from "./station.ts";
import type { Witness } from "./witness.ts";

type Chosen = Extract<Fact, { readonly type: "chosen" }>;

/** In thousandths; undefined when nobody could. */
export function quality(stations: readonly Station[], witness: Witness, { task, winner }: Chosen): number | undefined {
  const skill = witness.evidence.skillOf(task);
  let best = NEVER;
  for (const { index, spec, peer } of stations) {
    const running = witness.running.get(index)?.size ?? 0;
    for (const { concurrency, skills } of peer === undefined ? [] : spec.agents) {
      const card = skills.find(({ name }) => name === skill);
      if (card === undefined || running >= concurrency) continue;
      const load_permille = Math.floor((1000 * running) / concurrency);
      best = Math.min(best, scoreOf({ ...card, load_permille }, { done: 0, failed: 0 }));
    }
  }
  return best === NEVER || winner.score <= 0 ? undefined : Math.min(1000, Math.round((1000 * best) / winner.score));
}

/**
 * A peer begins, perhaps again: what it kept before is given back to its parts, in the order in which they need it. Woken once, by
 * `start`. Whether what was kept is whole is the driver's business.
 */
import { assert } from "../kernel/mod.ts";
import type { PeerEvent } from "./contract.ts";
import type { Parts } from "./parts.ts";

type KeptRecords = Extract<PeerEvent, { type: "start" }>["kept"];

export function restore({ post, presence, works, custodies, rules }: Parts, kept: KeptRecords): void {
  const inputs = new Map<string, string>();
  let seq = 0;
  for (const { key, record } of kept) {
    if (record.kind === "input") inputs.set(key, record.text);
    if (record.kind === "seq") seq = record.seq;
    if (record.kind === "revocation") rules?.restore(record.revocation, record.general);
  }
  presence.start(seq);
  for (const { key, record } of kept) {
    if (record.kind === "custody") {
      const place = key.replace("task/", "input/");
      const input = inputs.get(place);
      assert(input !== undefined, "a custody is kept with its input");
      inputs.delete(place);
      custodies.restore(record, input);
    } else if (record.kind === "run") works.restore(record);
  }
  // An input whose custody a crash came before, or which a crash left behind: nobody would ever drop it.
  for (const key of inputs.keys()) post.push({ type: "keep", key, record: null });
}

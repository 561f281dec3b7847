/** A run's trace, read: what each machine was told (`<`) and said (`>`), and when. */
import type { RealReport } from "../../node/virtual/mod.ts";

export interface Line {
  readonly at_us: number;
  readonly node: number;
  readonly kind: string;
  readonly task: string | undefined;
  readonly peer: number;
}

export function linesOf({ trace = [] }: RealReport): Line[] {
  return trace.map((line) => {
    const [at_us, node, kind = "", task, peer] = line.split(" ");
    return {
      at_us: Number(at_us),
      node: Number(node),
      kind,
      task: task === "-" ? undefined : task,
      peer: Number(peer),
    };
  });
}

/** What a kind of handler is: the words for it in `moot.yaml`, and how a handler is made from them. One file each, listed in `kinds.ts`. */
import type { z } from "zod";
import type { Absent } from "../fields/programs.ts";
import type { Handler, Place } from "./types.ts";

export interface Kind<Spec extends { readonly kind: string }> {
  /** The key under `handler:` in `moot.yaml`, and the `kind` of what is read from it. */
  readonly key: Spec["kind"];
  /** For errors: `{ exec: [./count.sh] }`. */
  readonly example: string;
  /** The value under the key. Relative paths start from `dir`. Parsing starts nothing, and does not mind what is absent. */
  field(dir: string): z.ZodType<Spec>;
  /** Cheap: a module is loaded, a program started, a connection made when it is first used (or by `Handler.start`). */
  make(spec: Spec, place: Place): Handler;
  /** A file that it needs and that is not there, or cannot be used. An agent with such a handler is failed until it can. */
  absent?(spec: Spec, dir: string): Absent | undefined;
  /** What it runs, in a few words for people. Never a secret. */
  describe(spec: Spec): string;
  /** Environment variables that it names as `${NAME}`: the agent's `env` must list them. */
  variables?(spec: Spec): readonly string[];
}

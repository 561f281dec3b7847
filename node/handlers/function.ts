/**
 * Agents that are functions. Loaded when first called, or in worker threads that are ready beforehand. A function in the node's own
 * thread cannot be stopped from outside: one that never awaits stops the whole node, and one that never ends keeps its slot. Code that
 * may hang belongs into a worker (`worker.ts`) or a program (`exec.ts`).
 */
import { resolve } from "node:path";
import { z } from "zod";
import { handOn, map, must, say, whole } from "../fields/fields.ts";
import { isFile } from "../fields/programs.ts";
import type { Kind } from "./kind.ts";
import { HANDLER } from "./limits.ts";
import { type AgentFunction, failureOf, loadFunction } from "./loading.ts";
import type { Context, Handler } from "./types.ts";
import { workerHandler } from "./worker.ts";

export interface ModuleSpec {
  readonly kind: "module";
  /** An absolute path. */
  readonly path: string;
  /** Absent: in the node's own thread. */
  readonly worker?: {
    readonly memory_mb: number;
    /** A new thread for each call. */
    readonly fresh: boolean;
  };
}

const FORM = "a path to a .ts or .js module, such as ./agent.ts";
const MAP = "a map such as { path: ./agent.ts, worker: true, memory_mb: 128 }";
const yes = z.boolean(must("true or false")).default(false);

const pathField = (dir: string) =>
  z
    .string(must(FORM))
    .transform((path) => resolve(dir, path))
    .check((context) => {
      const problem = `names ${context.value}, which is not a file`;
      if (!isFile(context.value)) say(context, { problem, remedy: `give ${FORM}` });
    });

const mapField = (dir: string) =>
  map(MAP, {
    path: pathField(dir),
    worker: yes,
    memory_mb: whole(HANDLER.worker_mb_min, HANDLER.worker_mb_max, "a whole number of megabytes").optional(),
    fresh: yes,
  }).transform(({ path, worker, memory_mb, fresh }, context): ModuleSpec => {
    if (worker) return { kind: "module", path, worker: { memory_mb: memory_mb ?? HANDLER.worker_mb, fresh } };
    if (memory_mb !== undefined || fresh)
      say(context, { problem: "limits a worker, and there is none", remedy: "add worker: true" });
    return { kind: "module", path };
  });

export const module: Kind<ModuleSpec> = {
  key: "module",
  example: "{ module: ./agent.ts }",
  field: (dir) => {
    const plain = pathField(dir).transform((path): ModuleSpec => ({ kind: "module", path }));
    const mapped = mapField(dir);
    return z.unknown().transform((value, context): ModuleSpec => {
      const found = (typeof value === "string" ? plain : mapped).safeParse(value);
      if (found.success) return found.data;
      handOn(context, found.error);
      return z.NEVER;
    });
  },
  make: ({ path, worker }, { env }) =>
    worker === undefined ? functionHandler(path) : workerHandler({ path, ...worker, env }),
  describe: ({ path, worker }) => (worker === undefined ? path : `${path} in a worker`),
};

/** The function gets its own copy of the input. */
function functionHandler(modulePath: string): Handler {
  let loaded: Promise<AgentFunction<Context>> | undefined;
  return {
    async run(call, context) {
      loaded ??= loadFunction<Context>(modulePath);
      const agent = await loaded;
      try {
        return await agent(structuredClone(call.input), context);
      } catch (error) {
        throw failureOf(error);
      }
    },
  };
}

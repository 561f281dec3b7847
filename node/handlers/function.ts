/**
 * Agents that are functions, as `moot.yaml` names them, each in one of three rooms: the node's own thread (`inline.ts`), worker threads
 * (`worker.ts`), or processes (`process.ts`), which bound most. Pure: loads and starts nothing.
 */
import { resolve } from "node:path";
import { z } from "zod";
import { handOn, map, must, say, whole } from "../fields/fields.ts";
import { wrongModule } from "../fields/programs.ts";
import { inlineHandler } from "./inline.ts";
import type { Kind } from "./kind.ts";
import { HANDLER } from "./limits.ts";
import { processHandler } from "./process.ts";
import { workerHandler } from "./worker.ts";

export interface ModuleSpec {
  readonly kind: "module";
  /** An absolute path. */
  readonly path: string;
  /** Neither of these: in the node's own thread. */
  readonly worker?: RoomSpec;
  readonly process?: RoomSpec;
}

interface RoomSpec {
  readonly memory_mb: number;
  /** A new one for each call. */
  readonly fresh: boolean;
}

const FORM = "a path to a .ts or .js module, such as ./agent.ts";
const MAP = "a map such as { path: ./agent.ts, worker: true, memory_mb: 128 }";
const yes = z.boolean(must("true or false")).default(false);

const pathField = (dir: string) => z.string(must(FORM)).transform((path) => resolve(dir, path));

const mapField = (dir: string) =>
  map(MAP, {
    path: pathField(dir),
    worker: yes,
    process: yes,
    memory_mb: whole(HANDLER.worker_mb_min, HANDLER.worker_mb_max, "a whole number of megabytes").optional(),
    fresh: yes,
  }).transform(({ path, worker, process, memory_mb, fresh }, context): ModuleSpec => {
    if (worker && process)
      say(context, { problem: "names two rooms", remedy: "give worker: true or process: true, not both" });
    if (process && memory_mb !== undefined && memory_mb < HANDLER.process_mb_min)
      say(context, {
        problem: `gives a process ${memory_mb} MB, and Node itself takes most of that`,
        remedy: `give it ${HANDLER.process_mb_min} or more`,
      });
    if (process) return { kind: "module", path, process: { memory_mb: memory_mb ?? HANDLER.process_mb, fresh } };
    if (worker) return { kind: "module", path, worker: { memory_mb: memory_mb ?? HANDLER.worker_mb, fresh } };
    if (memory_mb !== undefined || fresh)
      say(context, {
        problem: "limits a worker, and there is none",
        remedy: "add worker: true (a thread) or process: true",
      });
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
  make: ({ path, worker, process }, { env }) => {
    if (process !== undefined) return processHandler({ path, ...process, env });
    return worker === undefined ? inlineHandler(path) : workerHandler({ path, ...worker, env });
  },
  absent: ({ path }) => wrongModule(path),
  describe: ({ path, worker, process }) => {
    if (process !== undefined) return `${path} in a process of its own`;
    return worker === undefined ? path : `${path} in a worker`;
  },
};

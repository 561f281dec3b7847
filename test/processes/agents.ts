/**
 * Agents whose behaviour the input chooses and files steer, so that a test can stop the world in a known state: each run
 * writes down its task, fence and pid before it does anything, and a run that holds waits for a file named by its task.
 */
import { appendFileSync, chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What an agent is asked to do: the input is `{"do": …}`. */
export const ACTS = ["echo", "nap", "hold", "fail", "garbage", "flood", "retry-once", "throw"] as const;
export type Act = (typeof ACTS)[number];

export interface AgentPlan {
  readonly name?: string;
  /** Default `test.work@1`. */
  readonly skill?: string;
  readonly kind?: "exec" | "module";
  readonly concurrency?: number;
  readonly timeout_ms?: number;
  /** The text of a module that is the agent instead, and takes and gives any JSON. It finds the folder that all share in `SHARED`. */
  readonly source?: string;
}

export const WORK = "test.work@1";

/** One line of the runs' common log. `end` is the side effect: written when the work is done. */
export interface Run {
  readonly what: "start" | "end";
  readonly task: string;
  /** The fence that the handler was given, as a number. */
  readonly fence: number;
  readonly pid: number;
  /** The name of the node. */
  readonly node: string;
}

/** A sh script on purpose: the programs that real agents are know nothing of us. Pipes and files only. */
const SCRIPT = `#!/bin/sh
shared=$1
me=$2
IFS= read -r call
task=\${call#*'"task":"'}; task=\${task%%'"'*}
fence=\${call#*'"fence":'}; fence=\${fence#'"'}; fence=\${fence%%[!0-9.]*}
act=\${call#*'"do":"'}; act=\${act%%'"'*}
echo "start $task $fence $$ $me" >>"$shared/runs.log"
hold() {
  tries=0
  while [ ! -e "$shared/go.$task" ] && [ ! -e "$shared/go.$task.$fence" ]; do
    tries=$((tries + 1))
    [ "$tries" -gt 2400 ] && exit 1
    sleep 0.05
  done
}
case $act in
  nap) sleep 0.8 ;;
  hold) hold ;;
  fail) echo "no luck today" >&2; exit 3 ;;
  garbage) echo "this is no JSON"; exit 0 ;;
  flood) exec head -c 10000000 /dev/zero ;;
  retry-once) mkdir "$shared/once.$task" 2>/dev/null && { echo "not here, not now" >&2; exit 75; } ;;
esac
echo "end $task $fence $$ $me" >>"$shared/runs.log"
printf '{"by":"%s","fence":"%s"}' "$me" "$fence"
`;

const MODULE = `export default async (input, context) => {
  if (input.do === "throw") throw new Error("the module says no");
  return { by: "module", fence: String(context.fence) };
};
`;

/** Files through which a mesh's agents and its tests speak. */
export class Shared {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
    writeFileSync(join(dir, "runs.log"), "");
    writeFileSync(join(dir, "work.sh"), SCRIPT);
    chmodSync(join(dir, "work.sh"), 0o755);
    writeFileSync(join(dir, "module.js"), MODULE);
    writeFileSync(join(dir, "package.json"), '{ "type": "module" }');
  }

  /** Everything that ran, in order, or what ran of one task. */
  runs(task?: string): readonly Run[] {
    const lines = readFileSync(join(this.#dir, "runs.log"), "utf8").split("\n");
    const all = lines.flatMap((line): Run[] => {
      const [what, id = "", fence, pid, node = ""] = line.split(" ");
      if (what !== "start" && what !== "end") return [];
      return [{ what, task: id, fence: Number(fence), pid: Number(pid), node }];
    });
    return task === undefined ? all : all.filter((run) => run.task === task);
  }

  starts(task?: string): readonly Run[] {
    return this.runs(task).filter(({ what }) => what === "start");
  }

  ends(task?: string): readonly Run[] {
    return this.runs(task).filter(({ what }) => what === "end");
  }

  /** Lets a held task's runs go on: all of them, or the one with this fence. */
  release(task: string, fence?: number): void {
    appendFileSync(join(this.#dir, fence === undefined ? `go.${task}` : `go.${task}.${fence}`), "");
  }

  /** The agent as `moot.yaml` has it. */
  configOf(plan: AgentPlan, node: string): object {
    const { name = "worker", skill = WORK, kind = "exec", concurrency = 2, timeout_ms = 60_000, source } = plan;
    if (source !== undefined) {
      const file = join(this.#dir, `${node}-${name}.js`);
      writeFileSync(file, `const SHARED = ${JSON.stringify(this.#dir)};\n${source}`);
      const skills = [{ name: skill, input: {}, output: {}, effects: "none", expected_ms: 50, cost: 1 }];
      return { name, handler: { module: file }, concurrency, timeout_ms, skills };
    }
    const handler =
      kind === "module"
        ? { module: join(this.#dir, "module.js") }
        : { exec: [join(this.#dir, "work.sh"), this.#dir, node] };
    return {
      name,
      handler,
      concurrency,
      timeout_ms,
      skills: [{ name: skill, input, output, effects: "none", expected_ms: 50 }],
    };
  }
}

const input = {
  type: "object",
  required: ["do"],
  additionalProperties: false,
  // Data is for the node to fetch: these agents do not look at it.
  properties: { do: { enum: ACTS }, times: { type: "integer" }, data: {} },
};

const output = {
  type: "object",
  required: ["by", "fence"],
  properties: { by: { type: "string" }, fence: { type: "string" } },
};

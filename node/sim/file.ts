/** Scenario files: read, checked as a whole, every problem with its line; and written, so that a failing run can be kept. */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { Document, isMap, isSeq, visit } from "yaml";
import { LAN, NO_FAULTS, PEERS, type Scenario, TASKS } from "../../sim/mod.ts";
import { problemsOf, readDocument, wrong } from "../config/document.ts";
import { Fault, messageOf, systemCode } from "../fault.ts";
import { clashes } from "./compose.ts";
import { SIM } from "./limits.ts";
import { planned } from "./plan.ts";
import { type Draft, scenarioSchema } from "./schema.ts";
import { STILL } from "./strikes.ts";

/** Throws Fault "config". */
export function loadDraft(path: string): Draft {
  let text: string;
  try {
    const found = statSync(path);
    if (!found.isFile()) throw new Error(found.isDirectory() ? "it is a folder" : "it is no file");
    if (found.size > SIM.file_bytes) throw new Error(`it is larger than ${SIM.file_bytes} bytes`);
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new Fault("config", `cannot read the scenario ${path}: ${reason(error)}`, {
      remedy: "name a YAML file, or a preset (moot sim --help lists them)",
      cause: error,
    });
  }
  return parseDraft(text, path);
}

function reason(error: unknown): string {
  return systemCode(error) === "ENOENT" ? "there is no such file" : messageOf(error);
}

/** `path` is where the text came from. Throws Fault "config"; `details.problems` is a `Problem[]`. */
export function parseDraft(text: string, path: string): Draft {
  const { tree, finder } = readDocument(text, path);
  if (tree === undefined || tree === null) {
    const remedy = "every key has a default, but give one at least, such as tasks: [{ count: 20 }]";
    throw wrong([finder.problem([], "says nothing", remedy)], path);
  }
  const found = scenarioSchema.safeParse(tree);
  if (!found.success) throw wrong(problemsOf(found.error, finder), path);
  const together = clashes(found.data).map(({ path: at, problem, remedy }) => finder.problem(at, problem, remedy));
  if (together.length > 0) throw wrong(together, path);
  return found.data;
}

/** A file that gives this scenario when it is read: only what differs from the defaults. */
export function scenarioText(scenario: Scenario, comment: string): string {
  const { name, seed, trouble_ms, settle_ms, dead, plan } = scenario;
  const network = differing(scenario.network, LAN);
  // What strikes from time to time stands in the plan: a reader of the file must not draw it once more.
  const faults = differing({ ...scenario.faults, ...STILL }, NO_FAULTS);
  const document = new Document({
    name,
    seed,
    peers: scenario.peers.map((group) => ({ name: group.name, count: group.count, ...differing(group, PEERS) })),
    tasks: scenario.tasks.map((group) => ({ skill: group.skill, count: group.count, ...differing(group, TASKS) })),
    ...(Object.keys(network).length === 0 ? {} : { network }),
    ...(Object.keys(faults).length === 0 ? {} : { faults }),
    ...(plan.length === 0 ? {} : { plan: plan.map(planned) }),
    trouble_ms,
    settle_ms,
    ...(dead.length === 0 ? {} : { dead }),
  });
  document.commentBefore = comment.replaceAll(/^/gm, " ");
  // A list of plain values, and a planned fault, are read best on one line.
  visit(document, {
    Seq: (_, node) => {
      node.flow = !node.items.some((item) => isMap(item) || isSeq(item));
    },
    Pair: (_, { key, value }) => {
      if (!isSeq(value) || String(key) !== "plan") return;
      for (const item of value.items) if (isMap(item)) item.flow = true;
    },
  });
  return document.toString({ lineWidth: 0 });
}

function differing(values: object, defaults: object): Readonly<Record<string, unknown>> {
  const usual = new Map<string, unknown>(Object.entries(defaults));
  const same = (key: string, value: unknown) => JSON.stringify(value) === JSON.stringify(usual.get(key));
  return Object.fromEntries(Object.entries(values).filter(([key, value]) => !same(key, value)));
}

/** Throws Fault "usage" when it cannot be written. */
export function saveScenario(scenario: Scenario, path: string, comment: string): void {
  try {
    writeFileSync(path, scenarioText(scenario, comment));
  } catch (error) {
    throw new Fault("usage", `cannot write ${path}: ${messageOf(error)}`, {
      remedy: "run it in a folder that this user can write to",
      cause: error,
    });
  }
}

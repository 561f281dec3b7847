/**
 * What `moot check` finds out about a configuration without starting anything: whether it loads (every problem has its line and
 * field), what its skills promise, whether the card has room for it, whether modules are what they should be. User code runs only
 * when that is asked for, in a process of its own.
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { type AgentCard, charsOf, PERMISSIONS } from "../../protocols/mod.ts";
import { cardOf, roomFor } from "../cards.ts";
import { type Config, loadConfig } from "../config/mod.ts";
import { Fault, messageOf } from "../fault.ts";
import { readGrants } from "../permissions/grants-file.ts";
import { checkAddresses, checkAgents, checkFiles, checkWriters } from "./checks.ts";
import type { Finding } from "./doctor/finding.ts";

export interface CheckOptions {
  readonly config: string;
  /** Whether the addresses to listen on are free, and those to join answer. */
  readonly ports: boolean;
  /** Loads modules, each in a process of its own. */
  readonly load: boolean;
}

export interface Contract {
  readonly agent: string;
  readonly skill: string;
  readonly effects: AgentCard["skills"][number]["effects"];
  readonly idempotent: boolean;
  readonly cost: number;
  readonly expected_ms: number;
  readonly contract: string | null;
}

export interface Checked {
  readonly ok: boolean;
  /** Of the file, with line and field. */
  readonly problems: readonly unknown[];
  readonly checks: readonly Finding[];
  readonly contracts: readonly Contract[];
}

const LOAD_MS = 20_000;
const EXPORTED = /\bexport\b[^;]*\b(?:default|handle)\b|\bmodule\.exports\b|\bexports\.handle\b/;
/** Ends with 1 when there is no function; what the module prints is nobody's. */
const LOADER = `const found = await import(process.argv[1]);
if (typeof found.default !== "function" && typeof found.handle !== "function") process.exitCode = 1;`;
const NO_FUNCTION = "exports no function";

export async function checkConfiguration(options: CheckOptions): Promise<Checked> {
  let config: Config;
  try {
    config = await loadConfig(options.config);
  } catch (error) {
    const finding = { name: "config", level: "fail", detail: messageOf(error) } as const;
    const remedy = error instanceof Fault && error.remedy !== undefined ? error.remedy : "mend the places named above";
    const problems: unknown = error instanceof Fault ? error.details?.["problems"] : undefined;
    const list = Array.isArray(problems) ? problems : [];
    return { ok: false, problems: list, checks: [{ ...finding, remedy }], contracts: [] };
  }
  const cards = config.agents.map(cardOf);
  const checks = [
    { name: "config", level: "ok", detail: `${options.config}: network ${config.network.name}` } as const,
    ...checkWriters(options.config),
    ...checkAgents(config),
    ...(await Promise.all(config.agents.map((agent) => checkModule(agent, options.load)))).flat(),
    ...checkRoom(cards, config),
    ...checkFiles(config.data),
    ...(options.ports ? await checkAddresses(config, undefined) : []),
  ];
  const contracts = cards.flatMap(contractsOf);
  return { ok: checks.every(({ level }) => level !== "fail"), problems: [], checks, contracts };
}

function contractsOf({ name: agent, skills }: AgentCard): Contract[] {
  return skills.map(({ name: skill, effects, idempotent = false, cost, expected_ms, contract = null }) => {
    return { agent, skill, effects, idempotent, cost, expected_ms, contract };
  });
}

/** A card shows the node's grants too, where the network names roots. */
function checkRoom(cards: readonly AgentCard[], config: Config): Finding[] {
  const grants = grantsOf(config);
  const { bytes, room } = roomFor(cards, grants.chars);
  const beside = grants.chars === 0 ? "" : `, beside ${grants.chars} of grants`;
  const detail = `the agents take ${bytes} of the ${room} bytes that a card has for them${beside}`;
  if (bytes <= room) return [{ name: "card", level: "ok", detail }, ...grants.findings];
  const remedy = "shorten the schemas and descriptions, or spread the agents over several nodes";
  return [{ name: "card", level: "fail", detail, remedy }, ...grants.findings];
}

/** Grants that are not there yet are counted as the longest that there may be. */
function grantsOf({ network }: Config): { readonly chars: number; readonly findings: readonly Finding[] } {
  const { roots = [], certificate } = network;
  if (roots.length === 0 || certificate === undefined) return { chars: 0, findings: [] };
  try {
    return { chars: charsOf(readGrants(certificate).seals), findings: [] };
  } catch (error) {
    const remedy = error instanceof Fault && error.remedy !== undefined ? error.remedy : "name another certificate";
    const finding = { name: "certificate", level: "warn", detail: messageOf(error), remedy } as const;
    return { chars: PERMISSIONS.chain_chars, findings: [finding] };
  }
}

/** By its text, unless it may be loaded: importing a module runs it. */
async function checkModule({ name, handler }: Config["agents"][number], load: boolean): Promise<Finding[]> {
  if (handler.kind !== "module") return [];
  const { path } = handler;
  const remedy = "export default async (input, context) => output";
  if (!load) {
    if (EXPORTED.test(readFileSync(path, "utf8"))) return [];
    const detail = `${name}: ${path} seems to export no function, by its text; --load would tell`;
    return [{ name: "module", level: "warn", detail, remedy }];
  }
  const wrong = await loaded(path);
  if (wrong === undefined) return [{ name: "module", level: "ok", detail: `${name}: ${path} exports a function` }];
  return [
    {
      name: "module",
      level: "fail",
      detail: `${name}: ${path} ${wrong}`,
      remedy: wrong === NO_FUNCTION ? remedy : "mend the module",
    },
  ];
}

/** Where the text of the module is wrong, as Node says it above the excerpt. */
function placeIn(said: string): string {
  const place = /^(?:file:\/\/)?(\/.+:\d+)$/m.exec(said)?.[1];
  return place === undefined ? "" : ` (${place})`;
}

function loaded(path: string): Promise<string | undefined> {
  const words = ["--input-type=module", "--eval", LOADER, pathToFileURL(path).href];
  return new Promise((resolve) => {
    execFile(process.execPath, words, { timeout: LOAD_MS, killSignal: "SIGKILL" }, (error, _, said) => {
      if (error === null) return resolve(undefined);
      if (error.killed === true) return resolve(`does not end loading within ${LOAD_MS / 1000} s`);
      const last = said.split("\n").findLast((line) => /error/i.test(line));
      resolve(last === undefined ? NO_FUNCTION : `cannot be loaded: ${last.trim().slice(0, 300)}${placeIn(said)}`);
    });
  });
}

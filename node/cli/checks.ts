/**
 * What `moot doctor` looks at, each as a finding: the Node it runs on, config, files and their modes, the store, the running
 * node and its neighbours, clocks, ports. A check that cannot be made says so as a warning; none throws.
 */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { LIMITS } from "../../protocols/kernel/mod.ts";
import { type ApiClient, apiFilePath, connectNode, type PeerRow } from "../api/mod.ts";
import { type Config, loadConfig } from "../config/mod.ts";
import { Fault, messageOf } from "../fault.ts";
import { absentIn, canWeigh, describe } from "../handlers/mod.ts";
import type { Status } from "../moot-node.ts";
import { checkBlobs } from "./doctor/blobs.ts";
import { checkCertificate } from "./doctor/certificate.ts";
import type { Finding } from "./doctor/finding.ts";
import { checkJournals, checkRecords } from "./doctor/records.ts";
import { checkStanding } from "./doctor/standing.ts";
import { checkStore } from "./doctor/store.ts";
import type { ClientOptions } from "./options.ts";
import { duration, plural } from "./output.ts";
import { canListen, hostAndPort, reachable } from "./ports.ts";

const NODE_MAJOR = 24;
/** A card from further in the future than this names a clock that is off, long before documents are refused. */
const SKEW_HINT_MS = 5_000;

export async function check(options: ClientOptions): Promise<readonly Finding[]> {
  const [config, configured] = await checkConfig(options);
  const data = options.data === undefined ? (config?.data ?? resolve("data")) : resolve(options.data);
  const found = await findRunning(options, data);
  const findings = [
    checkNode(),
    ...configured,
    ...checkFiles(data),
    ...(await checkStore(data, found.status !== undefined)),
    ...(await checkBlobs(data)),
    ...checkRecords(data, found.status !== undefined),
    ...checkJournals(data, found.status !== undefined),
    ...(await checkCertificate(config, data)),
    ...found.findings,
  ];
  if (found.status !== undefined) findings.push(...checkMesh(found.status, config), checkClock(found.peers));
  if (config !== undefined) findings.push(...(await checkAddresses(config, found.status)));
  return findings;
}

function checkNode(): Finding {
  const { node } = process.versions;
  if (Number(node.split(".")[0]) >= NODE_MAJOR) return { name: "node", level: "ok", detail: `Node ${node}` };
  return {
    name: "node",
    level: "fail",
    detail: `Node ${node} is too old`,
    remedy: `install Node ${NODE_MAJOR} or later`,
  };
}

async function checkConfig(options: ClientOptions): Promise<readonly [Config | undefined, readonly Finding[]]> {
  const file = options.config ?? "moot.yaml";
  if (options.config === undefined && !existsSync(file)) {
    const remedy = "run moot init to make one, or name one with --config";
    return [undefined, [{ name: "config", level: "warn", detail: "there is no moot.yaml in this folder", remedy }]];
  }
  try {
    const config = await loadConfig(file, { lenient: true });
    const closed = config.network.key === null ? "no key, this machine only" : "closed by its key";
    const findings: Finding[] = [
      { name: "config", level: "ok", detail: `${file}: network ${config.network.name} (${closed})` },
    ];
    return [config, [...findings, ...checkWriters(file), ...checkAgents(config)]];
  } catch (error) {
    const remedy =
      error instanceof Fault && error.remedy !== undefined ? error.remedy : "mend the file at the places named above";
    return [undefined, [{ name: "config", level: "fail", detail: messageOf(error), remedy }]];
  }
}

/** Who can write the config decides which programs the node's user runs. */
export function checkWriters(file: string): Finding[] {
  if (process.platform === "win32" || (statSync(file).mode & 0o022) === 0) return [];
  return [
    { name: "config", level: "warn", detail: `${file} can be written by others`, remedy: `run chmod go-w ${file}` },
  ];
}

/** What they run, and whether it is there. */
export function checkAgents({ agents }: Config, proc?: string): Finding[] {
  if (agents.length === 0) {
    return [
      {
        name: "agents",
        level: "warn",
        detail: "the config has no agents: this node bids on nothing",
        remedy: "add one under agents, or leave it so: it still keeps and relays tasks",
      },
    ];
  }
  return [...agents.map(checkAgent), ...checkMemory(agents, proc)];
}

/** Without `/proc` nothing says what a program holds. */
function checkMemory(agents: Config["agents"], proc: string | undefined): Finding[] {
  const programs = agents.filter(({ handler }) => runsProgram(handler)).map(({ name }) => name);
  if (programs.length === 0 || canWeigh(proc)) return [];
  const detail = `this system has no /proc: nothing bounds the memory of programs (${programs.join(", ")})`;
  const remedy = "run the node on Linux, or bound them from outside (a container, a limit of the service manager)";
  return [{ name: "memory", level: "warn", detail, remedy }];
}

function runsProgram(handler: Config["agents"][number]["handler"]): boolean {
  return handler.kind === "exec" || (handler.kind === "module" && handler.process !== undefined);
}

function checkAgent(agent: Config["agents"][number]): Finding {
  const { handler } = agent;
  const absent = absentIn(handler, agent.dir);
  if (absent !== undefined)
    return {
      name: "agent",
      level: "fail",
      detail: `${agent.name}: its handler ${absent.problem}`,
      remedy: absent.remedy,
    };
  const how = `runs ${describe(handler)}`;
  const missing = agent.env.filter((name) => process.env[name] === undefined);
  const detail = `${agent.name} ${how}: ${agent.skills.map((skill) => skill.name).join(", ")}`;
  if (missing.length === 0) return { name: "agent", level: "ok", detail };
  return {
    name: "agent",
    level: "warn",
    detail: `${detail}; it asks for ${missing.join(", ")}, which this shell does not set`,
    remedy: "set them where the node is started",
  };
}

export function checkFiles(data: string): Finding[] {
  if (!existsSync(data)) {
    const above = firstExisting(dirname(data));
    if (writable(above)) return [{ name: "data", level: "ok", detail: `${data} will be made at the first start` }];
    return [
      {
        name: "data",
        level: "fail",
        detail: `${data} cannot be made: ${above} is not writable`,
        remedy: `run the node as another user, or chown ${above}`,
      },
    ];
  }
  const findings: Finding[] = writable(data)
    ? [{ name: "data", level: "ok", detail: `${data} is writable` }]
    : [
        {
          name: "data",
          level: "fail",
          detail: `${data} is not writable for this user`,
          remedy: `run the node as its owner, or chown -R $USER ${data}`,
        },
      ];
  for (const name of ["identity.key", "api.json"]) {
    const finding = checkMode(join(data, name));
    if (finding !== undefined) findings.push(finding);
  }
  return findings;
}

function checkMode(path: string): Finding | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || process.platform === "win32") return undefined;
  const mode = (found.mode & 0o777).toString(8);
  if ((found.mode & 0o077) === 0)
    return { name: "key file", level: "ok", detail: `${path} is private (mode 0${mode})` };
  return {
    name: "key file",
    level: "fail",
    detail: `${path} can be read by others (mode 0${mode})`,
    remedy: `run chmod 600 ${path}`,
  };
}

function firstExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : firstExisting(dirname(path));
}

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

interface Running {
  readonly status?: Status;
  readonly peers: readonly PeerRow[];
  readonly findings: readonly Finding[];
}

async function findRunning(options: ClientOptions, data: string): Promise<Running> {
  try {
    const client: ApiClient = connectNode(options.api === undefined ? { data } : { api: options.api, data });
    const [status, peers] = [await client.status(), await client.peers()];
    const detail = `${status.peer} answers at ${client.from}, ${status.state} for ${duration(status.uptimeMs)}`;
    return { status, peers, findings: [{ name: "running", level: "ok", detail }, ...checkStanding(status)] };
  } catch (error) {
    const code = error instanceof Fault ? error.code : "internal";
    const absent = code === "no-node" && !existsSync(apiFilePath(data));
    const remedy =
      error instanceof Fault && error.remedy !== undefined ? error.remedy : "look at the node's own output";
    if (absent)
      return {
        peers: [],
        findings: [
          {
            name: "running",
            level: "warn",
            detail: "no node runs on this data folder",
            remedy: "start it with moot up",
          },
        ],
      };
    return {
      peers: [],
      findings: [{ name: "running", level: code === "no-node" ? "warn" : "fail", detail: messageOf(error), remedy }],
    };
  }
}

function checkMesh(status: Status, config: Config | undefined): Finding[] {
  const detail = `${plural(status.connections, "connection")}, the mesh is ${status.meshReady ? "ready" : "not ready"}`;
  if (!status.meshReady)
    return [
      {
        name: "mesh",
        level: "fail",
        detail,
        remedy: "wait some seconds; if it stays so, check the join addresses, the network's key and firewalls",
      },
    ];
  if (status.connections === 0) {
    const joins = config?.join.length ?? 0;
    const remedy =
      joins === 0
        ? "on another machine run moot up --join with one of this node's addresses (moot status)"
        : "check that a member listens at a join address, with the same network key";
    return [{ name: "mesh", level: "warn", detail: "no other node is connected", remedy }];
  }
  return [{ name: "mesh", level: "ok", detail }];
}

/** Cards say when they were issued, by their author's clock, and are renewed at a third of their life. */
function checkClock(peers: readonly PeerRow[]): Finding {
  const name = "clock";
  const ages = peers.filter((row) => row.connected).map((row) => Date.now() - row.card.issued_ms);
  if (ages.length === 0)
    return { name, level: "ok", detail: `nobody to compare with; this machine says ${new Date().toISOString()}` };
  const youngest = Math.min(...ages);
  const oldest = Math.max(...ages);
  const remedy =
    "keep the clocks of all machines in step (NTP); more than 2 minutes apart, peers refuse each other's documents";
  if (youngest < -SKEW_HINT_MS)
    return {
      name,
      level: -youngest > LIMITS.clock_tolerance_ms ? "fail" : "warn",
      detail: `a peer's clock is ${duration(-youngest)} ahead of this one`,
      remedy,
    };
  if (oldest > LIMITS.card_ms / 3 + SKEW_HINT_MS * 6)
    return {
      name,
      level: "warn",
      detail: `a peer's clock seems to be ${duration(oldest - LIMITS.card_ms / 3)} behind this one`,
      remedy,
    };
  return { name, level: "ok", detail: "in step with the connected peers, as far as their cards tell" };
}

export async function checkAddresses(config: Config, running: Status | undefined): Promise<Finding[]> {
  const listening = running === undefined ? await Promise.all(config.listen.map(checkListen)) : [];
  const joining = await Promise.all(config.join.map(checkJoin));
  return [...listening, ...joining];
}

async function checkListen(address: string): Promise<Finding> {
  const place = hostAndPort(address);
  if (place === undefined) return { name: "listen", level: "ok", detail: `${address} (not checked: a name)` };
  const wrong = await canListen(place);
  if (wrong === undefined) return { name: "listen", level: "ok", detail: `${address} is free` };
  return {
    name: "listen",
    level: "fail",
    detail: `cannot listen on ${address}: ${wrong}`,
    remedy: "end what listens there, or change listen (port 0: any free one)",
  };
}

async function checkJoin(address: string): Promise<Finding> {
  const place = hostAndPort(address);
  if (place === undefined) return { name: "join", level: "ok", detail: `${address} (not checked: a name)` };
  const wrong = await reachable(place);
  if (wrong === undefined) return { name: "join", level: "ok", detail: `${address} answers` };
  return {
    name: "join",
    level: "warn",
    detail: `${address} does not answer: ${wrong}`,
    remedy: "check that this member is up and that a firewall lets its port through",
  };
}

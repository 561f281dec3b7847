/**
 * Where is the node that a command should talk to, and what is its token? Reads files and variables, asks nobody. First what
 * the command line says, then the environment, then the config in the working folder, then `./data`.
 */
import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { Fault, messageOf } from "../fault.ts";
import { type ApiFile, apiFilePath, readApiFile } from "./api-file.ts";

export interface Environment {
  readonly MOOT_API?: string | undefined;
  readonly MOOT_DATA?: string | undefined;
  readonly MOOT_TOKEN?: string | undefined;
  /** The path of an `api.json`. */
  readonly MOOT_TOKEN_FILE?: string | undefined;
}

export interface Where {
  /** `127.0.0.1:4010`, `http://…`, `unix:/path`, or the path of an `api.json`. */
  readonly api?: string | undefined;
  readonly data?: string | undefined;
  readonly config?: string | undefined;
  readonly env?: Environment | undefined;
}

export interface Found {
  readonly at: { readonly host: string; readonly port: number } | { readonly socketPath: string };
  readonly token: string;
  /** For people. */
  readonly from: string;
}

const START = "start one with moot up, or name the node's folder with --data";
const CONFIG_BYTES_MAX = 1024 * 1024;

/** Throws Fault "no-node" when nothing says where, "usage" or "config" when what says so is wrong. */
export function findNode(where: Where): Found {
  const env: Environment = where.env ?? process.env;
  const api = where.api ?? (where.data === undefined && where.config === undefined ? env.MOOT_API : undefined);
  const data = where.data ?? dataOf(where, env);
  if (api === undefined) return foundBy(apiFilePath(data));
  if (isFile(api)) return foundBy(api);
  const at = addressOf(api);
  if (at === undefined)
    throw new Fault("usage", `--api ${api} is no address`, {
      remedy: "give 127.0.0.1:<port>, unix:<path>, or the path of a node's api.json",
    });
  return { at, token: tokenFor(api, data, env), from: api };
}

function foundBy(path: string): Found {
  const file = readApiFile(path);
  if (file === undefined) throw new Fault("no-node", `no node runs here: there is no ${path}`, { remedy: START });
  return { at: placeOf(file), token: file.token, from: path };
}

function placeOf(file: ApiFile): Found["at"] {
  if ("socket" in file) return { socketPath: file.socket };
  const { hostname, port } = new URL(file.url);
  return { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? 80 : Number(port) };
}

function addressOf(api: string): Found["at"] | undefined {
  if (api.startsWith("unix:") && api.length > 5) return { socketPath: resolve(api.slice(5)) };
  const text = api.startsWith("http://") ? api : `http://${api}`;
  if (!URL.canParse(text)) return undefined;
  const { hostname, port, pathname } = new URL(text);
  if (pathname !== "/" || port === "") return undefined;
  // The token never leaves this machine.
  const host = hostname.replace(/^\[|\]$/g, "");
  return /^127(\.\d{1,3}){3}$/.test(host) || host === "::1" || host === "localhost"
    ? { host, port: Number(port) }
    : undefined;
}

function tokenFor(api: string, data: string, env: Environment): string {
  const given = env.MOOT_TOKEN?.trim();
  if (given !== undefined && given !== "") return given;
  const path = env.MOOT_TOKEN_FILE ?? apiFilePath(data);
  const file = readApiFile(path);
  if (file !== undefined) return file.token;
  const remedy =
    "give the path of the node's api.json as --api, or its token in MOOT_TOKEN, or name its folder with --data";
  throw new Fault("no-node", `no token for ${api}: there is no ${path}`, { remedy });
}

function dataOf(where: Where, env: Environment): string {
  if (where.config === undefined && env.MOOT_DATA !== undefined && env.MOOT_DATA !== "") return resolve(env.MOOT_DATA);
  const file = where.config ?? "moot.yaml";
  if (isFile(file)) return resolve(dirname(file), dataIn(file));
  if (where.config !== undefined)
    throw new Fault("config", `there is no config ${file}`, {
      remedy: "name another with --config, or make one with moot init",
    });
  return resolve("data");
}

/** Only the one key: a command must find its node also when the file has been edited into an error since. */
function dataIn(file: string): string {
  try {
    if (statSync(file).size > CONFIG_BYTES_MAX) throw new Error("it is too large");
    const text = readFileSync(file, "utf8");
    return z
      .looseObject({ data: z.string().min(1).default("./data") })
      .parse(parse(text, { logLevel: "silent", maxAliasCount: 100 }) ?? {}).data;
  } catch (error) {
    const remedy = "run moot doctor, or name the node's folder with --data";
    throw new Fault("config", `cannot read the key data of ${file}: ${messageOf(error)}`, { remedy, cause: error });
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

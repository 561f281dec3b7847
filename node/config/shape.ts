/**
 * The shape of `moot.yaml`, in zod: strict, with a default for every key but `agents`. Every schema's message says what
 * would be right ("it must be …"); `problems.ts` says what is there instead, and where.
 */
import { resolve } from "node:path";
import { z } from "zod";
import { LIMITS, parseNetwork, parseSkill } from "../../protocols/kernel/mod.ts";
import { PERMISSIONS } from "../../protocols/permissions/mod.ts";
import { BLOBS } from "../blobs/limits.ts";
import { map, must, parsed, say, texts, whole } from "../fields/fields.ts";
import type { Secret } from "../fields/secret.ts";
import { HANDLER, handlerField, SUPERVISOR, variablesOf } from "../handlers/mod.ts";
import { journalField, recordsField } from "../records/mod.ts";
import { isTcpAddress, parseApi } from "./addresses.ts";
import { checkExamples, examplesField } from "./examples.ts";
import { jsonSchemaField } from "./json-schemas.ts";
import { readNetworkKey } from "./network-key.ts";
import { parseRoot } from "./root.ts";
import type { ApiAddress } from "./types.ts";

const AGENTS_MAX = 256;
const SKILLS_MAX = 256;
const ADDRESSES_MAX = 64;
const CONCURRENCY_MAX = 1024;
const FAILURES_MAX = 1024;
const WORDS_MAX = 256;

const LISTEN = "a TCP multiaddr such as /ip4/0.0.0.0/tcp/4001";
const JOIN = "a member's multiaddr such as /ip4/192.0.2.7/tcp/4001/p2p/12D3Koo…";
export const addressField = (right: string) => parsed((text) => (isTcpAddress(text) ? text : undefined), right);
const addresses = (one: string) =>
  z.array(addressField(one), must(`a list of at most ${ADDRESSES_MAX} addresses`)).max(ADDRESSES_MAX, must("shorter"));
export const listenField = addresses(LISTEN);
export const joinField = addresses(JOIN);

export const apiField = (dir: string) =>
  parsed<ApiAddress>((text) => parseApi(text, dir), "a loopback address such as 127.0.0.1:0, or unix:./moot.sock");

const ROOT = "a root's peer id, as moot keys make root prints it, or its public key in base64";

const network = (dir: string) =>
  map("a map such as { name: my-moot, key: ./network.key }", {
    name: parsed(parseNetwork, "a name of letters, digits, '-', '_' and '.', at most 64").prefault("moot"),
    key: z
      .string(must("a path to the network's key, such as ./network.key"))
      .transform((path, context): Secret<Uint8Array> => {
        const read = readNetworkKey(resolve(dir, path));
        if (read.ok) return read.key;
        say(context, read);
        return z.NEVER;
      })
      .optional(),
    roots: z
      .array(parsed(parseRoot, ROOT), must(`a list of at most ${PERMISSIONS.roots_max} roots`))
      .max(PERMISSIONS.roots_max, must(`at most ${PERMISSIONS.roots_max}`))
      .optional(),
    certificate: z
      .string(must("a path to this node's grants, such as ./member.grants"))
      .min(1, must("a path to this node's grants, such as ./member.grants"))
      .transform((path) => resolve(dir, path))
      .optional(),
  });

const EFFECTS = "none, read, write, or a list of what is touched";

const skill = (dir: string) =>
  map("a map with at least a name", {
    name: parsed(parseSkill, "a lower-case dotted name and a major version, such as text.count@1"),
    description: z.string(must("a text")).max(LIMITS.message_chars, must("shorter")).optional(),
    input: jsonSchemaField(dir),
    output: jsonSchemaField(dir),
    // What is not declared is taken for the worst.
    effects: z.union([z.enum(["none", "read", "write"]), texts(EFFECTS)], must(EFFECTS)).default("write"),
    cost: z
      .number(must("a number, 0 or more"))
      .min(0, must("a number, 0 or more"))
      .max(1e12, must("at most 1e12"))
      .default(1),
    expected_ms: milliseconds(LIMITS.deadline_ms_max).default(1_000),
    idempotent: z.boolean(must("true or false")).optional(),
    examples: examplesField,
  })
    .check(checkExamples)
    .transform(({ description, idempotent, examples: _, ...rest }) => ({
      ...rest,
      ...(description === undefined ? {} : { description }),
      idempotent: idempotent ?? (rest.effects === "none" || rest.effects === "read"),
    }));

function milliseconds(max: number) {
  return whole(1, max, "a whole number of milliseconds,");
}

/** `lenient`: programs and modules may be absent. */
export function agentShape(dir: string, lenient: boolean) {
  const variable = z
    .string(must("a name of a variable"))
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, must("a name of an environment variable"));
  return map("a map with a name, a handler and skills", {
    name: parsed(
      (text) => (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text) ? text : undefined),
      "a name of letters, digits, '-', '_' and '.', at most 64",
    ),
    handler: handlerField(dir, lenient),
    concurrency: whole(1, CONCURRENCY_MAX).default(1),
    timeout_ms: milliseconds(Math.min(LIMITS.deadline_ms_max, HANDLER.timeout_ms_max)).default(
      LIMITS.deadline_ms_default,
    ),
    stall_ms: milliseconds(LIMITS.deadline_ms_max).optional(),
    breaker: map("a map such as { failures: 5, pause_ms: 30000 }", {
      failures: whole(1, FAILURES_MAX).default(SUPERVISOR.breaker_failures),
      pause_ms: milliseconds(LIMITS.deadline_ms_max).default(SUPERVISOR.breaker_pause_ms),
    }).optional(),
    env: z
      .array(variable, must("a list of names of environment variables"))
      .max(WORDS_MAX, must("shorter"))
      .default([]),
    skills: z
      .array(skill(dir), must("a list of skills"))
      .min(1, must("a list of at least one skill"))
      .max(SKILLS_MAX, must("shorter")),
  })
    .check((context) => {
      if (context.issues.length > 0) return; // said already, and perhaps no handler was made
      const { env, handler } = context.value;
      const hidden = variablesOf(handler).filter((name) => !env.includes(name));
      for (const name of new Set(hidden)) {
        const [input, message] = [env, `lacks ${name}, which the handler names`];
        context.issues.push({ code: "custom", input, path: ["env"], message, params: { remedy: `add ${name} to it` } });
      }
    })
    .transform((value) => ({ ...value, dir }));
}

/** Large data: how much is kept, and how long after its last use. */
const blobs = map("a map such as { max_bytes: 10000000000, retention_ms: 86400000 }", {
  max_bytes: whole(BLOBS.max_bytes_min, BLOBS.max_bytes_max, "a whole number of bytes,").default(BLOBS.max_bytes),
  retention_ms: whole(BLOBS.retention_ms_min, BLOBS.retention_ms_max, "a whole number of milliseconds,").default(
    BLOBS.retention_ms,
  ),
});

/** `dir` is the folder that relative paths start from. Parsing reads the files that are named. */
export function shapeFor(dir: string, lenient: boolean) {
  return map("a map with at least the key agents", {
    network: network(dir).prefault({}),
    listen: listenField.optional(),
    join: joinField.default([]),
    data: z
      .string(must("a path to a folder"))
      .min(1, must("a path to a folder"))
      .prefault("./data")
      .transform((path) => resolve(dir, path)),
    blobs: blobs.optional(),
    api: apiField(dir).prefault("127.0.0.1:0"),
    records: recordsField.optional(),
    journal: journalField.optional(),
    agents: z
      .array(agentShape(dir, lenient), must("a list of agents ([] for a peer that only helps)"))
      .max(AGENTS_MAX, must(`at most ${AGENTS_MAX}`)),
  });
}

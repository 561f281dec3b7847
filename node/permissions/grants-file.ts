/**
 * Files of grants (`member.grants`): a chain of envelopes as JSON, the root's first. No secret is in one, since a chain is worth
 * something only to the key that it names; but who may do what is nobody else's business, so they are written 0600.
 */
import { readFileSync, statSync } from "node:fs";
import { z } from "zod";
import {
  chainSeals,
  type Grant,
  grantDocument,
  type Network,
  type Open,
  parseNetwork,
  Signed,
} from "../../protocols/mod.ts";
import { readJson } from "../envelope/json.ts";
import { makeOpen } from "../envelope/mod.ts";
import { Fault, messageOf, systemCode } from "../fault.ts";
import { ADMISSION } from "./limits.ts";

const shape = z.strictObject({ network: z.string(), grants: chainSeals.min(1) });

export interface GrantsFile {
  readonly network: Network;
  readonly seals: readonly string[];
  readonly chain: readonly Grant[];
}

export function grantsText(network: Network, seals: readonly string[]): string {
  return `${JSON.stringify({ network, grants: seals }, null, 2)}\n`;
}

/** Throws Fault "config". What the chain is worth is not asked here. */
export function readGrants(path: string): GrantsFile {
  const remedy = "have whoever holds the root, or may delegate, write one: moot keys grant <peer> --can member";
  let bytes: Uint8Array;
  try {
    if (statSync(path).size > ADMISSION.file_bytes_max) throw new Error("it is too large for a file of grants");
    bytes = readFileSync(path);
  } catch (error) {
    const missing = systemCode(error) === "ENOENT" ? "it does not exist" : messageOf(error);
    throw new Fault("config", `cannot read the grants ${path}: ${missing}`, { remedy, cause: error });
  }
  const parsed = shape.safeParse(readJson(bytes, ADMISSION.file_bytes_max));
  const network = parsed.success ? parseNetwork(parsed.data.network) : undefined;
  if (!parsed.success || network === undefined) throw new Fault("config", `${path} is no file of grants`, { remedy });
  const seals = parsed.data.grants;
  const chain = openChain(makeOpen(network), seals);
  if (chain !== undefined) return { network, seals, chain };
  throw new Fault("config", `${path} holds a grant that was changed, or is of another network than ${network}`, {
    remedy,
  });
}

function openChain(open: Open, seals: readonly string[]): Grant[] | undefined {
  const chain: Grant[] = [];
  for (const seal of seals) {
    const opened = open(seal);
    const parsed = opened === undefined ? undefined : grantDocument.safeParse(opened.payload);
    if (opened === undefined || parsed?.success !== true) return undefined;
    chain.push(new Signed(parsed.data, { ...opened, seal }));
  }
  return chain;
}

/** The member certificate of a network with roots: is it this node's, does it begin at a root, and how long does it hold? */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { holds, type PeerId, parseNetwork, parsePeerId, verify } from "../../../protocols/mod.ts";
import type { Config } from "../../config/mod.ts";
import { duration } from "../output.ts";
import { type Finding, failed } from "./finding.ts";

const name = "certificate";
/** Time enough to ask for another. */
const SOON_MS = 7 * 24 * 3600 * 1000;

export async function checkCertificate(config: Config | undefined, data: string): Promise<readonly Finding[]> {
  const { roots = [], certificate, name: text = "" } = config?.network ?? {};
  const network = parseNetwork(text);
  if (roots.length === 0 || certificate === undefined || network === undefined) return [];
  const self = await identityOf(data);
  const remedy = `have it made for this node: moot keys grant ${self ?? "<peer>"} --network ${network} --can member`;
  try {
    const { readGrants } = await import("../../permissions/grants-file.ts");
    const { whyWords } = await import("../../permissions/words.ts");
    const wrong = (why: string): Finding[] => [
      { name, level: "fail", detail: `${certificate} lets nobody in: ${whyWords(why)}`, remedy },
    ];
    const file = readGrants(certificate);
    if (file.network !== network) return wrong("other-network");
    const verdict = verify(file.chain, { network, roots, wall: Date.now(), revoked: () => false });
    if (!verdict.ok) return wrong(verdict.why);
    if (self !== undefined && verdict.rights.holder !== self) return wrong("not-yours");
    if (!holds(verdict.rights, "member")) return wrong("no-member");
    const left_ms = Math.min(...file.chain.map(({ value }) => value.expires_ms)) - Date.now();
    const detail = `${certificate} holds for ${duration(left_ms)} more`;
    return [left_ms < SOON_MS ? { name, level: "warn", detail, remedy } : { name, level: "ok", detail }];
  } catch (error) {
    return [failed(name, error, remedy)];
  }
}

/** Undefined: the first start makes it. */
async function identityOf(data: string): Promise<PeerId | undefined> {
  const path = join(data, "identity.key");
  if (!existsSync(path)) return undefined;
  const { readKeyFile } = await import("../../permissions/key-files.ts");
  const { peerIdFromPrivateKey } = await import("@libp2p/peer-id");
  return parsePeerId(peerIdFromPrivateKey(await readKeyFile(path)).toString());
}

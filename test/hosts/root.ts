/** The root of a mesh's network: lets its nodes in, and ends grants that it gave to nobody who is there. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateKeyPair } from "@libp2p/crypto/keys";
import type { Ed25519PrivateKey } from "@libp2p/interface";
import { loadIdentity } from "../../node/config/mod.ts";
import { makeSeal } from "../../node/envelope/mod.ts";
import { makeGrant, makeRevocation } from "../../node/permissions/granting.ts";
import { grantsText } from "../../node/permissions/grants-file.ts";
import { type Digest, type Grant, type Network, type PeerId, parseNetwork } from "../../protocols/mod.ts";

/** As meshes are called. */
const NAME = "proof";
const HOUR_MS = 3_600_000;

export class Root {
  readonly id: PeerId;
  readonly #key: Ed25519PrivateKey;

  private constructor(key: Ed25519PrivateKey) {
    this.#key = key;
    this.id = idOf(key);
  }

  static async make(): Promise<Root> {
    return new Root(await generateKeyPair("Ed25519"));
  }

  /** Gives the node that is to live in this folder a name and a grant. */
  async admit(dir: string): Promise<void> {
    const chain = this.#grant(idOf(await loadIdentity(join(dir, "data"))));
    const text = grantsText(
      network(),
      chain.map(({ seal }) => seal),
    );
    writeFileSync(join(dir, "member.grants"), text, { mode: 0o600 });
  }

  /** Of a grant that somebody has who never comes. */
  async revocation(): Promise<{ readonly seal: string; readonly grants: readonly Digest[] }> {
    const chain = this.#grant(idOf(await generateKeyPair("Ed25519")));
    const grants = chain.map(({ digest, value }) => ({ grant: digest, expires_ms: value.expires_ms }));
    const seal = makeRevocation({ key: this.#key, network: network(), grants, proof: [] });
    return { seal, grants: chain.map(({ digest }) => digest) };
  }

  #grant(audience: PeerId): readonly Grant[] {
    const terms = { audience, can: ["member"], limits: {}, for_ms: 24 * HOUR_MS, under: [] };
    return makeGrant({ ...terms, key: this.#key, network: network() });
  }
}

function idOf(key: Ed25519PrivateKey): PeerId {
  return makeSeal(key)({ kind: "name" }).signer;
}

function network(): Network {
  const name = parseNetwork(NAME);
  if (name === undefined) throw new Error("the network's name is a name");
  return name;
}

/**
 * Which network the peer under test is in: an open one, or one that names the kit's root. The control shim starts it anew for the
 * other. Woken by scenes that open; whoever plays sees to it that none is open in the other network meanwhile.
 */
import { multiaddr } from "@multiformats/multiaddr";
import { ownChain } from "../../kit/mod.ts";
import { identityOf, sealOf } from "./envelopes.ts";
import type { LiveOptions } from "./live.ts";
import type { Member } from "./shim.ts";
import type { Where } from "./where.ts";

const OPEN: Member = { roots: [], grants: [] };

export class Town {
  readonly #options: LiveOptions;
  readonly #where: Where;
  #rooted = false;
  #turning: Promise<void> = Promise.resolve();

  constructor(options: LiveOptions, where: Where) {
    this.#options = options;
    this.#where = where;
  }

  /** Rejects with Error when the shim cannot. */
  async become(rooted: boolean): Promise<void> {
    const turning = this.#turning.catch(() => undefined).then(() => this.#become(rooted));
    this.#turning = turning;
    await turning;
  }

  async #become(rooted: boolean): Promise<void> {
    if (rooted === this.#rooted) return;
    const { shim } = this.#options;
    if (shim === undefined) throw new Error("there is no control shim");
    const { ok, address, why = "" } = await shim.ask({ do: "restart", member: rooted ? this.#member() : OPEN });
    if (!ok) throw new Error(`the control shim did not start the peer in another network: ${why}`);
    if (address !== undefined) this.#where.address = multiaddr(address);
    this.#rooted = rooted;
  }

  #member(): Member {
    const { salt, network } = this.#options;
    const seal = (signer: string, payload: string) => sealOf(identityOf(`${salt} ${signer}`), payload);
    const grants = ownChain(seal, { network, peer: this.#where.peer, wall_ms: Date.now() });
    return { roots: [identityOf(`${salt} root`).id], grants };
  }
}

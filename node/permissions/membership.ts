/**
 * This node as a member of a network that names roots: its own certificate, read at the start and again whenever the file
 * changes, and what the host is told about others' (`admission.ts`). Woken by a timer of its own. There is none in a network
 * without roots.
 */
import { statSync } from "node:fs";
import {
  type Grant,
  holds,
  type Network,
  type Open,
  type PeerId,
  type PermissionOptions,
  type Verdict,
  verify,
} from "../../protocols/mod.ts";
import type { Config } from "../config/mod.ts";
import { Fault } from "../fault.ts";
import type { AdmissionOptions } from "./admission.ts";
import { type GrantsFile, readGrants } from "./grants-file.ts";
import { isWhy, whyWords } from "./words.ts";

const LOOK_MS = 1_000;

export interface MembershipParts {
  readonly config: Config;
  readonly network: Network;
  readonly self: PeerId;
  readonly open: Open;
}

/** What the running node does with what admission finds. */
export interface AdmissionPorts {
  readonly judge: (peer: PeerId, chain: readonly string[]) => Verdict | undefined;
  readonly begun: Promise<void>;
  readonly onPresented: (peer: PeerId, chain: readonly string[]) => void;
  readonly onConnected: (peer: PeerId) => void;
  readonly onDenied: (peer: PeerId, why: string) => void;
  /** Another member does not let this node in. */
  readonly onBarred: (fault: Fault) => void;
}

const UNKNOWN: Verdict = { ok: false, why: "missing", at: 0 };

export class Membership {
  readonly roots: readonly PeerId[];
  readonly #parts: MembershipParts;
  readonly #path: string;
  #chain: readonly string[];
  #grants: readonly Grant[];
  #modified_ms: number;
  readonly #told = new Set<string>();
  #looking: NodeJS.Timeout | undefined;

  /** Throws Fault "config" when the certificate lets this node in nowhere. */
  static open(parts: MembershipParts): Membership | undefined {
    const { roots = [] } = parts.config.network;
    return roots.length === 0 ? undefined : new Membership(parts, roots);
  }

  private constructor(parts: MembershipParts, roots: readonly PeerId[]) {
    const path = parts.config.network.certificate;
    if (path === undefined) throw new Fault("internal", "a network with roots has a path for its certificate");
    this.roots = roots;
    this.#parts = parts;
    this.#path = path;
    this.#modified_ms = modified(path);
    const { seals, chain } = this.#read();
    this.#chain = seals;
    this.#grants = chain;
  }

  get chain(): readonly string[] {
    return this.#chain;
  }
  get grants(): readonly Grant[] {
    return this.#grants;
  }
  get permissions(): PermissionOptions {
    return { roots: this.roots, open: this.#parts.open, chain: this.#chain };
  }

  admission(ports: AdmissionPorts): AdmissionOptions {
    return {
      chain: () => this.#chain,
      judge: (peer, chain) => ports.judge(peer, chain) ?? UNKNOWN,
      begun: ports.begun,
      onPresented: ports.onPresented,
      onConnected: ports.onConnected,
      onDenied: (peer, why, theirs) => {
        const whose = theirs ? "it does not let us in" : "its chain of grants";
        ports.onDenied(peer, `${whose}: ${whyWords(why)}`);
        if (theirs) this.#barred(peer, why, ports.onBarred);
      },
    };
  }

  /** Tells of a newer certificate in the file. One that will not do is left where it is, and the old one used on. */
  watch(onRenewed: (chain: readonly string[]) => void, onWrong: (fault: Fault) => void): void {
    this.#looking = setInterval(() => {
      const now_ms = modified(this.#path);
      if (now_ms === this.#modified_ms) return;
      this.#modified_ms = now_ms;
      try {
        const { seals, chain } = this.#read();
        if (seals.join() === this.#chain.join()) return;
        this.#chain = seals;
        this.#grants = chain;
        onRenewed(seals);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        onWrong(error);
      }
    }, LOOK_MS);
    this.#looking.unref();
  }

  /** Said once for each reason: people can do something about it. */
  #barred(peer: PeerId, why: string, tell: AdmissionPorts["onBarred"]): void {
    if (this.#told.has(why) || !isWhy(why)) return;
    this.#told.add(why);
    const remedy = `compare moot keys show ${this.#path} with the roots of the others, or have it made anew`;
    tell(new Fault("denied", `${peer} does not let this node in: ${whyWords(why)}`, { remedy }));
  }

  stop(): void {
    clearInterval(this.#looking);
  }

  #read(): GrantsFile {
    const { self, network } = this.#parts;
    const file = readGrants(this.#path);
    const found = verify(file.chain, { network, roots: this.roots, wall: Date.now(), revoked: () => false });
    const why = whyNot(found, self);
    if (why === undefined) return file;
    throw new Fault("config", `the certificate ${this.#path} lets nobody in: ${whyWords(why)}`, {
      remedy: `have it made for this node: moot keys grant ${self} --network ${network} --can member`,
    });
  }
}

function whyNot(verdict: Verdict, self: PeerId): string | undefined {
  if (!verdict.ok) return verdict.why;
  if (verdict.rights.holder !== self) return "not-yours";
  return holds(verdict.rights, "member") ? undefined : "no-member";
}

/** 0 when it is not there: it may come back. */
function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/**
 * The five peers together: started one through another, watched all at once, killed and brought back. Takes the view of a user
 * with five terminals. What their watches say goes to listeners, also put in order (one machine, one clock).
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeNetworkKey } from "../config/network-key.ts";
import { Fault } from "../fault.ts";
import type { Observed } from "../moot-node.ts";
import { TALLY } from "./agents/tally.ts";
import { CAST, configOf, type Player } from "./cast.ts";
import { PeerProcess } from "./processes.ts";

export interface PeersOptions {
  /** At once, as it comes in. */
  readonly onFact: (fact: Observed) => void;
  /** A little later, in the order in which all of it happened. */
  readonly onStory: (fact: Observed) => void;
  /** A process ended that nobody killed. */
  readonly onLost: (fault: Fault) => void;
}

const SETTLE_MS = 40_000;
const POLL_MS = 40;
/** A fact waits this long for earlier ones from other peers. */
const ORDER_MS = 120;

export class Peers {
  readonly dir: string;
  readonly #options: PeersOptions;
  readonly #processes = new Map<string, PeerProcess>();
  readonly #watches = new AbortController();
  readonly #closing = new AbortController();
  #waiting: Observed[] = [];

  constructor(options: PeersOptions) {
    this.#options = options;
    this.dir = mkdtempSync(join(tmpdir(), "folkmoot-demo-"));
    const files = { key: join(this.dir, "network.key"), tally: join(this.dir, "tally.sh") };
    writeFileSync(files.key, makeNetworkKey(), { mode: 0o600 });
    writeFileSync(files.tally, TALLY);
    for (const player of CAST) {
      const dir = join(this.dir, player.name);
      mkdirSync(dir);
      writeFileSync(join(dir, "moot.yaml"), JSON.stringify(configOf(player, files), null, 2));
      this.#processes.set(player.name, new PeerProcess(player.name, dir));
    }
    process.on("exit", this.#remove);
  }

  /** Whoever is named in `joins` first; those who join the same one, at once. */
  async start(onReady: (player: Player, process: PeerProcess) => void): Promise<void> {
    const started = new Map<string, Promise<void>>();
    for (const player of CAST) {
      const start = async () => {
        if (player.joins !== undefined) await started.get(player.joins);
        await this.#up(player);
        onReady(player, this.named(player.name));
      };
      started.set(player.name, start());
    }
    await Promise.all(started.values());
    await this.settle();
  }

  async #up(player: Player): Promise<void> {
    this.#closing.signal.throwIfAborted();
    const way = player.joins === undefined ? [] : [this.named(player.joins).address];
    await this.named(player.name).start(way, this.#options.onLost);
    this.#follow(this.named(player.name));
  }

  named(name: string): PeerProcess {
    const found = this.#processes.get(name);
    if (found === undefined) throw new Fault("internal", `nobody is called ${name}`);
    return found;
  }
  get all(): readonly PeerProcess[] {
    return [...this.#processes.values()];
  }
  get running(): readonly PeerProcess[] {
    return this.all.filter((one) => one.running);
  }
  /** The first name of a peer id; of a stranger the end of it. */
  nameOf(peer: string): string {
    return this.all.find((one) => one.peer === peer)?.name ?? `…${peer.slice(-8)}`;
  }

  /** Starts a killed one again: same folder, so same identity and store; through anybody who is there. */
  async restart(name: string): Promise<void> {
    const way = this.running.map(({ address }) => address);
    await this.named(name).start(way.slice(0, 1), this.#options.onLost);
    this.#follow(this.named(name));
    await this.settle();
  }

  /** Until everybody who runs has a mesh and knows everybody else who runs. */
  async settle(): Promise<void> {
    const { running } = this;
    await this.until("all peers know one another", SETTLE_MS, async () => {
      const views = await Promise.all(
        running.map(async (one) => ({ status: await one.client.status(), peers: await one.client.peers() })),
      );
      return views.every(({ status, peers }) => {
        const present = new Set(peers.filter((row) => row.present).map((row): string => row.peer));
        return status.meshReady && status.connections >= 2 && running.every(({ peer }) => present.has(peer));
      });
    });
  }

  /** Asks again and again until it is true. Throws Fault "timeout". */
  async until(what: string, within_ms: number, probe: () => boolean | Promise<boolean>): Promise<void> {
    const end = performance.now() + within_ms;
    while (!(await probe())) {
      if (performance.now() > end) throw new Fault("timeout", `not within ${within_ms} ms: ${what}`);
      await this.pause(POLL_MS);
    }
  }

  /** Ends early when the demo closes. */
  pause(ms: number): Promise<void> {
    const { signal } = this.#closing;
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener("abort", stop);
        resolve();
      }, ms);
      if (signal.aborted) stop();
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  // --- what they see ---

  #follow(one: PeerProcess): void {
    const read = async () => {
      for await (const line of one.client.watch({ signal: this.#watches.signal })) {
        if (line.kind === "fact") this.#heard(line.fact);
      }
    };
    // A killed one hangs up; that it was not ours to lose is `onLost`'s to say.
    read().catch(() => undefined);
  }

  #heard(fact: Observed): void {
    this.#options.onFact(fact);
    this.#waiting.push(fact);
    setTimeout(() => this.flush(Date.now() - ORDER_MS), ORDER_MS + 5);
  }

  /** Hands on what was seen until then, earliest first. */
  flush(until_ms: number = Number.POSITIVE_INFINITY): void {
    const due = this.#waiting.filter((fact) => fact.at_ms <= until_ms).sort((left, right) => left.at_ms - right.at_ms);
    this.#waiting = this.#waiting.filter((fact) => fact.at_ms > until_ms);
    for (const fact of due) this.#options.onStory(fact);
  }

  // --- the end ---

  /** No process and no file is left. In order, or at once. */
  async close(how: "stop" | "kill"): Promise<void> {
    this.#closing.abort(new Fault("internal", "the demo is over"));
    this.#watches.abort();
    await Promise.all(this.all.map((one) => (how === "stop" ? one.stop() : one.kill())));
    this.#remove();
    process.off("exit", this.#remove);
  }

  readonly #remove = (): void => rmSync(this.dir, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * Use after revocation or expiry: a member of another make that goes on calling as if nothing had happened, at a real node. Counted is how
 * long after its grant ended a call of its was still answered with a bid, and whether it is connected at the end.
 */
import { setTimeout as pause } from "node:timers/promises";
import { parseSkill, parseTaskId } from "../../protocols/mod.ts";
import { grant, type Member, member, must, person, seals, until } from "../permissions/cast.ts";
import { type Citizen, citizen, close, revocation, type Town } from "../permissions/nodes.ts";
import { type Row, Tally } from "./row.ts";

const REFUSED_MS = 10_000;
/** How long it goes on after its last bid. */
const QUIET_MS = 3_000;
const CALL_EVERY_MS = 100;
const SHORT_MS = 4_000;
const skill = must(parseSkill("text.count@1"));

export async function tryLateGrants({ rounds }: { readonly rounds: number }): Promise<Row> {
  const tally = new Tally("permissions", "use after revocation or expiry");
  const town: Town = { root: await person(), folders: [], nodes: [] };
  try {
    const home = await citizen(town);
    const other = await citizen(town, { join: home.node, agent: false });
    await until(
      () => home.node.peers().some(({ peer, connected }) => peer === other.node.self && connected),
      "they are connected",
    );
    const took: number[] = [];
    for (let round = 0; round < rounds; round++)
      for (const how of ["revoked", "expired"] as const) {
        const { ms, wrong } = await outlived({ town, home, other, how });
        took.push(ms);
        tally.add(wrong);
      }
    return tally.row(`refused at the latest ${Math.round(Math.max(...took))} ms afterwards`);
  } finally {
    await close(town);
  }
}

interface Scene {
  readonly town: Town;
  readonly home: Citizen;
  readonly other: Citizen;
  readonly how: "revoked" | "expired";
}

async function outlived({ town, home, other, how }: Scene): Promise<{ ms: number; wrong?: string }> {
  const who = await person();
  const terms = how === "expired" ? { to: who.id, from_ms: Date.now(), for_ms: SHORT_MS } : { to: who.id };
  const own = grant(town.root, terms);
  const guest = await member({ root: town.root, who, chain: seals(own) });
  const calls = new Calls(guest, home);
  try {
    guest.host.learn(home.node.self, home.node.status().addrs);
    await until(() => guest.host.connections().includes(home.node.self), "it is let in");
    await until(() => calls.once() > 0, "its calls are answered");
    if (how === "revoked") await other.node.revoke(revocation(town.root, own));
    else await pause(Math.max(0, own.value.expires_ms - Date.now()));
    const ms = await calls.lastBid();
    const connected = home.node.peers().some(({ peer, connected }) => peer === who.id && connected);
    if (ms > REFUSED_MS) return { ms, wrong: `${how}: a call was answered ${Math.round(ms)} ms afterwards` };
    return connected ? { ms, wrong: `${how}: it is still connected` } : { ms };
  } finally {
    await guest.host.stop();
  }
}

/** Calls for bids, each of another task; bids are declined. */
class Calls {
  readonly #guest: Member;
  readonly #home: Citizen;
  #number = 0;
  #at_ms = 0;

  constructor(guest: Member, home: Citizen) {
    this.#guest = guest;
    this.#home = home;
  }

  /** Calls when it is time to; how many bids there were so far. */
  once(): number {
    const { host, messages } = this.#guest;
    const now = performance.now();
    if (now - this.#at_ms >= CALL_EVERY_MS) {
      this.#at_ms = now;
      this.#number += 1;
      const task = must(parseTaskId(this.#number.toString(16).padStart(64, "0")));
      const call = {
        type: "cfp",
        task,
        skill,
        round: 1,
        window_ms: 600,
        left_ms: 10_000,
        input_bytes: 10,
        eligible: 1,
      } as const;
      host.send(this.#home.node.self, call);
      host.send(this.#home.node.self, { type: "reject-proposal", task, round: 1 });
    }
    return messages.filter(({ from, message }) => from === this.#home.node.self && message.type === "propose").length;
  }

  /** Goes on calling until there was no bid for a while; how long from now the last one came. */
  async lastBid(): Promise<number> {
    const since = performance.now();
    let [last, bids] = [since, this.once()];
    while (performance.now() - last < QUIET_MS && last - since <= REFUSED_MS) {
      await pause(10);
      const now = this.once();
      if (now > bids) last = performance.now();
      bids = now;
    }
    return last - since;
  }
}

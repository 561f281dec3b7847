/**
 * The states of a small world and the moves between them. A state is a list of numbers: each peer's own state, what the witness
 * has seen, what users will still ask for, what may still go wrong, and the mails in flight, sorted. Mails have no order: any may
 * be the next to arrive. Each peer has a clock of its own, which stands still until somebody moves it to the alarm that the peer
 * asked for; so peers may be as fast or slow as they like, one against the other.
 */
import { dead } from "./dead.ts";
import { type Local, Locals, type Print, type Step } from "./locals.ts";
import type { LocalEvent } from "./room.ts";
import { Shop } from "./shop.ts";
import { must, type SmallWorld, START_MS, TROUBLES, type Trouble } from "./small-world.ts";
import type { Breach } from "./witness.ts";

export type State = readonly number[];

export type Move =
  | {
      readonly type: "event";
      readonly peer: number;
      readonly event: LocalEvent;
      readonly spends?: Trouble | undefined;
      /** The peer stops after so many of its effects. */
      readonly crash?: { readonly index: number; readonly performed: number } | undefined;
    }
  | { readonly type: "crash"; readonly peer: number }
  | { readonly type: "loss"; readonly mail: number };
type Happening = Extract<Move, { type: "event" }>;

interface Possible {
  readonly event: LocalEvent;
  readonly spends?: Trouble;
}

/** Gossip of cards would begin here: no clock is moved so far. */
const HORIZON_MS = START_MS + 9_999;
const CANCEL_BITS = 8;

export class Space {
  readonly shop: Shop;
  readonly locals: readonly Locals[];
  readonly #world: SmallWorld;
  readonly #peers: number;
  readonly #checks: boolean;
  /** Mails that the rules took for dead, and that changed a machine all the same. None, or a rule is wrong. */
  doubts = 0;

  constructor(world: SmallWorld, print: Print | undefined) {
    this.#world = world;
    this.#peers = world.peers.length;
    this.#checks = print !== undefined;
    this.shop = new Shop(world);
    this.locals = world.peers.map((_, index) => new Locals(this.shop, index, print));
  }

  // --- reading a state ---

  /** Everybody is about to start for the first time; nobody has asked for anything; nothing will go wrong. */
  get unborn(): State {
    return [...this.locals.map((one) => one.unborn.id), this.shop.witness.first, this.#wishes, 0];
  }
  local(state: State, peer: number): Local {
    return must(this.locals[peer]).get(must(state[peer]));
  }
  witness(state: State): number {
    return must(state[this.#peers]);
  }
  mails(state: State): State {
    return state.slice(this.#peers + 3);
  }
  /** Nothing is on its way to anybody who is up. */
  quiet(state: State): boolean {
    return this.mails(state).every((id) => !this.local(state, this.shop.post.get(id).to).up);
  }
  /** The same state with this much trouble ahead. */
  troubled(state: State, budgets: SmallWorld["budgets"]): State {
    const packed = TROUBLES.reduce((sum, trouble, index) => sum + (budgets[trouble] ?? 0) * 16 ** index, 0);
    return state.map((number, index) => (index === this.#peers + 2 ? packed : number));
  }
  #left(state: State, trouble: Trouble): number {
    return (must(state[this.#peers + 2]) >> (4 * TROUBLES.indexOf(trouble))) & 15;
  }
  #spend(next: number[], trouble: Trouble): void {
    next[this.#peers + 2] = must(next[this.#peers + 2]) - 16 ** TROUBLES.indexOf(trouble);
  }

  /** One bit for each thing that users will ask for: submits, then cancels. */
  get #wishes(): number {
    let bits = 0;
    this.#world.tasks.forEach(({ cancelled_by }, task) => {
      bits |= 1 << task;
      if (cancelled_by !== undefined) bits |= 1 << (task + CANCEL_BITS);
    });
    return bits;
  }

  // --- moves ---

  moves(state: State): Move[] {
    const moves: Move[] = [];
    const crashes = this.#left(state, "crashes") > 0;
    for (let peer = 0; peer < this.#peers; peer++) {
      const local = this.local(state, peer);
      for (const { event, spends } of this.#possible(state, peer)) {
        moves.push({ type: "event", peer, event, spends });
        if (!crashes) continue;
        this.#step(peer, local, event).crashes.forEach(({ performed }, index) => {
          moves.push({ type: "event", peer, event, spends, crash: { index, performed } });
        });
      }
      if (crashes && local.up) moves.push({ type: "crash", peer });
    }
    if (this.#left(state, "losses") > 0)
      for (const mail of new Set(this.mails(state))) moves.push({ type: "loss", mail });
    return moves;
  }

  /** What may happen to this peer now. */
  #possible(state: State, peer: number): Possible[] {
    const local = this.local(state, peer);
    if (!local.up) return [{ event: { type: "start" } }];
    const possible: Possible[] = [];
    const copies = this.#left(state, "copies") > 0;
    for (const id of new Set(this.mails(state))) {
      const mail = this.shop.post.get(id);
      if (mail.to !== peer) continue;
      possible.push({ event: { type: "mail", mail } });
      if (copies) possible.push({ event: { type: "mail", mail }, spends: "copies" });
    }
    local.running.forEach(({ stopping }, run) => {
      possible.push({ event: { type: "ran", run, retry: false } });
      if (!stopping && this.#left(state, "failures") > 0)
        possible.push({ event: { type: "ran", run, retry: true }, spends: "failures" });
    });
    possible.push(...this.#asked(state, peer));
    if (local.alarm <= HORIZON_MS) {
      if (this.#left(state, "rings") > 0) possible.push({ event: { type: "ring", late: false }, spends: "rings" });
      if (this.#left(state, "late") > 0) possible.push({ event: { type: "ring", late: true }, spends: "late" });
    }
    if (this.#left(state, "suspicions") === 0) return possible;
    for (let other = 0; other < this.#peers; other++)
      if (other !== peer) possible.push({ event: { type: "suspect", peer: other }, spends: "suspicions" });
    return possible;
  }

  #asked(state: State, peer: number): Possible[] {
    const wishes = must(state[this.#peers + 1]);
    return this.#world.tasks.flatMap(({ by, cancelled_by }, task): Possible[] => {
      const open = (wishes & (1 << task)) !== 0;
      if (open) return by === peer ? [{ event: { type: "submit", task } }] : [];
      const wish = cancelled_by === peer && (wishes & (1 << (task + CANCEL_BITS))) !== 0;
      return wish ? [{ event: { type: "cancel", task } }] : [];
    });
  }

  #step(peer: number, local: Local, event: LocalEvent): Step {
    return must(this.locals[peer]).step(local, event);
  }

  /** The state that a move leads to, or the promise that it breaks. */
  after(state: State, move: Move): State | Breach {
    const next = state.slice(0, this.#peers + 3);
    const mails = [...this.mails(state)];
    switch (move.type) {
      case "loss":
        mails.splice(mails.indexOf(move.mail), 1);
        this.#spend(next, "losses");
        break;
      case "crash": {
        const { disk, now } = this.local(state, move.peer);
        next[move.peer] = must(this.locals[move.peer]).down(disk, now).id;
        this.#spend(next, "crashes");
        break;
      }
      case "event": {
        const breach = this.#happens(next, mails, move);
        if (breach !== undefined) return breach;
      }
    }
    return next.concat(mails.filter((mail) => !this.#dead(next, mail)));
  }

  #happens(next: number[], mails: number[], { peer, event, spends, crash }: Happening): Breach | undefined {
    const whole = this.#step(peer, this.local(next, peer), event);
    const step = crash === undefined ? whole : must(whole.crashes[crash.index]);
    next[peer] = step.next.id;
    if (spends !== undefined) this.#spend(next, spends);
    if (crash !== undefined) this.#spend(next, "crashes");
    const wishes = must(next[this.#peers + 1]);
    if (event.type === "submit") next[this.#peers + 1] = wishes & ~(1 << event.task);
    if (event.type === "cancel") next[this.#peers + 1] = wishes & ~(1 << (event.task + CANCEL_BITS));
    if (event.type === "mail" && spends !== "copies") mails.splice(mails.indexOf(event.mail.id), 1);
    mails.push(...step.sent);
    if (step.sent.length > 0) mails.sort((left, right) => left - right);
    for (const sighting of step.seen) {
      const seen = this.shop.witness.see(this.witness(next), sighting);
      if (typeof seen !== "number") return seen;
      next[this.#peers] = seen;
    }
    return undefined;
  }

  #dead(state: State, id: number): boolean {
    const { post, names } = this.shop;
    const mail = post.get(id);
    const { message, to } = mail;
    const local = this.local(state, to);
    const hasAgent = must(this.#world.peers[to]).places !== undefined;
    if (!("task" in message) || !dead(mail, names.task(message.task), { local, hasAgent })) return false;
    if (!this.#checks || !local.up) return true;
    const { next, sent, seen } = this.#step(to, local, { type: "mail", mail });
    if (next === local && sent.length + seen.length === 0) return true;
    // The machine says otherwise: it is right, and somebody should look into the rules.
    this.doubts += 1;
    return false;
  }
}

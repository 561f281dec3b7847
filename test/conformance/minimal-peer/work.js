// What a peer does for others: it bids (section 4) and works (section 5, Contractors).
//
// One place of an agent is free, held by a bid, or at work. A run is `running`, `stopping` or `proposing`; when it is
// over, only its ballot is left, on disk. Woken by messages, by the handler's end and by its own timers. Nothing here
// is about custody: this peer is never one, and its words to custodians are repeated until one says `decided`.
import { body, inputFits, open } from "./form.js";
import { CLOCK_TOLERANCE_MS } from "./wire.js";

const BODY_BYTES = 65_536;
const HOLD_MS = 3000;
const RETRY_MS = 700;
const PARTIAL_MS = 250;
const PAUSE_MS_LAST = 5000;
const CROWD = 32;
const RAN_MAX = 65_536;
const RUNS_MAX = 1024;

const above = (a, b) => a.round - b.round || a.custodian - b.custodian;

export class Worker {
  #wire;
  #agents;
  #handler;
  #holds = new Map(); // bids that bind, by task and conductor
  #runs = new Map(); // by task
  #told = new Map(); // by task: the custodians that know that a restart lost it
  #draining = false;

  constructor({ wire, agents, handler }) {
    this.#wire = wire;
    this.#agents = agents;
    this.#handler = handler;
    for (const [task, record] of Object.entries(wire.disk.state.runs)) {
      if (!record.over) this.#told.set(task, new Set()); // a restart is reported, and the work not begun again (CLAIM-18)
    }
  }

  /** After the start: the custodians of what was lost are called, if they are to be found. */
  begin() {
    for (const task of this.#told.keys()) {
      for (const address of this.#wire.disk.state.runs[task].addrs) this.#wire.dial(address);
    }
  }

  met(peer) {
    for (const [task, told] of this.#told) {
      const { award, custodians } = this.#wire.disk.state.runs[task];
      if (!custodians.includes(peer) || told.has(peer)) continue;
      told.add(peer);
      this.#wire.say(peer, lost(task, award));
    }
  }

  drain() {
    this.#draining = true;
    this.#wire.publish([]); // DIR-9
  }

  receive(from, message) {
    if (message.type === "cfp") this.#onCall(from, message);
    else if (message.type === "reject-proposal") this.#onReject(from, message);
    else if (message.type === "accept-proposal") this.#onAward(from, message);
    else if (this.#runs.get(message.task)?.custodians.includes(from)) {
      if (message.type === "renewed") this.#onRenewed(from, message);
      else if (message.type === "decided") this.#onDecided(message);
      else if (message.type === "not-understood") this.#onNotUnderstood(from, message);
    }
  }

  // ---- Bidder.

  #onCall(from, call) {
    const reason = this.#refusal(from, call);
    if (reason !== undefined) {
      const silent = call.wide && (reason === "no-skill" || call.eligible > CROWD); // it merely shares the topic (AUCTION-6)
      if (!silent) this.#refuse(from, { task: call.task, round: call.round, reason });
      return;
    }
    const id = `${call.task} ${from}`;
    const held = this.#holds.get(id);
    this.#holds.delete(id); // in another round it bids anew
    const agent = held?.agent ?? this.#free(call.skill);
    const { cost, expected_ms, contract } = agent.skills.find((skill) => skill.name === call.skill);
    const terms = {
      agent: agent.name,
      cost,
      expected_ms,
      contract,
      load_permille: this.#load([agent]),
      hold_ms: HOLD_MS,
    };
    const again = held?.bid.round === call.round ? held.bid : undefined;
    const bid = again ?? { type: "propose", task: call.task, round: call.round, ...terms };
    this.#holds.set(id, { agent, bid, conductor: from, task: call.task, until: performance.now() + HOLD_MS });
    this.#wire.say(from, bid); // AUCTION-5: a repeated call gets the same bid; AUCTION-16: on a stream
  }

  /** Why a call is refused; undefined if it is not. */
  #refusal(from, call) {
    const able = this.#able(call.skill, call.contract); // AUCTION-19
    if (able.length === 0) return "no-skill";
    if (this.#draining) return "draining";
    if (call.input_bytes > BODY_BYTES) return "too-large";
    if (this.#atWork(call.task)) return "stale"; // AUCTION-8
    if (able.every(({ skills }) => skills.find(({ name }) => name === call.skill).expected_ms > call.left_ms))
      return "too-late";
    this.#lapse();
    if (this.#holds.has(`${call.task} ${from}`)) return undefined;
    const holds = [...this.#holds.values()];
    const share = able.reduce((sum, { concurrency }) => sum + concurrency, 0) / 2;
    const taken = holds.filter((hold) => hold.conductor === from && able.includes(hold.agent)).length;
    const elsewhere = holds.some((hold) => hold.task === call.task); // AUCTION-12
    return elsewhere || (taken > 0 && taken + 1 > share) || !this.#free(call.skill) ? "overloaded" : undefined;
  }

  #refuse(to, answer) {
    this.#wire.say(to, { type: "refuse", ...answer, load_permille: this.#load(this.#agents) });
  }

  #onReject(from, { task, round }) {
    const id = `${task} ${from}`;
    if (this.#holds.get(id)?.bid.round === round) this.#holds.delete(id); // AUCTION-14
  }

  #able(skill, contract) {
    const fits = (one) => one.name === skill && (contract === undefined || one.contract === contract);
    return this.#agents.filter(({ skills }) => skills.some(fits));
  }

  #lapse() {
    for (const [id, hold] of this.#holds) if (hold.until <= performance.now()) this.#holds.delete(id);
  }

  #used(agent) {
    const mine = (one) => one.agent === agent;
    return (
      [...this.#holds.values()].filter(mine).length + [...this.#runs.values()].filter((r) => mine(r) && r.busy).length
    );
  }

  #free(skill) {
    this.#lapse();
    return this.#able(skill).find((agent) => this.#used(agent) < agent.concurrency); // AUCTION-4
  }

  #load(agents) {
    const places = agents.reduce((sum, { concurrency }) => sum + concurrency, 0);
    return Math.floor((1000 * agents.reduce((sum, agent) => sum + this.#used(agent), 0)) / places);
  }

  #atWork(task) {
    return this.#runs.get(task)?.busy === true;
  }

  // ---- Contractor: from the award to the handler.

  #onAward(from, message) {
    const about = this.#check(from, message);
    if (about === undefined) return;
    const { ballot } = about.award;
    const refused = { task: message.task, round: message.round, ballot };
    this.#lapse();
    const hold = this.#holds.get(`${message.task} ${from}`);
    this.#holds.delete(`${message.task} ${from}`); // whatever comes of it, the bid has had its answer
    const run = this.#runs.get(message.task);
    if (run !== undefined) {
      const order = above(ballot, run.ballot);
      if (order < 0 || run.state === "stopping") this.#refuse(from, { ...refused, reason: "stale" });
      else if (order === 0)
        this.#wire.say(from, { type: "agree", task: message.task, ballot }); // CLAIM-41
      else this.#attach(run, { from, ballot, award: message.award });
      return;
    }
    const record = this.#wire.disk.state.runs[message.task];
    if (record && above(ballot, record.ballot) <= 0) {
      this.#wire.say(from, lost(message.task, message.award)); // CLAIM-18: never again
      return;
    }
    const agent = hold?.agent ?? this.#free(about.task.skill);
    const full = this.#runs.size >= RUNS_MAX || Object.keys(this.#wire.disk.state.runs).length >= RAN_MAX;
    if (this.#able(about.task.skill, about.task.contract).length === 0)
      this.#refuse(from, { ...refused, reason: "no-skill" });
    else if (this.#draining && hold === undefined) this.#refuse(from, { ...refused, reason: "draining" });
    else if (agent === undefined || full) this.#refuse(from, { ...refused, reason: "overloaded" });
    else this.#work(from, { message, agent, ...about });
  }

  /** The task and the award of an `accept-proposal`, if both are what they must be. */
  #check(from, { task: id, document, award: seal, input }) {
    const network = this.#wire.network;
    const opened = open(document, { kinds: ["task"], network });
    const award = open(seal, { kinds: ["award"], network });
    if (!opened || !award || opened.id !== id) return undefined; // WIRE-3, WIRE-4
    const { signer, document: task } = opened;
    if (task.custodians[0] !== signer || new Set(task.custodians).size !== task.custodians.length) return undefined; // CLAIM-1
    const age_ms = Date.now() - task.issued_ms;
    if (age_ms < -CLOCK_TOLERANCE_MS || age_ms > task.deadline_ms + CLOCK_TOLERANCE_MS) return undefined; // WIRE-6
    if (!inputFits(task, input)) return undefined; // WIRE-5
    const conductor = task.custodians[award.document.ballot.custodian];
    const handed = award.signer === conductor && from === conductor; // CLAIM-3, CLAIM-6
    if (!handed || award.document.task !== id || award.document.contractor !== this.#wire.self) return undefined;
    return { task, award: award.document };
  }

  #work(from, { message, agent, task, award }) {
    const { deadline_ms, lease_ms, custodians } = task;
    const left_ms = Math.min(message.left_ms, deadline_ms); // WIRE-16
    const run = {
      ...{ id: message.task, agent, task, message, custodians, award: message.award, ballot: award.ballot },
      ...{ state: "running", busy: true, stop: new AbortController(), timers: new Map(), lease_ms },
      ...{ began: performance.now(), deadline: performance.now() + left_ms },
      ...{ beat: 0, sent: 0, heard: new Set(), permille: 0, items: [], seq: 0, outcome: undefined },
    };
    this.#runs.set(run.id, run);
    this.#keep(run);
    this.#wire.say(from, { type: "agree", task: run.id, ballot: run.ballot });
    this.#extend(run, run.began);
    this.#after(run, { name: "deadline", delay_ms: left_ms }, () => this.#halt(run));
    this.#after(run, { name: "renew", delay_ms: lease_ms / 3 }, () => this.#renew(run));
    const work = { skill: task.skill, input: JSON.parse(message.input), signal: run.stop.signal };
    const told = (permille) => {
      run.permille = permille;
    };
    const partial = (value) => this.#say(run, value);
    this.#handler({ ...work, progress: told, partial }).then((end) => this.#ended(run, end));
  }

  /** On disk before `agree`, before the handler starts and before `accept` (CLAIM-18, section 7). */
  #keep(run) {
    const { ballot, award, custodians } = run;
    const last_ms = Math.max(0, run.deadline - performance.now()) + 2 * run.lease_ms + CLOCK_TOLERANCE_MS;
    const addrs = custodians.flatMap((peer) => this.#wire.addressesOf(peer));
    const { runs } = this.#wire.disk.state;
    for (const [task, { until_ms }] of Object.entries(runs)) if (until_ms < Date.now()) delete runs[task];
    runs[run.id] = {
      ballot,
      award,
      custodians,
      addrs,
      until_ms: Math.ceil(Date.now() + last_ms),
      over: run.state === "over",
    };
    this.#wire.disk.save();
  }

  /** The same work under a higher award: the next conductor found this contractor alive (CLAIM-13, 41). */
  #attach(run, { from, ballot, award }) {
    Object.assign(run, { ballot, award, seq: 0, outcome: run.outcome && { ...run.outcome, seal: undefined } });
    this.#keep(run);
    this.#wire.say(from, { type: "agree", task: run.id, ballot });
    if (run.state === "proposing") this.#propose(run, RETRY_MS);
    else this.#extend(run, performance.now());
  }

  // ---- Contractor: the lease.

  #after(run, { name, delay_ms }, act) {
    clearTimeout(run.timers.get(name));
    run.timers.set(name, setTimeout(act, delay_ms));
  }

  #tell(run, message) {
    for (const custodian of run.custodians) this.#wire.say(custodian, { ...message, task: run.id, award: run.award });
  }

  #renew(run) {
    run.beat += 1;
    run.sent = performance.now();
    run.heard.clear();
    this.#tell(run, { type: "renew", done_permille: run.permille, beat: run.beat }); // CLAIM-34
    this.#after(run, { name: "renew", delay_ms: run.lease_ms / 3 }, () => this.#renew(run));
  }

  /** What the handler says meanwhile, at most four times a second, numbered anew in each ballot (CLAIM-44). */
  #say(run, value) {
    run.items.push(JSON.stringify(value));
    if (run.state !== "running" || run.timers.has("partial")) return;
    this.#after(run, { name: "partial", delay_ms: PARTIAL_MS }, () => this.#partial(run));
  }

  #partial(run) {
    run.timers.delete("partial");
    if (run.items.length === 0) return;
    const items = run.items.splice(0);
    this.#tell(run, { type: "partial", beat: run.beat, seq: run.seq, items, done_permille: run.permille });
    run.seq += items.length;
  }

  #extend(run, from_ms) {
    const delay_ms = Math.max(0, from_ms + run.lease_ms - performance.now());
    this.#after(run, { name: "lease", delay_ms }, () => this.#halt(run)); // CLAIM-35
  }

  #onRenewed(from, { task, ballot, answer, beat }) {
    const run = this.#runs.get(task);
    if (run.state !== "running" || above(ballot, run.ballot) !== 0) return;
    if (answer === "fenced" || answer === "cancel") {
      this.#halt(run);
      return;
    }
    if (beat !== run.beat) return;
    run.heard.add(from);
    if (run.heard.size * 2 > run.custodians.length) this.#extend(run, run.sent);
    const soon_ms = Math.min(RETRY_MS, run.lease_ms / 3);
    if (answer === "moved") this.#after(run, { name: "renew", delay_ms: soon_ms }, () => this.#renew(run));
  }

  #halt(run) {
    if (run.state !== "running") return;
    run.state = "stopping";
    this.#quiet(run);
    run.stop.abort();
  }

  #quiet(run) {
    for (const timer of run.timers.values()) clearTimeout(timer);
    run.timers.clear();
  }

  #over(run) {
    this.#quiet(run);
    run.state = "over";
    this.#runs.delete(run.id);
    this.#keep(run);
  }

  // ---- Contractor: the handler's end, and one outcome in its ballot.

  #ended(run, end) {
    run.busy = false;
    run.ended = performance.now();
    if (run.state !== "running") {
      this.#over(run);
      return;
    }
    this.#partial(run);
    this.#quiet(run);
    const result = end.reason === undefined ? JSON.stringify(end.answer ?? null) : undefined;
    const fits = result === undefined || body(result);
    const { reason, message, retryable } = fits ? end : { reason: "output-too-large", message: "", retryable: false };
    if (retryable) {
      this.#tell(run, { type: "failure", reason, message, retryable }); // CLAIM-33
      this.#over(run);
      return;
    }
    run.state = "proposing";
    run.outcome = { content: reason === undefined ? { status: "done", result } : { reason, message }, seal: undefined };
    this.#propose(run, RETRY_MS);
  }

  /** Again and again until `decided`, always the same bytes in one ballot (CLAIM-32, CLAIM-42). */
  #propose(run, pause_ms) {
    if (performance.now() > run.deadline + 2 * run.lease_ms) {
      this.#over(run);
      return;
    }
    run.outcome.seal ??= this.#wire.seal(this.#outcome(run));
    const value = { outcome: run.outcome.seal, origin: run.award };
    this.#tell(run, { type: "accept", ballot: run.ballot, value });
    const next_ms = Math.min(2 * pause_ms, PAUSE_MS_LAST);
    this.#after(run, { name: "propose", delay_ms: pause_ms }, () => this.#propose(run, next_ms));
  }

  #outcome(run) {
    const { ballot, agent, id: task } = run;
    const contractor = this.#wire.self;
    const ran_ms = Math.round(run.ended - run.began);
    const made = { kind: "outcome", network: this.#wire.network, task, ballot, contractor, agent: agent.name, ran_ms };
    const { reason, message, ...done } = run.outcome.content;
    if (reason === undefined) return { ...made, ...done };
    const attempt = { contractor, ballot, started: 0, ended: ran_ms, exitReason: reason, message };
    const nothing = { toolTrace: [], retryCount: 0, causes: [], asked: [], refusals: [], rounds: 0 };
    const failure = { status: "failed", reason, message, retryable: false, attempts: [attempt], ...nothing };
    return { ...made, status: "failed", failure };
  }

  #onDecided({ task }) {
    const run = this.#runs.get(task);
    if (run.state === "proposing") this.#over(run);
    else this.#halt(run); // somebody else was faster, or it was cancelled
  }

  /** A custodian that missed the task gets it, and what was said to it once more. */
  #onNotUnderstood(from, { task, reason }) {
    const run = this.#runs.get(task);
    if (reason !== "unknown-task" || run.state === "stopping") return;
    const { document, input } = run.message;
    const left_ms = Math.max(0, Math.floor(run.deadline - performance.now()));
    this.#wire.say(from, { type: "store", task, document, input, left_ms });
    const again = () => (run.state === "running" ? this.#renew(run) : this.#propose(run, 2 * RETRY_MS));
    this.#after(run, { name: run.state === "running" ? "renew" : "propose", delay_ms: RETRY_MS }, again);
  }
}

function lost(task, award) {
  return { type: "failure", task, award, reason: "lost", message: "worked under this award before", retryable: true };
}

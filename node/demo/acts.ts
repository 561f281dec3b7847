/**
 * The play: five peers start, one task is shown step by step, the folder is worked through, two peers are killed, and the end is
 * counted. Takes the signal of whoever watches; when it aborts, or a peer dies that nobody killed, everything is ended at once.
 */
import { existsSync } from "node:fs";
import { duration, paint, plural, visible } from "../cli/output.ts";
import { Fault } from "../fault.ts";
import { workThrough } from "./at-once.ts";
import type { Player } from "./cast.ts";
import { contractorDies, initiatorDies, type Killed, LEASE_MS, type Scene } from "./chaos.ts";
import { conclude, prosiest, type Reading, readAll } from "./corpus.ts";
import { Desk } from "./desk.ts";
import type { Document, Folder } from "./folder.ts";
import { JOBS } from "./jobs.ts";
import { Ledger } from "./ledger.ts";
import { Narrator } from "./narrate.ts";
import { Peers } from "./peers.ts";
import { MOOT, type PeerProcess } from "./processes.ts";
import { showFindings } from "./results.ts";
import { pathText, type Stage } from "./stage.ts";
import { showSummary, summaryOf } from "./summary.ts";

/** Nothing here takes longer on a machine that works at all. */
const PATIENCE_MS = 110_000;
/** More documents than this come too fast to read a line about each. */
const LINES_MAX = 60;
const LINE_MS = 350;
const FACTS_MS = 200;
const NAME_CHARS = 42;
const CELL_CHARS = 10;
const COUNT_AT_ONCE = 4;

/** Resolves with whether everything ended well. Throws a Fault that says what did not. */
export async function play(folder: Folder, stage: Stage, signal: AbortSignal): Promise<boolean> {
  if (MOOT === undefined || !existsSync(MOOT)) throw new Fault("internal", "the program moot is not where it belongs");
  const broken = Promise.withResolvers<never>();
  const peers = new Peers({
    onFact: (fact) => ledger.add(fact),
    onStory: (fact) => narrator.hear(fact),
    onLost: (fault) => broken.reject(fault),
  });
  const ledger = new Ledger((peer) => peers.nameOf(peer));
  const narrator = new Narrator(stage, (peer) => peers.nameOf(peer));
  const tooLate = new Fault("timeout", `the demo did not end within ${duration(PATIENCE_MS)}`);
  const late = setTimeout(() => broken.reject(tooLate), PATIENCE_MS);
  const stop = () => broken.reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  let how: "stop" | "kill" = "kill";
  try {
    const show = new Show({ stage, peers, ledger, narrator, folder });
    const ok = await Promise.race([show.play(), broken.promise]);
    how = "stop";
    return ok;
  } finally {
    clearTimeout(late);
    signal.removeEventListener("abort", stop);
    await peers.close(how);
  }
}

interface Parts {
  readonly stage: Stage;
  readonly peers: Peers;
  readonly ledger: Ledger;
  readonly narrator: Narrator;
  readonly folder: Folder;
}

class Show {
  readonly #parts: Parts;
  readonly #desk: Desk;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#desk = new Desk(parts.peers, parts.ledger);
  }

  async play(): Promise<boolean> {
    const { stage, ledger, peers } = this.#parts;
    this.#open();
    await this.#meet();
    await this.#oneTask();
    const readings = await this.#wholeFolder();
    const killed = await this.#killings(prosiest(readings).map(({ document }) => document));
    peers.flush();
    const summary = summaryOf(ledger, killed, stage.elapsed_ms());
    stage.act("What it came to", `${duration(summary.wallMs)} in all.`);
    showSummary(stage, summary);
    stage.event("summary", summary);
    return summary.ok;
  }

  #open(): void {
    const { stage, folder } = this.#parts;
    const { root, files, bytes, documents, notes } = folder;
    stage.event("folder", { root, files, bytes, documents: documents.length, notes });
    stage.title(
      "Folkmoot: work without a manager",
      "Five peers, each a process of its own (moot up) on this machine's loopback. Nobody schedules, nobody leads: a task is " +
        "announced, those with the skill bid, the best bid works, and three of the peers keep the task until it has its one outcome. " +
        "Ctrl-C ends everything.",
    );
    stage.say();
    stage.say(`  folder     ${visible(root)}`);
    stage.say(`  to read    ${plural(files, "file")}, ${Math.ceil(bytes / 1024)} KiB`);
    for (const note of notes) stage.say(`  note       ${note}`);
  }

  async #meet(): Promise<void> {
    const { stage, peers } = this.#parts;
    stage.act("Five peers meet", "Each joins through one that is already there; any of them is a way in.");
    await peers.start((player, process) => this.#arrived(player, process));
    stage.row({ word: "ready", text: "everybody knows everybody", mood: "good" });
  }

  #arrived({ name, joins, roles }: Player, { pid, peer, address }: PeerProcess): void {
    const { stage } = this.#parts;
    stage.event("peer", { name, pid, peer, address, joinedThrough: joins ?? null, agents: roles });
    const word = joins === undefined ? "is first" : "joins";
    const through = joins === undefined ? "" : `through ${joins}; `;
    const can = roles
      .map(({ agent, skill, by }) => `${skill} (${agent}${by === "tally" ? ", in awk" : ""})`)
      .join(", ");
    stage.row({ task: name, word, text: `${through}process ${pid}; ${can}` });
  }

  async #oneTask(): Promise<void> {
    const { stage, folder } = this.#parts;
    const [document] = folder.documents.toSorted(
      (left, right) => Math.abs(left.bytes - 8192) - Math.abs(right.bytes - 8192),
    );
    if (document === undefined) return;
    const { name, text } = document;
    stage.act(
      "One task, step by step",
      "A bid's score is its cost (1 is worth a second) plus the time it expects, more under load. The lowest wins. The same skill may " +
        "be a program in awk at one peer and a function at another.",
    );
    await this.#tell(true);
    const steps = [
      () => this.#desk.ask({ job: JOBS.histogram, input: { text }, label: name, at: "tess" }),
      () => this.#desk.ask({ job: JOBS.terms, input: { text }, label: name, at: "pia" }),
    ];
    for (const step of steps) {
      await step();
      await this.#tell(true);
      stage.say();
    }
    await this.#tell(false);
  }

  /** Whether each step is told from here on; the facts of what was before are on their way still. */
  async #tell(telling: boolean): Promise<void> {
    const { peers, narrator } = this.#parts;
    await peers.pause(FACTS_MS);
    peers.flush();
    narrator.telling = telling;
  }

  async #wholeFolder(): Promise<readonly Reading[]> {
    const { stage, folder, ledger } = this.#parts;
    const { documents } = folder;
    stage.act(
      "The whole folder",
      "Three tasks for every document, handed in at each peer in turn. Shown are the winner and, behind the >, those it underbid; " +
        "when lines would come too fast to read, some are left out.",
    );
    stage.timed(
      `${"document".padEnd(NAME_CHARS)}  size     ${["stats", "terms", "histogram"].map(cell).join("")}  slowest`,
    );
    const since = performance.now();
    let shown = 0;
    const readings = await readAll(this.#desk, documents, (reading) => {
      if (documents.length > LINES_MAX && performance.now() - shown < LINE_MS) return;
      shown = performance.now();
      this.#read(reading);
    });
    const took_ms = performance.now() - since;
    const tasks = 3 * readings.length;
    const rate = Math.round((tasks * 1_000) / took_ms);
    stage.timed(paint("green", `${plural(tasks, "task")} in ${duration(took_ms)}, ${rate} a second`));
    const before = ledger.stories.length;
    const findings = await conclude(this.#desk, readings);
    const more = ledger.stories.length - before;
    stage.timed(
      paint("green", `${plural(more, "task")} more to merge and rank the terms, and to sum up what has prose`),
    );
    await this.#countMessages();
    showFindings(stage, folder, findings);
    return readings;
  }

  /** `nora>tr`: nora did it, and underbid tess and rolf. */
  #read({ document, stories }: Reading): void {
    const { stage, peers } = this.#parts;
    const cells = stories.map(({ chosen, outcome }) => {
      const others = (chosen?.others ?? []).map((other) => other.slice(0, 1)).join("");
      return cell(`${peers.nameOf(outcome?.contractor ?? "")}${others === "" ? "" : `>${others}`}`);
    });
    const slowest = Math.max(...stories.map(({ latency_ms }) => latency_ms));
    const size = `${Math.ceil(document.bytes / 1024)} KiB`.padStart(7);
    stage.timed(`${pathText(document.name, NAME_CHARS)} ${size}  ${cells.join("")}  ${duration(slowest)}`);
  }

  /** While all five are the processes that did the work: a killed one takes its counters along. */
  async #countMessages(): Promise<void> {
    const { ledger, peers } = this.#parts;
    await workThrough(ledger.stories, { at_once: COUNT_AT_ONCE }, async (story) => {
      const counts = await Promise.all(peers.running.map(({ client }) => client.messages(story.task)));
      story.messages = counts.reduce((sum, { sent }) => sum + sent, 0);
    });
  }

  async #killings(prose: readonly Document[]): Promise<readonly Killed[]> {
    const { stage, peers, ledger, folder } = this.#parts;
    const scene: Scene = {
      stage,
      peers,
      desk: this.#desk,
      ledger,
      documents: prose.length > 0 ? prose : folder.documents,
    };
    await this.#tell(true);
    stage.act(
      "A contractor is killed",
      `A survey takes some seconds: its agent rests between sections, so that it can be interrupted. Its lease is ${duration(LEASE_MS)} ` +
        "here (usually 9 s): a contractor that is silent for so long is given up, and the task goes to another, in a higher ballot. " +
        "The ballot is the fence: a late result of the first would not be taken.",
    );
    const contractor = await contractorDies(scene);
    stage.act(
      "An initiator is killed",
      "Another survey, handed in at pia, who does not live to see the end. The task is kept by two more peers: either can be asked.",
    );
    const initiator = await initiatorDies(scene);
    await this.#tell(true);
    return [contractor, initiator];
  }
}

function cell(text: string): string {
  return text.padEnd(CELL_CHARS);
}

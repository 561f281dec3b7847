/**
 * Two processes are killed in mid-task: a contractor, then (with another task) an initiator. Waits for facts, never for a time;
 * what must have come of it is checked, and a Fault says what did not.
 */
import { isDeepStrictEqual } from "node:util";
import { ballotText, fenceOf } from "../../protocols/mod.ts";
import { duration, plural } from "../cli/output.ts";
import { Fault } from "../fault.ts";
import type { Survey, SurveyInput } from "./agents/survey.ts";
import type { Desk, Ticket } from "./desk.ts";
import { type Document, jsonBytes } from "./folder.ts";
import { JOBS } from "./jobs.ts";
import type { Ledger, Story } from "./ledger.ts";
import type { Peers } from "./peers.ts";
import type { Stage } from "./stage.ts";

export interface Killed {
  readonly peer: string;
  readonly pid: number;
  readonly role: "contractor" | "initiator";
  readonly task: string;
  /** Who did the task in the end, and in which ballot. */
  readonly doneBy: string;
  readonly ballot: string;
  /** Custodians that were asked afterwards and gave the same outcome, the killed one among them after its restart. */
  readonly agreed: readonly string[];
  /** From the kill to the outcome. */
  readonly recoveredMs: number;
  readonly how: string;
}

/** Short, so that nobody waits long for a dead one; the default is 9 s. */
export const LEASE_MS = 1_500;
const SECTIONS = 8;
const SECTION_CHARS = 6_000;
const SURVEY_BYTES = 60 * 1024;
/** All rests of a survey together. */
const REST_MS = 4_000;
const AT_IT_MS = 1_500;
const STARTED_MS = 30_000;
const LEARNED_MS = 30_000;

export interface Scene {
  readonly stage: Stage;
  readonly peers: Peers;
  readonly desk: Desk;
  readonly ledger: Ledger;
  readonly documents: readonly Document[];
}

/** A contractor dies: its task is given to another, in a higher ballot. */
export async function contractorDies(scene: Scene): Promise<Killed> {
  const { stage, peers, desk } = scene;
  const wish = { job: JOBS.survey, input: surveyOf(scene.documents), label: "survey", at: "nora" };
  // Everybody keeps it, so that the killed one can be asked about it when it is back.
  const ticket = await desk.submit({ ...wish, lease_ms: LEASE_MS, custodians: 5 });
  const { story } = ticket;
  const first = await halfway(scene, ticket);
  const { pid, at } = await kill(
    scene,
    first.who,
    `it is ${Math.floor(story.done_permille / 10)} % through the survey`,
  );
  const survey = await ticket.result();
  const recoveredMs = performance.now() - at;
  peers.flush();
  const last = story.runs.at(-1);
  if (last === undefined || last.who === first.who || fenceOf(last.ballot) <= fenceOf(first.ballot))
    throw new Fault("internal", `${first.who} was killed, and its task was not given to another`);
  showSurvey(stage, survey);
  const ballots = `ballot ${ballotText(first.ballot)} → ${ballotText(last.ballot)}, fence ${fenceOf(first.ballot)} → ${fenceOf(last.ballot)}`;
  const how = `${last.who} did it instead (${ballots})`;
  stage.row({ task: story.task, word: "saved", text: `${how}, ${duration(recoveredMs)} after the kill`, mood: "good" });
  const agreed = await comeBack(scene, first.who, story);
  return { ...killed(story, last.who), peer: first.who, pid, role: "contractor", agreed, recoveredMs, how };
}

/** An initiator dies: its task lives on at the other custodians, and is conducted by the next of them. */
export async function initiatorDies(scene: Scene): Promise<Killed> {
  const { stage, peers, desk } = scene;
  const initiator = "pia";
  const wish = { job: JOBS.survey, input: surveyOf(scene.documents), label: "survey", at: initiator };
  const ticket = await desk.submit({ ...wish, lease_ms: LEASE_MS });
  const { story } = ticket;
  const run = await halfway(scene, ticket);
  const { pid, at } = await kill(scene, initiator, `${run.who} is at work on its task`);
  const other = otherCustodian(story, [initiator, run.who]) ?? otherCustodian(story, [initiator]);
  if (other === undefined) throw new Fault("internal", "the task has no custodian besides its initiator");
  stage.row({ task: story.task, word: "asking", text: `${other}, another custodian, for the outcome` });
  const survey = await ticket.result(other);
  const recoveredMs = performance.now() - at;
  peers.flush();
  showSurvey(stage, survey);
  const doneBy = story.runs.at(-1)?.who ?? "";
  const how = `${other} had the result of ${doneBy}, without ${initiator}`;
  stage.row({ task: story.task, word: "saved", text: `${how}, ${duration(recoveredMs)} after the kill`, mood: "good" });
  const agreed = await comeBack(scene, initiator, story);
  return { ...killed(story, doneBy), peer: initiator, pid, role: "initiator", agreed, recoveredMs, how };
}

function otherCustodian(story: Story, without: readonly string[]): string | undefined {
  return story.custodians.find((name) => !without.includes(name));
}

function killed(story: Story, doneBy: string): Pick<Killed, "task" | "doneBy" | "ballot"> {
  const { outcome, task } = story;
  return { task, doneBy, ballot: outcome === undefined ? "" : ballotText(outcome.ballot) };
}

/** Until a contractor has told its conductor how far it is, or has been at it for a while. */
async function halfway({ peers }: Scene, { story }: Ticket<Survey>): Promise<Story["runs"][number]> {
  await peers.until("somebody works on the survey", STARTED_MS, () => {
    const [first] = story.runs;
    return first !== undefined && (story.done_permille > 0 || Date.now() - first.at_ms > AT_IT_MS);
  });
  const run = story.runs.at(-1);
  if (run === undefined || story.done_permille >= 1000)
    throw new Fault("internal", "the survey was over before anybody could be killed");
  return run;
}

async function kill({ stage, peers }: Scene, name: string, why: string): Promise<{ pid: number; at: number }> {
  peers.flush();
  const at = performance.now();
  const pid = await peers.named(name).kill();
  stage.event("killed", { peer: name, pid });
  stage.row({ word: "killed", text: `${name}'s process ${pid} gets SIGKILL: ${why}`, mood: "bad" });
  return { pid, at };
}

/** The killed one again, with its old folder. It must learn what was decided without it, and say what the others say. */
async function comeBack({ stage, peers }: Scene, name: string, story: Story): Promise<readonly string[]> {
  const { peer } = peers.named(name);
  await peers.restart(name);
  const one = peers.named(name);
  if (one.peer !== peer) throw new Fault("internal", `${name} came back as somebody else`);
  stage.event("restarted", { peer: name, pid: one.pid });
  stage.row({
    word: "back",
    text: `${name} is up again as process ${one.pid}: same folder, same identity, same store`,
    mood: "key",
  });
  const answers = new Map<string, object>();
  await peers.until(`${name} and the other custodians know the outcome`, LEARNED_MS, async () => {
    for (const custodian of story.custodians) {
      const outcome = await outcomeAt(peers, custodian, story.task);
      if (outcome !== undefined) answers.set(custodian, outcome);
    }
    return answers.size === story.custodians.length;
  });
  const [first] = answers.values();
  if (![...answers.values()].every((answer) => isDeepStrictEqual(answer, first)))
    throw new Fault("internal", `the custodians of ${story.task} have different outcomes`);
  const agreed = [...answers.keys()];
  const same = `${agreed.length === 1 ? "one custodian" : `all ${plural(agreed.length, "custodian")}`} (${agreed.join(", ")})`;
  stage.row({ task: story.task, word: "asked", text: `${same}: one and the same outcome`, mood: "good" });
  return agreed;
}

/** Undefined while it has none, or has not heard of the task. */
async function outcomeAt(peers: Peers, custodian: string, task: string): Promise<object | undefined> {
  try {
    return (await peers.named(custodian).client.task(task)).outcome;
  } catch (error) {
    if (error instanceof Fault && error.code === "unknown-task") return undefined;
    throw error;
  }
}

/** The beginning of these documents in as many sections as make a survey last, however little there is to read. */
export function surveyOf(documents: readonly Document[]): SurveyInput {
  const chars = documents.reduce((sum, { text }) => sum + text.length, 0);
  let section_chars = Math.max(1, Math.min(SECTION_CHARS, Math.floor(chars / SECTIONS)));
  let sections = sectionsOf(documents, section_chars);
  // Characters of two and more bytes, and escapes: fewer of them fit.
  while (jsonBytes(sections) > SURVEY_BYTES) {
    section_chars >>= 1;
    sections = sectionsOf(documents, section_chars);
  }
  return { sections, rest_ms: Math.ceil(REST_MS / sections.length) };
}

function sectionsOf(documents: readonly Document[], chars: number): SurveyInput["sections"] {
  const sections: { name: string; text: string }[] = [];
  for (const { name, text } of documents) {
    for (let at = 0; at < text.length && sections.length < SECTIONS; at += chars)
      sections.push({ name, text: text.slice(at, at + chars).toWellFormed() });
  }
  return sections;
}

function showSurvey(stage: Stage, { sections }: Survey): void {
  const terms = new Set(sections.flatMap((section) => section.terms.slice(0, 1)));
  const text = `what sets its ${plural(sections.length, "section")} apart: ${[...terms].join(" · ")}`;
  stage.row({ word: "result", text });
}

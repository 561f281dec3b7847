import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { assets } from "../../node/sim/page/assets.ts";
import type { PageData } from "../../node/sim/page/client/data.ts";
import { pageOf } from "../../node/sim/page/mod.ts";
import { STYLE } from "../../node/sim/page/style.ts";
import type { RunRecord } from "../../sim/mod.ts";
import { EVIL, hostile, recordOf } from "./records.ts";

const churn = recordOf("bidding-10", 7, { faults: "churn", tasks: 40 });

function elements(page: string, name: string): string[] {
  return [...page.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, "g"))].map(([, text = ""]) => text);
}
function dataOf(page: string): PageData {
  const [, text = ""] = /<script type="application\/json" id="data">([\s\S]*?)<\/script>/.exec(page) ?? [];
  const data: PageData = JSON.parse(text);
  return data;
}

describe("the page of a run", () => {
  it("is the same for the same record", () => {
    expect(pageOf(churn)).toBe(pageOf(churn));
  });

  it("allows its own scripts and style by their hashes, and nothing else", () => {
    const page = pageOf(churn);
    const [, policy = ""] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page) ?? [];
    const inside = [...elements(page, "script"), ...elements(page, "style")];
    expect(inside).toHaveLength(3);
    for (const text of inside)
      expect(policy).toContain(`'sha256-${createHash("sha256").update(text).digest("base64")}'`);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(page).not.toMatch(/(src|href)="?(https?:|\/\/)/);
    expect(page.replaceAll(/<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>/g, "")).not.toMatch(/ (style|on\w+)=/);
  });

  it("carries at most 100 KB of scripts, and little else around its data", () => {
    const page = pageOf(churn);
    const { library, script } = assets();
    expect(library.length + script.length).toBeLessThan(100_000);
    expect(STYLE.length).toBeLessThan(16_000);
    const around = page.length - JSON.stringify(dataOf(page)).length - library.length - script.length;
    expect(around).toBeLessThan(60_000);
  });

  it("tells what every task came to, as the report counts it", () => {
    const { tasks } = dataOf(pageOf(churn));
    const submitted = new Set(churn.facts.flatMap(({ fact }) => (fact.type === "submitted" ? [fact.task] : [])));
    expect(new Set(tasks.map(({ id }) => id))).toEqual(submitted);
    expect(tasks.filter(({ status }) => status === "done").length).toBeGreaterThanOrEqual(churn.report.tasks.done);
    const runs = tasks.flatMap(({ bars }) => bars.filter(({ kind }) => kind === "run"));
    expect(runs).toHaveLength(churn.executions.length);
  });

  it("tells why a winner won, and how each award ended", () => {
    const { tasks, peers } = dataOf(pageOf(churn));
    const chosen = churn.facts.flatMap(({ fact }) => (fact.type === "chosen" ? [fact] : []));
    expect(chosen.length).toBeGreaterThan(0);
    for (const { task, why, winner } of chosen) {
      const choices = tasks.find(({ id }) => id === task)?.story.rounds.flatMap((round) => round.choices) ?? [];
      const name = churn.peers.find(({ id }) => id === winner.bidder)?.name;
      expect(choices.map((choice) => [choice.why, peers[choice.scores[0]?.peer ?? -1]?.name])).toContainEqual([
        why,
        name,
      ]);
    }
    const awards = churn.facts.filter(({ fact }) => fact.type === "awarded");
    expect(tasks.flatMap(({ story }) => story.attempts)).toHaveLength(awards.length);
  });

  it("counts time from the beginning of the trouble", () => {
    const { tasks, spells } = dataOf(pageOf(churn));
    expect(tasks[0]?.at).toBe(churn.scenario.tasks[0]?.at_ms);
    const planned = churn.scenario.plan.flatMap((fault) => (fault.type === "crash" ? [fault.at_ms] : []));
    const crashes = spells.filter(({ what }) => what === "crash").map(({ at }) => at);
    expect(crashes.length).toBeGreaterThan(0);
    for (const at of crashes) expect(planned).toContain(at);
  });

  it("ends every cut when the network is healed", () => {
    const record: RunRecord = {
      ...churn,
      scenario: { ...churn.scenario, plan: [] },
      faults: [
        { at: 1_000, until: 9_000, what: "split", peers: [0, 1] },
        { at: 2_000, until: 4_000, what: "one-way", peers: [2, 3] },
        { at: 5_000, until: 6_000, what: "ring", peers: [] },
      ],
    };
    const { spells } = dataOf(pageOf(record));
    expect(spells.map(({ until, at }) => until - at)).toEqual([3_000, 2_000, 1_000]);
    expect(spells.map(({ shape }) => shape)).toEqual(["split", "pair", "ring"]);
  });

  it("keeps what is evil in a record out of its markup", () => {
    const evil = pageOf(hostile(churn));
    const harmless = pageOf(churn);
    for (const name of ["script", "img", "!--"])
      expect(evil.split(`<${name}`).length).toBe(harmless.split(`<${name}`).length);
    expect(evil).not.toContain(EVIL);
    expect(JSON.stringify(dataOf(evil))).toContain(JSON.stringify(`why ${EVIL}`).slice(1, -1));
  });

  it("thins a large run, keeps what went another way, and says what is left out", () => {
    const many = copies(churn, 20);
    const page = pageOf(many);
    const { tasks, tasksAll } = dataOf(page);
    const all = new Set(many.facts.flatMap(({ fact }) => (fact.type === "submitted" ? [fact.task] : [])));
    expect(tasksAll).toBe(all.size);
    expect(tasks).toHaveLength(500);
    const again = tasks.filter(({ flags }) => flags.includes("again")).length;
    const awards = new Map<string, number>();
    for (const { fact } of many.facts)
      if (fact.type === "awarded" && !fact.reattached) awards.set(fact.task, (awards.get(fact.task) ?? 0) + 1);
    expect(again).toBe([...awards.values()].filter((count) => count > 1).length);
    expect(page.length).toBeLessThan(4_000_000);
  });

  it("tells how to run it again: as it was typed, or as a file", () => {
    expect(pageOf(churn, { command: "moot sim bidding-10 --seed 7" })).toContain("moot sim bidding-10 --seed 7</code>");
    const page = pageOf(churn);
    expect(page).toContain("moot sim bidding-10-7.yaml</code>");
    expect(page).toContain("seed: 7\n");
  });
});

/** The same run again and again, each copy with tasks of its own. */
function copies(record: RunRecord, count: number): RunRecord {
  const ids = [...new Set(record.facts.flatMap(({ fact }) => (fact.type === "submitted" ? [fact.task] : [])))];
  const text = JSON.stringify({ facts: record.facts, executions: record.executions, said: record.said });
  const parts = Array.from({ length: count }, (_, copy): Pick<RunRecord, "facts" | "executions" | "said"> => {
    const renamed = ids.reduce(
      (all, id) => all.replaceAll(id, `${copy.toString(16).padStart(2, "0")}${id.slice(2)}`),
      text,
    );
    return JSON.parse(renamed);
  });
  return {
    ...record,
    facts: parts.flatMap(({ facts }) => facts).toSorted((one, other) => one.at - other.at),
    executions: parts.flatMap(({ executions }) => executions),
    said: parts.flatMap(({ said }) => said),
  };
}

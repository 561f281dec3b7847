/** The four tellings of one task's facts: readable, safe with hostile texts, and for Perfetto in its own format. */
import { expect, it } from "vitest";
import { pageOf } from "../../node/cli/trace/html.ts";
import { perfettoOf } from "../../node/cli/trace/perfetto.ts";
import { tellingOf } from "../../node/cli/trace/text.ts";
import { timelineOf } from "../../node/cli/trace/timeline.ts";
import { BERT, CARL, FACTS, TASK } from "./facts.ts";
import { fieldsOf, textOf } from "./protobuf-reader.ts";

const timeline = timelineOf(TASK, FACTS);

it("sorts facts into phases and lanes", () => {
  const [task, ...peers] = timeline.lanes;
  expect(task?.spans.map((span) => span.name)).toEqual([
    "storing",
    "bids, round 1",
    "award 1.0",
    "work 1.0",
    "prepare 2.0",
    "award 2.0",
    "work 2.0",
    "deciding",
  ]);
  expect(task?.spans.every((span, index, all) => span.end_ms === (all[index + 1]?.start_ms ?? timeline.end_ms))).toBe(
    true,
  );
  expect(peers.map((lane) => lane.roles)).toEqual([
    ["initiator"],
    ["contractor", "custodian"],
    ["contractor", "custodian"],
  ]);
  expect(peers.find((lane) => lane.peer === BERT)?.spans).toMatchObject([{ name: "ballot 1.0", mood: "bad" }]);
  expect(peers.find((lane) => lane.peer === CARL)?.spans).toMatchObject([{ name: "ballot 2.0", mood: "good" }]);
});

it("tells who bid what, who won and why, with times", () => {
  const text = tellingOf(timeline, false);
  expect(text).toContain("as …AAAAAAAA saw it: done after 1.24 s, 17 facts");
  expect(text).toMatch(/\+0\.024 s {2}…CCCCCCCC bids with agent second: cost 2, done in 200 ms, load 10 %/);
  expect(text).toMatch(
    /\+0\.026 s {2}this node refuses to bid: overloaded \(it is at capacity, or cannot serve just now\)/,
  );
  expect(text).toMatch(
    /\+0\.900 s {2}ballot 1\.0: the attempt of …BBBBBBBB ended: lost \(its lease ran out in silence\)/,
  );
  expect(text).toMatch(/^won {2}…BBBBBBBB .* 1 {2}200 ms {2}10 % {2}1\.200$/m);
  expect(text).toMatch(/^ {5}…CCCCCCCC {2}second .* 2 {2}200 ms {2}10 % {2}2\.150$/m);
  expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
});

it("makes a page that refers to nothing, runs nothing and shows strangers' texts as text", () => {
  const page = pageOf(timeline);
  expect(page).not.toMatch(/<script|javascript:|\son[a-z]+=|url\(|@import|<link|<img|<iframe|src=|href=|https?:/i);
  expect(page).not.toContain("<b>");
  expect(page).toContain("&lt;b&gt;&quot;x&quot;&amp;&#39;y&#39;\\u{1b}[2J\\u{202e}");
  expect(page).toContain("default-src 'none'");
  expect(page).toContain("prefers-color-scheme: dark");
  const opened = page.match(/<(g|svg|table|tbody|tr|td|title|figure|header|style|text)[\s>]/g)?.length;
  const closed = page.match(/<\/(g|svg|table|tbody|tr|td|title|figure|header|style|text)>/g)?.length;
  expect(opened).toBe(closed);
});

it("writes what Perfetto reads: tracks, nested slices, instants", () => {
  const packets = fieldsOf(perfettoOf(timeline)).map((field) => {
    expect(field.number).toBe(1);
    return fieldsOf(field.bytes);
  });
  const tracks = packets.flatMap((packet) =>
    packet.filter((field) => field.number === 60).map((field) => fieldsOf(field.bytes)),
  );
  expect(tracks.map((track) => textOf(track, 2))).toEqual([
    `task ${TASK.slice(0, 12)} text.count@1: done`,
    "task",
    "…AAAAAAAA (initiator)",
    "…BBBBBBBB (contractor, custodian)",
    "…CCCCCCCC (contractor, custodian)",
  ]);
  const uuids = tracks.map((track) => track.find((field) => field.number === 1)?.value);
  expect(new Set(uuids).size).toBe(tracks.length);

  const open = new Map<bigint, number>();
  let before = 0n;
  let instants = 0;
  for (const packet of packets) {
    const event = packet.find((field) => field.number === 11);
    if (event === undefined) continue;
    const at = packet.find((field) => field.number === 8)?.value ?? -1n;
    const fields = fieldsOf(event.bytes);
    const [type, track] = [9, 11].map((number) => fields.find((field) => field.number === number)?.value);
    if (track === undefined) throw new Error("an event without a track");
    expect(uuids).toContain(track);
    if (type === 3n) instants++;
    else open.set(track, (open.get(track) ?? 0) + (type === 1n ? 1 : -1));
    expect(open.get(track) ?? 0).toBeGreaterThanOrEqual(0);
    expect(at).toBeLessThanOrEqual(1_240_000_000n);
    if (track === uuids[1]) expect(at).toBeGreaterThanOrEqual(before);
    if (track === uuids[1]) before = at;
  }
  expect([...open.values()].every((depth) => depth === 0)).toBe(true);
  expect(instants).toBe(FACTS.length);
});

it("tells a task of which only a part was seen", () => {
  for (let count = 0; count <= FACTS.length; count++) {
    const part = timelineOf(TASK, FACTS.slice(count, count + 3));
    expect(pageOf(part)).toContain("</html>");
    expect(tellingOf(part, false)).toContain(TASK);
    expect(perfettoOf(part).length).toBeGreaterThan(0);
    for (const lane of part.lanes)
      for (const span of lane.spans) expect(span.end_ms).toBeGreaterThanOrEqual(span.start_ms);
  }
});

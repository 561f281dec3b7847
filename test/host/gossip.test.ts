/** Announcements: heard by those who listen, once, and only what is well-formed, timely and in its place. */
import { afterEach, describe, expect, it } from "vitest";
import { makeOpen } from "../../node/envelope/mod.ts";
import { topicOf } from "../../node/host/topics.ts";
import { Validator } from "../../node/host/validator.ts";
import { LIMITS, type PeerId, parseNetwork, shardOf, type TopicDocument } from "../../protocols/mod.ts";
import { home, must, type Station, skill, station, stopAll, taskId, until } from "./helpers.ts";

let stations: Station[] = [];
afterEach(async () => {
  await stopAll(stations);
  stations = [];
});

const shard = shardOf(skill);
const call = (number: number, changes: Partial<Extract<TopicDocument, { kind: "cfp" }>> = {}): TopicDocument => ({
  kind: "cfp",
  network: home,
  issued_ms: Date.now(),
  task: taskId(number),
  skill,
  round: 1,
  window_ms: 600,
  left_ms: 10_000,
  input_bytes: 10,
  eligible: 1,
  sealed: false,
  ...changes,
});

describe("an announcement", () => {
  it("reaches everybody who listens to its shard, directly or over others, once", async () => {
    const hub = await station({ shards: [shard] });
    const spokes = await Promise.all([1, 2].map(() => station({ shards: [shard], join: [hub] })));
    const deaf = await station({ shards: [(shard + 1) % LIMITS.shards], join: [hub] });
    stations.push(hub, ...spokes, deaf);
    const [one, two] = spokes;
    await until(() => stations.every(({ host }) => host.meshReady()), "the mesh");
    await until(() => hub.host.connections().length === 3, "the star");
    must(one).host.publish(shard, call(1));
    must(two).host.publish(shard, call(2));
    await until(() => hub.documents.length === 2, "the hub heard both");
    await until(
      () => must(one).documents.length === 1 && must(two).documents.length === 1,
      "the spokes heard each other",
    );
    expect(must(two).documents[0]).toMatchObject({ signer: must(one).id, document: { kind: "cfp", task: taskId(1) } });
    expect(deaf.documents).toEqual([]);
    const size = Buffer.from(hub.seal(call(1)).seal, "base64").length;
    expect(size).toBeLessThan(512);
  });
});

describe("the validator", () => {
  const heard: PeerId[] = [];
  const make = (wall: () => number = Date.now) =>
    new Validator({ network: home, open: makeOpen(home), wall, onDocument: (signer) => heard.push(signer) });
  const topic = topicOf(home, shard);

  async function speaker(): Promise<(document: { kind: string }) => Buffer> {
    const of = await station();
    stations.push(of);
    return (document) => Buffer.from(of.seal(document).seal, "base64");
  }

  it("accepts once, ignores what it saw, what is late and what is early", async () => {
    const say = await speaker();
    const validator = make();
    const bytes = say(call(1));
    expect([validator.judge(topic, bytes), validator.judge(topic, bytes)]).toEqual(["accept", "ignore"]);
    for (const [offset_ms, verdict] of [
      [-LIMITS.clock_tolerance_ms - 1_000, "ignore"],
      [LIMITS.clock_tolerance_ms + 1_000, "ignore"],
      [-LIMITS.clock_tolerance_ms + 1_000, "accept"],
      [LIMITS.clock_tolerance_ms - 1_000, "accept"],
    ] as const)
      expect(validator.judge(topic, say(call(2, { issued_ms: Date.now() + offset_ms })))).toBe(verdict);
  });

  it("rejects what no honest peer passes on", async () => {
    const say = await speaker();
    const validator = make();
    const flipped = say(call(3));
    flipped.writeUInt8(flipped.readUInt8(60) ^ 1, 60);
    const other = must(parseNetwork("other"));
    const cases = [
      [topic, Buffer.from("rubbish")],
      [topic, Buffer.alloc(0)],
      [topic, Buffer.alloc(LIMITS.gossip_bytes + 1)],
      [topic, flipped],
      [topic, say({ kind: "cfp" })],
      [topic, say({ ...call(4), ...{ network: other } })],
      [topic, say({ ...call(4), ...{ more: 1 } })],
      [topicOf(home, (shard + 1) % LIMITS.shards), say(call(5))],
      [topicOf(home, "all"), say(call(6))],
    ] as const;
    for (const [where, bytes] of cases) expect(validator.judge(where, bytes)).toBe("reject");
  });

  it("ignores one who announces without end, and hears the others", async () => {
    const [loud, calm] = [await speaker(), await speaker()];
    let now = Date.now();
    const validator = make(() => now);
    const verdicts = Array.from({ length: 400 }, (_, index) => validator.judge(topic, loud(call(index))));
    expect(verdicts.filter((verdict) => verdict === "accept").length).toBe(200);
    expect(validator.judge(topic, calm(call(1_000)))).toBe("accept");
    now += 1_000;
    const later = Array.from({ length: 100 }, (_, index) => validator.judge(topic, loud(call(2_000 + index))));
    expect(later.filter((verdict) => verdict === "accept").length).toBe(25);
  });
});

/** What the driver promises to the machines, with a real store and a machine that says what the test tells it to. */
import { describe, expect, it, onTestFinished } from "vitest";
import { Driver, type Host, Work } from "../../node/driver/mod.ts";
import { Fault } from "../../node/fault.ts";
import type { Observed } from "../../node/moot-node.ts";
import { openStore, type Store } from "../../node/store/mod.ts";
import { Broken, type Effect, type Kept, type Message, type PeerEvent, parsePeerId } from "../../protocols/mod.ts";
import { must, query, taskId, until } from "../host/helpers.ts";
import { folder } from "../store/helpers.ts";

const self = must(parsePeerId("12D3KooWQYV9dGMFoRzNStwpXztXaBUjtPqi6aU76ZgUriHhKust"));
const friend = must(parsePeerId("12D3KooWN1Lqd5pXoLbpmbkrAUphwuzYjvPH4vniqTZ8tqNzPxUP"));
const seq = (number: number): Effect => ({ type: "keep", key: `seq/${number}`, record: { kind: "seq", seq: number } });
const send = (number: number): Effect => ({ type: "send", to: friend, message: query(number) });
const arrival = (number: number) => ({ type: "message" as const, from: friend, message: query(number) });

interface Scene {
  readonly driver: Driver;
  readonly store: Store;
  readonly events: PeerEvent[];
  /** What went out, and how many records were on disk then. */
  readonly sent: { readonly message: Message; readonly kept: number }[];
  readonly batches: number[];
  readonly facts: Observed[];
  readonly fatal: unknown[];
}

interface SceneOptions {
  readonly dir?: string;
  readonly kept?: readonly { readonly key: string; readonly record: Kept }[];
  /** What comes before the machines are there. */
  readonly early?: readonly Parameters<Driver["push"]>[0][];
}

function scene(
  script: (event: PeerEvent) => readonly Effect[],
  { dir = folder(), kept = [], early = [] }: SceneOptions = {},
): Scene {
  const store = openStore(dir);
  const batches: number[] = [];
  const counting: Store = {
    batch: (writes) => {
      batches.push(writes.length);
      store.batch(writes);
    },
    entries: () => store.entries(),
    append: (task, fact) => store.append(task, fact),
    facts: (task) => store.facts(task),
    checkFacts: () => store.checkFacts(),
    close: () => store.close(),
  };
  const events: PeerEvent[] = [];
  const sent: Scene["sent"] = [];
  const facts: Observed[] = [];
  const fatal: unknown[] = [];
  const driver = new Driver({
    store: counting,
    onFact: (fact) => facts.push(fact),
    onRefused: () => undefined,
    onFatal: (error) => fatal.push(error),
  });
  const nothing = () => undefined;
  const host: Host = {
    self,
    addrs: () => [],
    send: (_, message) => sent.push({ message, kept: [...store.entries()].length }),
    publish: nothing,
    hear: nothing,
    learn: nothing,
    hangUp: nothing,
    penalise: nothing,
    connections: () => [],
    neighbours: () => [],
    seeking: () => false,
    ways: () => [],
    advertise: nothing,
    lookUp: nothing,
    fetchCard: nothing,
    meshReady: () => true,
    stop: () => Promise.resolve(),
  };
  const receive = (event: PeerEvent) => {
    events.push(event);
    return script(event);
  };
  onTestFinished(() => {
    driver.close();
    store.close();
  });
  const work = new Work([], (event) => driver.push(event));
  for (const event of early) driver.push(event);
  driver.begin({ peer: { receive }, host, work, kept });
  return { driver, store, events, sent, batches, facts, fatal };
}

describe("the driver", () => {
  it("starts the machines first, then hands in what came meanwhile, one by one, in order, with time that never runs back", async () => {
    const { driver, events } = scene(() => []);
    for (let number = 0; number < 3_000; number++) driver.push(arrival(number));
    await until(() => events.length === 3_001, "all events");
    expect(events[0]?.type).toBe("start");
    const tasks = events
      .slice(1)
      .map((event) => (event.type === "message" && "task" in event.message ? event.message.task : ""));
    expect(tasks).toEqual(Array.from({ length: 3_000 }, (_, number) => taskId(number)));
    for (const [index, { now, wall }] of events.entries()) {
      expect(now).toBeGreaterThanOrEqual(events[index - 1]?.now ?? 0);
      expect([Number.isInteger(now), Number.isInteger(wall)]).toEqual([true, true]);
    }
  });

  it("hands in what came before the machines were there after their start", async () => {
    const { events } = scene(() => [], { early: [arrival(1), arrival(2)] });
    await until(() => events.length === 3, "all events");
    expect(events.map(({ type }) => type)).toEqual(["start", "message", "message"]);
  });

  it("gives back what was kept", () => {
    const kept = [{ key: "seq", record: { kind: "seq", seq: 7 } }] as const;
    const { events } = scene(() => [], { kept });
    expect(events).toMatchObject([{ type: "start", kept }]);
  });

  it("performs effects in order, and nothing before all that its turn keeps is on disk, with one write", async () => {
    const script = (event: PeerEvent): readonly Effect[] => {
      if (event.type !== "message" || !("task" in event.message)) return [];
      const number = Number(`0x${event.message.task}`);
      return [send(number * 10), seq(number), send(number * 10 + 1)];
    };
    const { driver, sent, batches } = scene(script);
    for (let number = 1; number <= 100; number++) driver.push(arrival(number));
    await until(() => sent.length === 200, "everything sent");
    expect(batches).toEqual([100]);
    expect(sent.every(({ kept }) => kept === 100)).toBe(true);
    expect(sent.map(({ message }) => message)).toEqual(
      Array.from({ length: 100 }, (_, index) => [query((index + 1) * 10), query((index + 1) * 10 + 1)]).flat(),
    );
  });

  it("keeps the last of several writes to one key, and forgets what is null", async () => {
    const script = (event: PeerEvent): readonly Effect[] => {
      if (event.type === "start") return [seq(1), seq(2)];
      const later: Effect = { type: "keep", key: "seq/1", record: { kind: "seq", seq: 9 } };
      return [seq(1), later, { type: "keep", key: "seq/2", record: null }, send(0)];
    };
    const { driver, sent, store } = scene(script);
    driver.push({ type: "drain" });
    await until(() => sent.length === 1, "sent");
    expect([...store.entries()]).toEqual([["seq/1", '{"kind":"seq","seq":9}']]);
  });

  it("keeps more than one batch can hold, all of it before anything else", async () => {
    const many = Array.from({ length: 25_000 }, (_, number) => seq(number));
    const { sent, batches } = scene((event) => (event.type === "start" ? [...many, send(1)] : []));
    expect(batches).toEqual([10_000, 10_000, 5_000]);
    expect(sent[0]?.kept).toBe(25_000);
  }, 30_000);

  it("rings at or after its time, for the last wake only", async () => {
    const rings: number[] = [];
    const { events } = scene((event) => {
      if (event.type === "alarm") rings.push(event.now);
      return event.type === "start"
        ? [
            { type: "wake", at: event.now + 50 },
            { type: "wake", at: event.now + 300 },
          ]
        : [];
    });
    await until(() => rings.length > 0, "the alarm");
    expect(rings).toHaveLength(1);
    expect(rings[0]).toBeGreaterThanOrEqual(must(events[0]).now + 300);
  });

  it("answers each wish once", async () => {
    const { driver } = scene((event) => {
      if (event.type !== "cancel") return [];
      return [{ type: "answer", ref: event.ref, answer: { ok: true, task: event.task } }];
    });
    const answers = await Promise.all(
      [1, 2, 3].map((number) => driver.ask((ref) => ({ type: "cancel", ref, task: taskId(number) }))),
    );
    expect(answers).toEqual([1, 2, 3].map((number) => ({ ok: true, task: taskId(number) })));
  });

  it("counts the frames of each task", async () => {
    const { driver, sent } = scene((event) => (event.type === "start" ? [send(1), send(1), send(2)] : []));
    driver.received(taskId(1));
    await until(() => sent.length === 3, "sent");
    expect([driver.count(taskId(1)), driver.count(taskId(2)), driver.count(taskId(3))]).toEqual([
      { sent: 2, received: 1 },
      { sent: 1, received: 0 },
      { sent: 0, received: 0 },
    ]);
  });

  it("logs what was observed, without bodies that have a better place, and is stopped by none", async () => {
    const outcome = {
      kind: "outcome",
      network: "home",
      task: taskId(1),
      ballot: { round: 1, custodian: 0 },
      status: "done",
    };
    const result = JSON.stringify("x".repeat(60_000));
    const decided = {
      type: "decided",
      task: taskId(1),
      ballot: { round: 1, custodian: 0 },
      outcome: { ...outcome, result },
    };
    const huge = { type: "progress", task: taskId(1), contractor: self, done_permille: 1, note: "x".repeat(60_000) };
    const notes = [decided, huge].map((fact) => ({ type: "note", fact })) as Effect[];
    const { store, facts, fatal } = scene((event) => (event.type === "start" ? notes : []));
    expect(facts).toHaveLength(2);
    expect(facts[0]).toMatchObject({ type: "decided", node: self, outcome: { result } });
    const [line, ...rest] = store.facts(taskId(1)).map((text): unknown => JSON.parse(text));
    expect(line).toMatchObject({ type: "decided", outcome });
    expect([rest, fatal]).toEqual([[], []]);
  });
});

describe("the driver stops, and says why,", () => {
  it("when a machine finds itself broken: nothing of that turn happens, and nothing after it", async () => {
    const { driver, events, sent, batches, fatal } = scene((event) => {
      if (event.type === "drain") throw new Broken("two and two are four");
      return [seq(1), send(1)];
    });
    driver.push(arrival(1));
    driver.push({ type: "drain" });
    driver.push(arrival(2));
    await until(() => fatal.length === 1, "the end");
    driver.push(arrival(3));
    expect(String(fatal[0])).toContain("two and two are four");
    expect([events.length, sent.length, batches]).toEqual([3, 1, [1]]);
    await expect(driver.ask((ref) => ({ type: "cancel", ref, task: taskId(1) }))).resolves.toMatchObject({ ok: false });
  });

  it("when the disk fails: nothing is sent that was not kept", async () => {
    const { driver, store, sent, fatal } = scene((event) => (event.type === "start" ? [] : [send(1), seq(1), send(2)]));
    store.close();
    driver.push({ type: "drain" });
    await until(() => fatal.length === 1, "the end");
    expect(fatal[0]).toBeInstanceOf(Fault);
    expect(sent).toEqual([]);
  });

  it("when the disk fails: no wish is granted that was not kept", async () => {
    const { driver, store } = scene((event) => {
      if (event.type !== "cancel") return [];
      return [seq(1), { type: "answer", ref: event.ref, answer: { ok: true, task: event.task } }];
    });
    store.close();
    await expect(driver.ask((ref) => ({ type: "cancel", ref, task: taskId(1) }))).resolves.toMatchObject({ ok: false });
  });
});

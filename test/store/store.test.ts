/** The store as a map on disk: order, deletes, batches, bounds, the log of observations. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { openStore, STORE } from "../../node/store/mod.ts";
import { faultOf, folder } from "./helpers.ts";

function open(dir: string) {
  const store = openStore(dir);
  onTestFinished(() => store.close());
  return store;
}

test("what was written is there after a restart, in the order of the keys", () => {
  const dir = join(folder(), "made", "here");
  const store = openStore(dir);
  store.batch([
    { key: "b", value: "2" },
    { key: "a/1", value: "1" },
    { key: "ä\u0000\u{1F600}", value: "é\u0000\u{1F600}" },
    { key: "a", value: "" },
  ]);
  store.close();
  store.close();
  expect([...open(dir).entries()]).toEqual([
    ["a", ""],
    ["a/1", "1"],
    ["b", "2"],
    ["ä\u0000\u{1F600}", "é\u0000\u{1F600}"],
  ]);
  expect(statSync(join(dir, "store.sqlite")).mode & 0o777).toBe(0o600);
});

test("writes of one batch happen in their order; null deletes", () => {
  const dir = folder();
  const store = openStore(dir);
  store.batch([
    { key: "a", value: "1" },
    { key: "b", value: "1" },
    { key: "a", value: "2" },
    { key: "c", value: null },
    { key: "b", value: null },
    { key: "d", value: "1" },
    { key: "d", value: null },
    { key: "d", value: "3" },
  ]);
  store.batch([]);
  expect([...store.entries()]).toEqual([
    ["a", "2"],
    ["d", "3"],
  ]);
  store.close();
  expect([...open(dir).entries()].length).toBe(2);
});

test("thousands of rows are walked while rows are written", () => {
  const store = open(folder());
  const key = (index: number) => `k${String(index).padStart(5, "0")}`;
  store.batch(Array.from({ length: 2_000 }, (_, index) => ({ key: key(index), value: "x" })));
  let seen = 0;
  for (const [name] of store.entries()) {
    expect(name).toBe(key(seen));
    if (seen === 10) store.batch([{ key: key(1_999), value: null }]);
    seen += 1;
  }
  expect(seen).toBe(1_999);
});

test("a batch with a bad write changes nothing, and the next one works", () => {
  const store = open(folder());
  const bad = [
    { key: "", value: "1" },
    { key: "k".repeat(STORE.key_bytes + 1), value: "1" },
    { key: "a", value: "x".repeat(STORE.value_bytes + 1) },
    { key: "a", value: "\ud800" },
  ];
  for (const write of bad) faultOf(() => store.batch([{ key: "first", value: "1" }, write]));
  expect([...store.entries()]).toEqual([]);
  store.batch([{ key: "a", value: "x".repeat(STORE.value_bytes) }]);
  expect([...store.entries()][0]?.[1].length).toBe(STORE.value_bytes);
});

test("observations are kept in their order, by task, over a restart", () => {
  const dir = folder();
  const store = openStore(dir);
  store.append("t1", "one");
  store.append("t2", "other");
  store.append("t1", "two");
  expect(store.facts("t1")).toEqual(["one", "two"]);
  store.append("t1", "three");
  store.close();
  const again = open(dir);
  expect(again.facts("t1")).toEqual(["one", "two", "three"]);
  expect(again.facts("t2")).toEqual(["other"]);
  expect(again.facts("t3")).toEqual([]);
});

test("of many observations of a task the first and the last are kept", () => {
  const store = open(folder());
  for (let index = 0; index < 3_000; index++) store.append("t", `f${index}`);
  const facts = store.facts("t");
  expect(facts.length).toBe(512);
  expect(facts.slice(254, 258)).toEqual(["f254", "f255", "f2744", "f2745"]);
  expect(facts.at(-1)).toBe("f2999");
  expect(faultOf(() => store.append("t", "x".repeat(STORE.fact_bytes + 1))).code).toBe("too-large");
});

test("of many tasks the newest keep their observations", () => {
  const store = open(folder());
  for (let index = 0; index < 10_050; index++) store.append(`t${index}`, "seen");
  expect(store.facts("t49")).toEqual([]);
  expect(store.facts("t50")).toEqual(["seen"]);
  expect(store.facts("t10049")).toEqual(["seen"]);
});

test("observations reach the disk without being asked for", async () => {
  const dir = folder();
  const store = open(dir);
  store.append("t", "seen");
  const size = () => statSync(join(dir, "facts.sqlite-wal")).size;
  const before = size();
  await vi.waitFor(() => expect(size()).toBeGreaterThan(before), { timeout: 10_000, interval: 20 });
});

test("a store gives back the room of what was deleted, at the next start", () => {
  const dir = folder();
  const first = openStore(dir);
  const keys = Array.from({ length: 400 }, (_, index) => `task/${index}`);
  first.batch(keys.map((key) => ({ key, value: "x".repeat(10_000) })));
  first.batch(keys.slice(1).map((key) => ({ key, value: null })));
  first.close();
  const size = () => statSync(join(dir, "store.sqlite")).size;
  expect(size()).toBeGreaterThan(4_000_000);
  const again = open(dir);
  expect([...again.entries()].map(([key]) => key)).toEqual(["task/0"]);
  again.close();
  expect(size()).toBeLessThan(100_000);
});

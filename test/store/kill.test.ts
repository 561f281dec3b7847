/** A real process that owns a store is killed: what it said was durable is there, and the store is free. */
import { expect, test } from "vitest";
import { openStore } from "../../node/store/mod.ts";
import { child, contentOf, faultOf, folder } from "./helpers.ts";

test("a batch that returned survives SIGKILL, again and again on the same store", async () => {
  const dir = folder();
  for (let round = 0; round < 5; round++) {
    const writer = child(dir, "count");
    let said = 0;
    while (said < 30 + round) said = (await writer.next()).serial ?? 0;
    await writer.kill();
    const store = openStore(dir);
    const rows = new Map(store.entries());
    const last = Number(rows.get("last"));
    expect(last).toBeGreaterThanOrEqual(said);
    expect(rows.get(`n/${String(last).padStart(8, "0")}`)?.length).toBe(last % 3000);
    expect(rows.has(`n/${String(last - 20).padStart(8, "0")}`)).toBe(false);
    store.batch([...rows.keys()].map((key) => ({ key, value: null })));
    store.close();
  }
});

test("one process owns a store; the others are told who, and SIGKILL frees it at once", async () => {
  const dir = folder();
  const owner = child(dir, "hold");
  const { open: pid } = await owner.next();
  const fault = faultOf(() => openStore(dir));
  expect(fault.code).toBe("store-locked");
  expect(fault.message).toContain(String(pid));
  expect(fault.remedy).toContain("--data");
  const second = child(dir, "hold");
  expect(await second.next()).toEqual({ fault: "store-locked" });
  await owner.kill();
  expect(contentOf(dir)).toBe("[]");
});

test("of several that start at the same moment, at most one gets it", async () => {
  const dir = folder();
  const starters = Array.from({ length: 4 }, () => child(dir, "hold"));
  const said = await Promise.all(starters.map((starter) => starter.next()));
  expect(said.filter((line) => line.open !== undefined).length).toBeLessThanOrEqual(1);
  expect(said.filter((line) => line.fault === "store-locked").length).toBeGreaterThanOrEqual(3);
});

test("one process cannot open a store twice, and can again after closing", () => {
  const dir = folder();
  const store = openStore(dir);
  expect(faultOf(() => openStore(dir)).code).toBe("store-locked");
  store.batch([{ key: "a", value: "1" }]);
  expect(faultOf(() => openStore(dir)).code).toBe("store-locked");
  store.close();
  expect(contentOf(dir)).toBe('[["a","1"]]');
});

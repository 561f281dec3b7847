/** Stores with one byte changed: what is noticed has its place. */
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { openStore } from "../../node/store/mod.ts";
import { child, contentOf, folder, foundIn } from "./helpers.ts";

/** A page of the database, and the same in its log. */
export const BLOCK = 4096;
const FRAME = BLOCK + 24;

/** A store of several pages, closed: all in one file. */
export function closedStore(): string {
  const dir = join(folder(), "closed");
  const store = openStore(dir);
  for (let index = 0; index < 40; index++) {
    store.batch([{ key: `task/${index}`, value: `value ${index} ${"xyz".repeat(index * 20)}` }]);
  }
  store.batch([{ key: "task/7", value: null }]);
  store.close();
  return dir;
}

/** A store whose owner was killed: all in the log. */
export async function killedStore(): Promise<string> {
  const dir = join(folder(), "killed");
  const owner = child(dir, "burst");
  expect((await owner.next()).facts).toEqual(["seen"]);
  await owner.kill();
  return dir;
}

/** Opens copies of `dir`, each with one byte of `file` changed. Returns how many were noticed, each with its place, within a page. */
export function flipped(dir: string, file: string, flips: number): number {
  const copy = `${dir}-copy`;
  const whole = readFileSync(join(dir, file));
  cpSync(dir, copy, { recursive: true });
  const right = contentOf(copy);
  expect(right.startsWith("[[")).toBe(true);
  let noticed = 0;
  for (let index = 0; index < flips; index++) {
    const offset = index < 100 ? index : Math.floor((index * whole.length) / flips);
    const bytes = Buffer.from(whole);
    bytes[offset] = (bytes[offset] ?? 0) ^ (1 << (index % 8));
    rmSync(copy, { recursive: true });
    cpSync(dir, copy, { recursive: true });
    writeFileSync(join(copy, file), bytes);
    const { content, fault } = foundIn(copy);
    if (content === right) continue;
    noticed += 1;
    expect(["store-damaged", "store-io"], `byte ${offset} of ${file}: ${content}`).toContain(fault?.code);
    if (fault?.code !== "store-damaged") continue;
    const told = `byte ${offset} of ${file}: ${fault.message}`;
    expect(fault.details?.["damaged"], told).toBe(join(copy, file));
    expect(Math.abs(Number(fault.details?.["offset"]) - offset), told).toBeLessThanOrEqual(FRAME);
    expect(fault.message).toContain(`near byte ${fault.details?.["offset"]} of ${file}`);
    expect(fault.remedy, told).toContain("start afresh");
  }
  return noticed;
}

/** Who has the store: `<data>/store.pid`, for the message only. The lock itself is the kernel's. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const name = "store.pid";

export function owner(dataDir: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(dataDir, name), "utf8").slice(0, 32));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Only with the lock in hand. */
export function claim(dataDir: string): void {
  writeFileSync(join(dataDir, name), `${process.pid}\n`, { mode: 0o600 });
}

export function release(dataDir: string): void {
  rmSync(join(dataDir, name), { force: true });
}

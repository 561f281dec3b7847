/** Sins of the driver of the modelled world: what is written, when it is said, what is told to the machines and what is not. */
import type { Sin } from "./bent.ts";

const DRIVER = "sim/driver.ts";
const HOST = "sim/host.ts";
const HANDLERS = "sim/handlers.ts";

export const DRIVER_SINS: readonly Sin[] = [
  {
    name: "the driver sends before the sync",
    file: DRIVER,
    find: "    host.synced_at = done_at;\n",
    put: `    host.synced_at = done_at;
    this.#performAll(host, effects.filter(({ type }) => type !== "keep"));
    effects = effects.filter(({ type }) => type === "keep");
`,
    breaks: ["votes", "P1"],
    worlds: 500,
  },
  {
    name: "the driver does not wait for what the turn before keeps",
    file: DRIVER,
    find: "if (done_at <= now_us && host.syncing === 0)",
    put: "if (!writes)",
    breaks: ["P1", "P2", "P3", "P6", "votes"],
    worlds: 10_000,
  },
  {
    name: "the driver performs effects in another order",
    file: DRIVER,
    find: "    for (const effect of effects) {\n      const fate",
    put: "    for (const effect of effects.toReversed()) {\n      const fate",
    breaks: ["votes", "P1"],
    worlds: 500,
  },
  {
    name: "the driver drops answers that say no",
    file: DRIVER,
    find: "    evidence.answers.set(ref, answer);",
    put: "    if (!answer.ok) return;\n    evidence.answers.set(ref, answer);",
    breaks: ["answer"],
    worlds: 500,
  },
  {
    name: "the driver forgets to stop handlers",
    file: DRIVER,
    find: "return this.#handlers.stop(host, effect);",
    put: "return;",
    breaks: ["quiet"],
    worlds: 500,
  },
  {
    name: "the driver loses an alarm now and then",
    file: DRIVER,
    find: "    const alarm = ++host.alarm;\n",
    put: "    const alarm = ++host.alarm;\n    if (alarm % 50 === 0) return;\n",
    breaks: ["P3", "memory", "quiet"],
    worlds: 1_000,
  },
  {
    name: "the driver drops the end of work that failed",
    file: HANDLERS,
    find: '    this.#ground.tell(host, (instant) => ({ ...instant, type: "ran"',
    put: '    if (result.ok) this.#ground.tell(host, (instant) => ({ ...instant, type: "ran"',
    breaks: ["memory", "capacity"],
    worlds: 500,
  },
  {
    name: "the driver hands events in with an older now",
    file: HOST,
    find: "return { now: this.now(at_us), wall: this.wall(at_us) };",
    put: "return { now: this.now(at_us) - 300 * (at_us % 5), wall: this.wall(at_us) };",
    breaks: ["throws"],
    worlds: 500,
  },
  {
    name: "the disk is empty after a crash",
    file: HOST,
    find: "if (this.spec.durable === false) this.disk.clear();",
    put: "this.disk.clear();",
    breaks: ["votes", "P1"],
    worlds: 500,
  },
  {
    name: "the disk keeps the first of several writes",
    file: HOST,
    find: "else this.disk.set(key, record);",
    put: "else if (!this.disk.has(key)) this.disk.set(key, record);",
    breaks: ["votes", "P1"],
    worlds: 500,
  },
  {
    name: "the disk keeps what is to be forgotten",
    file: HOST,
    find: "if (record === null) this.disk.delete(key);",
    put: "if (record === null) return;",
    breaks: ["memory"],
    worlds: 500,
  },
];

/**
 * Bugs that somebody could write into the real driver, a line each: each breaks a clause of the contract with the machines, and the
 * driver's own tests, on a real store and with real programs, must see it.
 */
import type { Bend } from "../../sim/planted/bent.ts";

const DRIVER = "node/driver/driver.ts";
const WORK = "node/driver/work.ts";

export const DRIVER_SINS: readonly Bend[] = [
  {
    name: "sends before the sync",
    file: DRIVER,
    find: "      this.#keep(effects);\n      for (const effect of effects) this.#perform(effect);",
    put: "      for (const effect of effects) this.#perform(effect);\n      this.#keep(effects);",
  },
  {
    name: "answers before what it answers for is kept",
    file: DRIVER,
    find: "      this.#keep(effects);\n",
    put: '      for (const effect of effects) if (effect.type === "answer") this.#perform(effect);\n      this.#keep(effects);\n',
  },
  {
    name: "performs effects in another order",
    file: DRIVER,
    find: "for (const effect of effects) this.#perform(effect);",
    put: "for (const effect of effects.toReversed()) this.#perform(effect);",
  },
  {
    name: "keeps each event's records alone",
    file: DRIVER,
    find: "for (const effect of peer.receive({ ...event, now: this.#now(), wall: Date.now() })) effects.push(effect);",
    put: "{ const own = peer.receive({ ...event, now: this.#now(), wall: Date.now() }); this.#keep(own); effects.push(...own); }",
  },
  {
    name: "of several writes to one key the first is kept",
    file: DRIVER,
    find: 'if (effect.type === "keep") writes.set(',
    put: 'if (effect.type === "keep" && !writes.has(effect.key)) writes.set(',
  },
  {
    name: "what is to be forgotten is kept",
    file: DRIVER,
    find: "effect.record === null ? null : JSON.stringify(effect.record)",
    put: "JSON.stringify(effect.record)",
  },
  {
    name: "forgets at the start what was kept",
    file: DRIVER,
    find: '{ type: "start", kept: parts.kept }',
    put: '{ type: "start", kept: [] }',
  },
  {
    name: "hands in what came meanwhile before the start",
    file: DRIVER,
    find: "this.#queue.unshift({",
    put: "this.#queue.push({",
  },
  {
    name: "events come with an older now",
    file: DRIVER,
    find: "now: this.#now(), wall: Date.now() }",
    put: "now: this.#now() - 10 * (this.#ref++ % 2), wall: Date.now() }",
  },
  {
    name: "an alarm rings before its time",
    file: DRIVER,
    find: "Math.max(0, at - this.#now()));\n    this.#timer = setTimeout(() => (this.#now() < at ? this.#wake(at) : this.push",
    put: "Math.max(0, (at - this.#now()) / 2));\n    this.#timer = setTimeout(() => (this.#now() < 0 ? this.#wake(at) : this.push",
  },
  {
    name: "an alarm that was moved rings at its old time too",
    file: DRIVER,
    find: "    clearTimeout(this.#timer);\n    const wait",
    put: "    const wait",
  },
  {
    name: "a wish is not answered",
    file: DRIVER,
    find: "this.#answers.get(effect.ref)?.(effect.answer);",
    put: "",
  },
  {
    name: "goes on after a machine broke",
    file: DRIVER,
    find: "      this.close();\n      this.#options.onFatal(",
    put: "      this.#options.onFatal(",
  },
  {
    name: "a run's end is told twice",
    file: WORK,
    find: "      const record = await recording?.end(ran);",
    put: '      const record = undefined; if (ran.ok) this.#push({ type: "ran", task, fence, result: { ok: true, output: JSON.stringify(ran.output), ms: ran.ms } });',
  },
  {
    name: "the end of a run that failed is dropped",
    file: WORK,
    find: "      const record = await recording?.end(ran);",
    put: "      if (!ran.ok) return; const record = undefined;",
  },
  {
    name: "a run without its agent has no end",
    file: WORK,
    find: '      this.#push({ type: "ran", task, fence, result: { ok: false, reason: "spawn"',
    put: '      void ({ type: "ran", task, fence, result: { ok: false, reason: "spawn"',
  },
  {
    name: "a stop does not reach the handler",
    file: WORK,
    find: "?.abort.abort();",
    put: "?.abort.signal;",
  },
  {
    name: "a stop reaches all handlers",
    file: WORK,
    find: "?.abort.abort();",
    put: "?.abort.signal;\n    this.stopAll();",
  },
];

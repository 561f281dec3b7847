/** Named export, synchronous; answers with what JSON cannot carry, as asked. */
const cycle: { self?: unknown } = {};
cycle.self = cycle;
let deep: unknown = null;
for (let level = 0; level < 50_000; level++) deep = [deep];

const answers = new Map<string, () => unknown>([
  ["nothing", () => undefined],
  ["null", () => null],
  ["NaN", () => ({ share: Number.NaN })],
  ["BigInt", () => ({ many: 1n })],
  ["function", () => ({ later: () => 1 })],
  ["Map", () => new Map([["a", 1]])],
  ["hole", () => [1, undefined]],
  ["cycle", () => cycle],
  ["deep", () => deep],
  ["date", () => ({ at: new Date(0), gone: undefined })],
  ["large", () => "x".repeat(65_535)],
  ["fits", () => "x".repeat(65_534)],
  [
    "throw",
    () => {
      throw new Error("no such luck");
    },
  ],
  [
    "throw text",
    () => {
      throw "just words";
    },
  ],
  [
    "retry",
    () => {
      throw Object.assign(new Error("busy now"), { retry: true });
    },
  ],
]);

export function handle(input: string): unknown {
  return answers.get(input)?.();
}

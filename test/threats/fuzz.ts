/**
 * F4: every decoder of the product is given changed bytes. None may throw what is not its own error, take more than 20 ms of the
 * processor, touch a prototype, or hold on to memory. A seed and a number name every attempt: `npm run threats fuzz` prints the bytes of
 * one that fails.
 */
import { isPromise } from "node:util/types";
import { makeCast } from "../../node/tools/vectors/cast.ts";
import type { Seal } from "../../protocols/mod.ts";
import { type Decoder, decoders, isOwn } from "./fuzz/decoders.ts";
import { mutated, resealed, resealedWithin } from "./fuzz/mutate.ts";
import { heldBytes } from "./held.ts";
import { type Row, Tally } from "./row.ts";
import { type Chance, seeded } from "./seeded.ts";

const HANG_MS = 20;
/** A pause of the collector is not there twice. */
const AGAIN = 9;
const WARM_UP = 100;
const MIB = 2 ** 20;
/** Between a quarter of the attempts, when caches are full, and all of them. */
const GROWTH_BYTES = 8 * MIB;
const SHOWN_BYTES = 600;

export interface FuzzOptions {
  /** Attempts at each decoder. */
  readonly each: number;
  readonly seed?: number;
  /** Only decoders whose name has this in it. */
  readonly only?: string;
  readonly say?: (text: string) => void;
}

export async function tryFuzz({ each, seed = 1, only = "", say }: FuzzOptions): Promise<Row> {
  const { alice, bob } = await makeCast();
  const all = decoders(alice, bob).filter(({ name }) => name.includes(only));
  return fuzzAll(all, { each, seed, seal: alice.seal, ...(say === undefined ? {} : { say }) });
}

export interface FuzzAllOptions extends Omit<FuzzOptions, "only"> {
  /** Whoever signs again what was changed. */
  readonly seal: Seal;
}

export async function fuzzAll(
  all: readonly Decoder[],
  { each, seed = 1, seal, say = () => undefined }: FuzzAllOptions,
): Promise<Row> {
  const tally = new Tally("decoders", "fuzz");
  let slowest = { name: "", ms: 0 };
  let most_bytes = 0;
  for (const one of all) {
    const own = new Tally("decoders", one.name);
    const found = await fuzzOne(one, { each, seed, seal, tally: own });
    tally.include(own.row());
    if (found.slowest_ms > slowest.ms) slowest = { name: one.name, ms: found.slowest_ms };
    most_bytes = Math.max(most_bytes, found.grown_bytes);
    const [ms, kib] = [found.slowest_ms.toFixed(1), Math.round(found.grown_bytes / 1_024)];
    say(`${one.name}: ${found.refused} of ${each} refused, slowest ${ms} ms, ${kib} KiB more`);
  }
  return tally.row(
    `${each} attempts at each of ${all.length} decoders; slowest ${slowest.ms.toFixed(1)} ms (${slowest.name}); heap at most ${(most_bytes / MIB).toFixed(1)} MiB more`,
  );
}

interface Run {
  readonly each: number;
  readonly seed: number;
  readonly seal: Seal;
  readonly tally: Tally;
}

interface Found {
  readonly refused: number;
  readonly slowest_ms: number;
  readonly grown_bytes: number;
}

async function fuzzOne(one: Decoder, { each, seed, seal, tally }: Run): Promise<Found> {
  const chance = seeded(seed);
  // A round takes as long as many attempts.
  const rounds = each < 1_000 ? 1 : 2;
  const before = prototypes();
  // Code that runs for the first time is slow.
  const { samples } = one;
  for (const [index, sample] of samples.entries()) {
    const { isRefused } = await once(one, Buffer.from(sample));
    tally.add(isRefused ? `${one.name} refuses what is right (sample ${index})` : undefined);
  }
  for (let times = 0; times < Math.min(WARM_UP, each); times++)
    await once(one, Buffer.from(samples[times % samples.length] ?? []));
  let [refused, slowest_ms, early] = [0, 0, 0];
  for (let attempt = 0; attempt < each; attempt++) {
    if (attempt === Math.floor(each / 4)) early = heldBytes(rounds);
    const bytes = made(one, chance, seal);
    const { ms, wrong, isRefused } = await tried(one, bytes);
    slowest_ms = Math.max(slowest_ms, ms);
    if (isRefused) refused += 1;
    const why = ms > HANG_MS ? `it thought for ${Math.round(ms)} ms` : wrong;
    tally.add(
      why === undefined
        ? undefined
        : `${one.name}, attempt ${attempt}: ${why}, of ${bytes.toString("base64").slice(0, SHOWN_BYTES)}`,
    );
  }
  const grown_bytes = heldBytes(rounds) - early;
  tally.add(
    grown_bytes < GROWTH_BYTES ? undefined : `${one.name}: the heap grew by ${Math.round(grown_bytes / MIB)} MiB`,
  );
  tally.add(isSame(before, prototypes()) ? undefined : `${one.name}: a prototype was changed`);
  return { refused, slowest_ms, grown_bytes };
}

/** Half of what can be signed is signed again after the change. */
function made({ samples, sealed }: Decoder, chance: Chance, seal: Seal): Buffer {
  const sample = chance.pick(samples);
  if (sealed === undefined || chance.below(2) === 0) return mutated(chance, sample, samples);
  if (sealed === "holds") return resealedWithin(chance, sample, seal);
  return resealed(chance, sample, seal) ?? mutated(chance, sample, samples);
}

interface Tried {
  readonly ms: number;
  readonly wrong?: string;
  readonly isRefused: boolean;
}

async function tried(one: Decoder, bytes: Buffer): Promise<Tried> {
  let best = await once(one, bytes);
  for (let again = 0; best.ms > HANG_MS && again < AGAIN; again++) {
    const next = await once(one, bytes);
    if (next.ms < best.ms) best = next;
  }
  return best;
}

async function once({ read }: Decoder, bytes: Buffer): Promise<Tried> {
  const start = thought_ms();
  try {
    const found = read(bytes);
    const ms = thought_ms() - start;
    const value: unknown = isPromise(found) ? await found : found;
    return { ms, isRefused: value === undefined };
  } catch (error) {
    const ms = thought_ms() - start;
    return isOwn(error) ? { ms, isRefused: true } : { ms, isRefused: true, wrong: `it threw ${String(error)}` };
  }
}

/** Of the processor, by this thread: what others do on the machine does not count. */
function thought_ms(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** All that a polluting reader could have changed. */
function prototypes(): readonly PropertyDescriptor[] {
  const all: readonly object[] = [
    Object,
    Array,
    String,
    Number,
    Boolean,
    Function,
    Map,
    Set,
    Promise,
    Error,
    Uint8Array,
    Buffer,
  ];
  return all.flatMap((one) => [one, Reflect.get(one, "prototype")].flatMap(descriptors));
}

function descriptors(value: unknown): readonly PropertyDescriptor[] {
  return typeof value === "object" || typeof value === "function"
    ? Object.values(Object.getOwnPropertyDescriptors(value ?? {}))
    : [];
}

function isSame(before: readonly PropertyDescriptor[], after: readonly PropertyDescriptor[]): boolean {
  return (
    before.length === after.length &&
    before.every(({ value, get, set }, index) => {
      const other = after[index];
      return other !== undefined && Object.is(value, other.value) && get === other.get && set === other.set;
    })
  );
}

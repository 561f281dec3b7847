/** Decoders that do what none may, and the words by which each is found out. */
import type { Decoder } from "./decoders.ts";

const samples = [Buffer.from('{"a":1}')];
const kept: Buffer[] = [];

export function faulty(): readonly (readonly [string, Decoder])[] {
  return [
    ["it threw", { name: "throws", samples, read: (bytes) => (bytes.length === 7 ? true : JSON.parse("{")) }],
    ["it thought for", { name: "thinks", samples, read: thinking }],
    ["a prototype was changed", { name: "pollutes", samples, read: polluting }],
    ["the heap grew by", { name: "keeps", samples, read: () => kept.push(Buffer.alloc(4 * 2 ** 20, 1)) }],
    ["refuses what is right", { name: "refuses", samples, read: () => undefined }],
  ];
}

/** On the processor: on a busy machine time alone passes by itself. */
function thinking(bytes: Buffer): true {
  const spent_us = () => process.threadCpuUsage().user;
  const until_us = spent_us() + (bytes.length === 7 ? 0 : 25_000);
  while (spent_us() < until_us);
  return true;
}

function polluting(): true {
  Reflect.set(Object.prototype, "polluted", 1);
  return true;
}

/**
 * Two requests of libp2p's Kademlia protocol, as bytes: put a record, and get one (libp2p's kad-dht specification, "RPC messages").
 * Just enough to see what a DHT server keeps.
 */
import { varint } from "./envelopes.ts";

const PUT_VALUE = 0;
const GET_VALUE = 1;
const TAG = { type: 0x08, key: 0x12, record: 0x1a, recordKey: 0x0a, recordValue: 0x12 } as const;
const LENGTH_DELIMITED = 2;

export function putRequest(key: Buffer, value: Buffer): Buffer {
  const record = Buffer.concat([field(TAG.recordKey, key), field(TAG.recordValue, value)]);
  return Buffer.concat([Buffer.of(TAG.type, PUT_VALUE), field(TAG.key, key), field(TAG.record, record)]);
}

export function getRequest(key: Buffer): Buffer {
  return Buffer.concat([Buffer.of(TAG.type, GET_VALUE), field(TAG.key, key)]);
}

/** The value in the record of an answer; undefined when it has none, or is no answer. */
export function valueIn(answer: Uint8Array): Buffer | undefined {
  const record = fieldOf(Buffer.from(answer), TAG.record);
  return record === undefined ? undefined : fieldOf(record, TAG.recordValue);
}

function field(tag: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.of(tag), varint(value.length), value]);
}

function fieldOf(bytes: Buffer, wanted: number): Buffer | undefined {
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at++] ?? 0;
    const [value, next] = numberAt(bytes, at);
    const isBytes = (tag & 7) === LENGTH_DELIMITED;
    if (tag === wanted) return isBytes ? bytes.subarray(next, next + value) : undefined;
    at = isBytes ? next + value : next;
  }
  return undefined;
}

function numberAt(bytes: Buffer, from: number): [value: number, next: number] {
  let value = 0;
  let at = from;
  for (let shift = 0; shift < 28 && at < bytes.length; shift += 7) {
    const byte = bytes[at++] ?? 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return [value, at];
}

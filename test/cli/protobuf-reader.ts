/** Reads protobuf's wire format as its specification describes it, knowing nothing of the writer under test. */
export interface Field {
  readonly number: number;
  /** Of wire types 0 and 1. */
  readonly value: bigint | undefined;
  /** Of wire type 2. */
  readonly bytes: Uint8Array;
}

const NONE = new Uint8Array();

export function fieldsOf(bytes: Uint8Array): Field[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
      if (shift > 63n) throw new Error("a varint of more than 10 bytes");
    }
  };
  const fields: Field[] = [];
  while (at < bytes.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    switch (tag & 7n) {
      case 0n:
        fields.push({ number, value: varint(), bytes: NONE });
        break;
      case 1n:
        fields.push({ number, value: view.getBigUint64(at, true), bytes: NONE });
        at += 8;
        break;
      case 2n: {
        const length = Number(varint());
        if (at + length > bytes.length) throw new Error("a field is longer than its message");
        fields.push({ number, value: undefined, bytes: bytes.subarray(at, at + length) });
        at += length;
        break;
      }
      default:
        throw new Error(`wire type ${tag & 7n}`);
    }
  }
  return fields;
}

export function textOf(fields: readonly Field[], number: number): string {
  const found = fields.find((field) => field.number === number);
  return new TextDecoder("utf-8", { fatal: true }).decode(found?.bytes ?? NONE);
}

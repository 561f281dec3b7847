/** Writing protobuf messages by hand: the three wire types that a Perfetto trace needs (protobuf.dev/programming-guides/encoding). Pure. */

/** One message under construction. Field numbers come from the .proto; fields are written in the order of the calls. */
export class Message {
  readonly #parts: Uint8Array[] = [];

  /** Varint: int32, int64, uint64, bool and enums. Not for negative numbers. */
  varint(field: number, value: number | bigint): this {
    this.#parts.push(varint((BigInt(field) << 3n) | 0n), varint(BigInt(value)));
    return this;
  }

  fixed64(field: number, value: bigint): this {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, value, true);
    this.#parts.push(varint((BigInt(field) << 3n) | 1n), bytes);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: Message): this {
    return this.bytes(field, value.finish());
  }

  bytes(field: number, value: Uint8Array): this {
    this.#parts.push(varint((BigInt(field) << 3n) | 2n), varint(BigInt(value.length)), value);
    return this;
  }

  finish(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

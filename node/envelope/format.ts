/**
 * The bytes of a libp2p signed envelope (RFC 0002 of libp2p's specs), for Ed25519 keys: the protobuf on the wire and the
 * buffer that is signed. Reading is strict: the four fields once each and in order, as every encoder writes them, so one
 * envelope has one form. Pure.
 */

/** What the signature is good for: bytes signed for another domain are worth nothing here. */
const DOMAIN = Buffer.from("moot");
/** What is inside: UTF-8 JSON. In the place of a multicodec, which private types do not have. */
const PAYLOAD_TYPE = Buffer.from("/moot/doc");

/** libp2p's PublicKey protobuf for Ed25519: `type: 1, data: 32 bytes`. */
const KEY_PREFIX = Buffer.from([0x08, 0x01, 0x12, 0x20]);
const RAW_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

const TAG = { publicKey: 0x0a, payloadType: 0x12, payload: 0x1a, signature: 0x2a } as const;

export interface Envelope {
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

export function encodeEnvelope({ key, payload, signature }: Envelope): Buffer {
  return Buffer.concat([
    ...field(TAG.publicKey, Buffer.concat([KEY_PREFIX, key])),
    ...field(TAG.payloadType, PAYLOAD_TYPE),
    ...field(TAG.payload, payload),
    ...field(TAG.signature, signature),
  ]);
}

/** Undefined for anything that is not exactly such an envelope. The parts are views into `bytes`. */
export function decodeEnvelope(bytes: Uint8Array): Envelope | undefined {
  const reader = new Reader(bytes);
  const publicKey = reader.field(TAG.publicKey);
  const payloadType = reader.field(TAG.payloadType);
  const payload = reader.field(TAG.payload);
  const signature = reader.field(TAG.signature);
  if (publicKey === undefined || payloadType === undefined || payload === undefined || signature === undefined)
    return undefined;
  const good =
    reader.atEnd &&
    publicKey.length === KEY_PREFIX.length + RAW_KEY_BYTES &&
    KEY_PREFIX.equals(publicKey.subarray(0, KEY_PREFIX.length)) &&
    PAYLOAD_TYPE.equals(payloadType) &&
    signature.length === SIGNATURE_BYTES;
  return good ? { key: publicKey.subarray(KEY_PREFIX.length), payload, signature } : undefined;
}

/** What is signed: domain, type and payload, each behind its length, so that none can leak into another. */
export function signedBytes(payload: Uint8Array): Buffer {
  return Buffer.concat([PREFIX, varint(payload.length), payload]);
}
const PREFIX = Buffer.concat([varint(DOMAIN.length), DOMAIN, varint(PAYLOAD_TYPE.length), PAYLOAD_TYPE]);

function field(tag: number, value: Uint8Array): Uint8Array[] {
  return [Buffer.from([tag]), varint(value.length), value];
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  field(tag: number): Uint8Array | undefined {
    if (this.#bytes[this.#at] !== tag) return undefined;
    this.#at += 1;
    const length = this.#varint();
    if (length === undefined || this.#at + length > this.#bytes.length) return undefined;
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** In its shortest form, up to 28 bits. */
  #varint(): number | undefined {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) return undefined;
      this.#at += 1;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return byte === 0 && shift > 0 ? undefined : value;
    }
    return undefined;
  }
}

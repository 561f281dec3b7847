/**
 * A database file page by page, read without SQLite (https://www.sqlite.org/fileformat.html): as much of the form as it takes to say
 * where a file is damaged. Only for a file that no process of ours has open: closing it would free its lock.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

export const HEAD_BYTES = 100;
const MAGIC = "SQLite format 3\0";
const PAGE_BYTES_MIN = 512;
const PAGE_BYTES_MAX = 65_536;

/** Places in the head. */
const AT = {
  page_bytes: 16,
  write: 18,
  read: 19,
  fixed: 20,
  pages: 28,
  free: 32,
  form: 44,
  vacuum: 52,
  text: 56,
  shrinking: 64,
} as const;
/** No room kept in pages, and the shares of payload, which are the same in all files. */
const FIXED = Buffer.from([0, 64, 32, 32]);
const UTF8 = 1;

/** Kinds of tree pages, as their first byte says. */
export const KIND = { indexInner: 2, tableInner: 5, indexLeaf: 10, tableLeaf: 13 } as const;

export class PageFile {
  readonly bytes: number;
  readonly page_bytes: number;
  /** Whole pages. */
  readonly count: number;
  readonly #fd: number;

  /** Throws what the file system throws. */
  constructor(file: string) {
    this.#fd = openSync(file, "r");
    this.bytes = fstatSync(this.#fd).size;
    const size = this.#read(AT.page_bytes, 2).readUInt16BE();
    const page_bytes = size === 1 ? PAGE_BYTES_MAX : size;
    this.page_bytes = page_bytes >= PAGE_BYTES_MIN && (page_bytes & (page_bytes - 1)) === 0 ? page_bytes : 0;
    this.count = this.page_bytes === 0 ? 0 : Math.floor(this.bytes / this.page_bytes);
  }

  has(page: number): boolean {
    return page >= 1 && page <= this.count;
  }

  /** `page`: from 1. */
  page(page: number): Buffer {
    return this.#read(this.offsetOf(page), this.page_bytes);
  }

  offsetOf(page: number): number {
    return (page - 1) * this.page_bytes;
  }

  /** What is wrong with the head by itself. */
  headFlaw(): string | undefined {
    const head = this.#read(0, HEAD_BYTES);
    if (head.toString("latin1", 0, MAGIC.length) !== MAGIC || this.page_bytes === 0) return "it is not a database";
    const [write = 0, read = 0] = head.subarray(AT.write);
    const isKnown =
      write === read && (write === 1 || write === 2) && head.subarray(AT.fixed, AT.fixed + 4).equals(FIXED);
    const [form, ...none] = [AT.form, AT.vacuum, AT.shrinking].map((at) => head.readUInt32BE(at));
    const text = head.readUInt32BE(AT.text);
    if (!isKnown || form !== 4 || none.some((field) => field !== 0) || text !== UTF8)
      return "its head is not what was written";
    return undefined;
  }

  /** How many pages the head says that there are. */
  get said(): number {
    return this.#read(AT.pages, 4).readUInt32BE();
  }

  /** The first page of the list of free ones, and their number. */
  get free(): { readonly first: number; readonly count: number } {
    const field = this.#read(AT.free, 8);
    return { first: field.readUInt32BE(0), count: field.readUInt32BE(4) };
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** Zeros behind the file's end. */
  #read(offset: number, bytes: number): Buffer {
    const buffer = Buffer.alloc(bytes);
    readSync(this.#fd, buffer, 0, bytes, offset);
    return buffer;
  }
}

/** A number of one to nine bytes, and how many they are. Undefined: it goes on behind the end. */
export function varint(bytes: Buffer, at: number): { readonly value: number; readonly length: number } | undefined {
  let value = 0;
  for (let length = 1; length <= 9; length++) {
    const byte = bytes[at + length - 1];
    if (byte === undefined) return undefined;
    if (length === 9) return { value: value * 256 + byte, length };
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, length };
  }
  return undefined;
}

export interface Column {
  readonly kind: "text" | "number" | "other";
  /** In the record. */
  readonly at: number;
  readonly bytes: Buffer;
  /** Of kind "number". */
  readonly number: number;
}

const INTEGER_BYTES = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0] as const;

/** A row as it stands in its cell. Undefined: it is of no form. */
export function columnsOf(record: Buffer): readonly Column[] | undefined {
  const head = varint(record, 0);
  if (head === undefined || head.value > record.length) return undefined;
  const columns: Column[] = [];
  let at = head.value;
  for (let place = head.length; place < head.value; ) {
    const serial = varint(record, place);
    if (serial === undefined || serial.value === 10 || serial.value === 11) return undefined;
    place += serial.length;
    const { value } = serial;
    const length = value >= 12 ? Math.floor((value - 12) / 2) : (INTEGER_BYTES[value] ?? 0);
    const bytes = record.subarray(at, at + length);
    if (bytes.length < length) return undefined;
    columns.push({ kind: kindOf(value), at, bytes, number: numberOf(value, bytes) });
    at += length;
  }
  return at === record.length ? columns : undefined;
}

function kindOf(serial: number): Column["kind"] {
  if (serial >= 13 && serial % 2 === 1) return "text";
  return (serial >= 1 && serial <= 6) || serial === 8 || serial === 9 ? "number" : "other";
}

function numberOf(serial: number, bytes: Buffer): number {
  if (serial === 9) return 1;
  if (serial >= 1 && serial <= 5) return bytes.readIntBE(0, bytes.length);
  return serial === 6 ? Number(bytes.readBigInt64BE()) : 0;
}

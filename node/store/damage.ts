/**
 * Where a database is damaged, when it is known that it is: all its trees are walked, every row is checked against its checksum, and
 * the first page that can be shown to be bad is named. A checksum tells one changed byte exactly. Reads the file alone.
 */
import { changedByte } from "./changed-byte.ts";
import { type Column, columnsOf, HEAD_BYTES, KIND, PageFile, varint } from "./pages.ts";

export interface Flaw {
  readonly offset: number;
  /** Other pages of the same row, by the offsets of their first bytes: its checksum does not say which of them it is. */
  readonly or?: readonly number[];
}

/** A row with its checksum. */
export interface Checked {
  readonly sum: Column;
  readonly computed: number;
  /** The last of what the checksum is of; absent where it is of numbers. */
  readonly last?: Column;
}
/** Undefined: rows of this table have no checksum. "odd": it is of no form that its table has. */
export type Check = (table: string, columns: readonly Column[]) => Checked | "odd" | undefined;

/** The first flaw that the file shows by itself. Undefined: none. Throws what the file system throws. */
export function flawOf(file: string, check: Check): Flaw | undefined {
  const pages = new PageFile(file);
  try {
    if (pages.headFlaw() !== undefined) return { offset: 0 };
    return new Walk(pages, check).flaw();
  } finally {
    pages.close();
  }
}

/** Where the rows of a table begin; undefined when that cannot be read. */
export function rootOf(file: string, table: string): number | undefined {
  const pages = new PageFile(file);
  try {
    if (pages.headFlaw() !== undefined) return undefined;
    const root = new Walk(pages, () => undefined).roots().find(({ name }) => name === table)?.root;
    return root === undefined ? undefined : pages.offsetOf(root);
  } finally {
    pages.close();
  }
}

/** A piece of a row: where it is in the file, and who points there. */
interface Piece {
  readonly page: number;
  readonly holder: number;
  readonly offset: number;
  readonly length: number;
}
interface Row {
  readonly table: string;
  readonly record: Buffer;
  readonly pieces: readonly Piece[];
}
interface Cell {
  readonly table: string;
  readonly tree: "table" | "index";
  readonly page: number;
  readonly bytes: Buffer;
  readonly at: number;
}

/** A page that is not what its holder takes it for. */
interface Suspect {
  readonly page: number;
  readonly holder: number;
}

const RECORD_BYTES_MAX = 16 * 1024 * 1024;

class Walk {
  readonly #pages: PageFile;
  readonly #check: Check;
  readonly #owned = new Set<number>();
  /** More than one page points there. */
  readonly #contested = new Set<number>();
  readonly #suspects: Suspect[] = [];
  readonly #rows: Row[] = [];
  #certain: Flaw | undefined;
  #isCut = false;

  constructor(pages: PageFile, check: Check) {
    this.#pages = pages;
    this.#check = check;
  }

  flaw(): Flaw | undefined {
    for (const { name, root } of this.roots()) this.#tree(name, root);
    const ofTrees = this.#certain;
    // Last, and believed last: a row proves whose its pages are, and the list of free ones proves nothing.
    this.#certain = undefined;
    this.#freePages();
    const { bytes, said, count } = this.#pages;
    // Pages behind the end: the file was cut there.
    if (this.#isCut && said > count) return { offset: bytes };
    const flaw = ofTrees ?? this.#ofSuspects() ?? this.#ofRows() ?? this.#certain;
    return flaw ?? (said === count ? undefined : { offset: 0 });
  }

  /** The trees, as the first page lists them. */
  roots(): readonly { readonly name: string; readonly root: number }[] {
    const found: { name: string; root: number }[] = [];
    const first = this.#pages.page(1);
    if (!this.#claim(1, 1) || first[HEAD_BYTES] !== KIND.tableLeaf) return this.#bad(1) ?? found;
    for (const cell of this.#cells(1, first)) {
      const columns = columnsOf(this.#row({ ...cell, table: "", tree: "table" }).record);
      const [kind, name, , root] = columns ?? [];
      if (kind === undefined || name === undefined || root?.kind !== "number") this.#bad(1);
      else if (root.number > 0) found.push({ name: name.bytes.toString("utf8"), root: root.number });
    }
    return found;
  }

  #freePages(): void {
    const { first, count } = this.#pages.free;
    let [page, holder, seen] = [first, 1, 0];
    while (page !== 0) {
      if (!this.#claim(page, holder)) return this.#bad(holder);
      const bytes = this.#pages.page(page);
      const leaves = bytes.readUInt32BE(4);
      if (leaves > bytes.length / 4 - 2) return this.#bad(page);
      for (let index = 0; index < leaves; index++)
        if (!this.#claim(bytes.readUInt32BE(8 + 4 * index), page)) return this.#bad(page);
      seen += 1 + leaves;
      [page, holder] = [bytes.readUInt32BE(0), page];
    }
    if (seen !== count) this.#bad(holder);
  }

  #tree(table: string, root: number): void {
    const waiting: Suspect[] = [{ page: root, holder: 1 }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { page, holder } = next;
      if (!this.#claim(page, holder)) continue;
      const bytes = this.#pages.page(page);
      const kind = bytes[0];
      if (kind === KIND.tableInner || kind === KIND.indexInner)
        waiting.push({ page: bytes.readUInt32BE(8), holder: page });
      else if (kind !== KIND.tableLeaf && kind !== KIND.indexLeaf) {
        this.#suspects.push(next);
        continue;
      }
      for (const cell of this.#cells(page, bytes)) {
        const isInner = kind === KIND.tableInner || kind === KIND.indexInner;
        if (isInner) waiting.push({ page: bytes.readUInt32BE(cell.at), holder: page });
        if (kind === KIND.tableInner) continue;
        const tree = kind === KIND.tableLeaf ? "table" : "index";
        const row = this.#row({ ...cell, table, tree, at: cell.at + (isInner ? 4 : 0) });
        if (!this.#holds(row)) this.#rows.push(row);
      }
    }
  }

  /** The places of a page's cells. */
  #cells(page: number, bytes: Buffer): readonly Omit<Cell, "table" | "tree">[] {
    const head = page === 1 ? HEAD_BYTES : 0;
    const kind = bytes[head];
    const first = head + (kind === KIND.tableInner || kind === KIND.indexInner ? 12 : 8);
    const count = bytes.readUInt16BE(head + 3);
    const end = first + 2 * count;
    if (end > bytes.length) return this.#bad(page) ?? [];
    const cells = Array.from({ length: count }, (_, index) => ({
      page,
      bytes,
      at: bytes.readUInt16BE(first + 2 * index),
    }));
    const inside = cells.filter(({ at }) => at >= end && at + 4 <= bytes.length);
    if (inside.length < cells.length) this.#bad(page);
    return inside;
  }

  /** The record in a cell, with what of it is on pages of its own. */
  #row({ table, tree, page, bytes, at }: Cell): Row {
    const size = varint(bytes, at);
    const none: Row = {
      table,
      record: Buffer.alloc(0),
      pieces: [{ page, holder: page, offset: this.#pages.offsetOf(page) + at, length: 0 }],
    };
    if (size === undefined || size.value > RECORD_BYTES_MAX) return none;
    const key = tree === "table" ? (varint(bytes, at + size.length)?.length ?? 0) : 0;
    const from = at + size.length + key;
    const local = localBytes(size.value, bytes.length, tree);
    if (from + local > bytes.length) return none;
    const parts = [bytes.subarray(from, from + local)];
    const pieces: Piece[] = [{ page, holder: page, offset: this.#pages.offsetOf(page) + from, length: local }];
    let left = size.value - local;
    let holder = page;
    let next = left === 0 || from + local + 4 > bytes.length ? 0 : bytes.readUInt32BE(from + local);
    while (left > 0 && this.#claim(next, holder)) {
      const more = this.#pages.page(next);
      const length = Math.min(left, more.length - 4);
      parts.push(more.subarray(4, 4 + length));
      pieces.push({ page: next, holder, offset: this.#pages.offsetOf(next) + 4, length });
      left -= length;
      [holder, next] = [next, more.readUInt32BE(0)];
    }
    if (left === 0 && holder !== page && next !== 0) this.#bad(holder);
    return { table, record: Buffer.concat(parts), pieces };
  }

  #checked({ table, record }: Row): ReturnType<Check> {
    const columns = columnsOf(record);
    return columns === undefined ? "odd" : this.#check(table, columns);
  }

  #holds(row: Row): boolean {
    const checked = this.#checked(row);
    return checked === undefined || (checked !== "odd" && checked.sum.number === checked.computed);
  }

  /** Notes that one page points to another. False: it cannot, or was there before. */
  #claim(page: number, holder: number): boolean {
    if (!this.#pages.has(page)) {
      this.#isCut ||= page > this.#pages.count && page <= this.#pages.said;
      this.#bad(holder);
      return false;
    }
    if (this.#owned.has(page)) {
      this.#contested.add(page);
      return false;
    }
    this.#owned.add(page);
    return true;
  }

  /** Nothing but a change of this page explains it. */
  #bad(page: number): undefined {
    this.#certain ??= { offset: this.#pages.offsetOf(page) };
  }

  /** A page that another one rightly calls its own is not bad: whoever points to it is. */
  #ofSuspects(): Flaw | undefined {
    const [first] = this.#suspects;
    if (first === undefined) return undefined;
    return { offset: this.#pages.offsetOf(this.#contested.has(first.page) ? first.holder : first.page) };
  }

  #ofRows(): Flaw | undefined {
    const [row] = this.#rows;
    const [first] = row?.pieces ?? [];
    if (row === undefined || first === undefined) return undefined;
    const stray = row.pieces.find(({ page, holder }) => page !== holder && this.#contested.has(page));
    if (stray !== undefined) return { offset: this.#pages.offsetOf(stray.holder) };
    const byte = this.#changed(row);
    if (byte !== undefined) return { offset: byte };
    const others = row.pieces.slice(1).map(({ page }) => this.#pages.offsetOf(page));
    return { offset: first.offset, ...(others.length === 0 ? {} : { or: others }) };
  }

  /** The byte of the file that was changed, when it was only one. */
  #changed(row: Row): number | undefined {
    const checked = this.#checked(row);
    if (checked === "odd" || checked === undefined) return undefined;
    const { last, sum, computed } = checked;
    const inSum = differing(sum, computed);
    if (inSum !== undefined) return placeOf(inSum, row.pieces);
    const back = last === undefined ? undefined : changedByte(sum.number ^ computed, last.bytes.length);
    if (last === undefined || back === undefined) return undefined;
    return placeOf(last.at + last.bytes.length - 1 - back, row.pieces);
  }
}

/** The one byte of a stored checksum that is not what it should be, by its place in the record. */
function differing({ at, bytes }: Column, computed: number): number | undefined {
  if (bytes.length > 6) return undefined;
  const right = Buffer.alloc(bytes.length);
  if (computed >= 2 ** (8 * bytes.length - 1)) return undefined;
  right.writeUIntBE(computed, 0, bytes.length);
  const wrong = [...bytes.keys()].filter((index) => bytes[index] !== right[index]);
  return wrong.length === 1 && wrong[0] !== undefined ? at + wrong[0] : undefined;
}

/** In the file, of a place in a record. */
function placeOf(at: number, pieces: readonly Piece[]): number | undefined {
  let before = 0;
  for (const { offset, length } of pieces) {
    if (at < before + length) return offset + at - before;
    before += length;
  }
  return undefined;
}

/** How much of a record stays in its cell. */
function localBytes(bytes: number, page_bytes: number, tree: "table" | "index"): number {
  const most = tree === "table" ? page_bytes - 35 : Math.floor(((page_bytes - 12) * 64) / 255) - 23;
  if (bytes <= most) return bytes;
  const least = Math.floor(((page_bytes - 12) * 32) / 255) - 23;
  const fit = least + ((bytes - least) % (page_bytes - 4));
  return fit <= most ? fit : least;
}

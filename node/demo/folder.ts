/**
 * The demo's input: the text and source files of a folder, as documents that each fit into one task. Reads, never writes; every
 * bound it keeps is said in `notes`. Binaries are known by their bytes, and what tools wrote (dependencies, builds, lock files)
 * by its name.
 */
import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { plural } from "../cli/output.ts";
import { Fault } from "../fault.ts";

export interface Document {
  /** The path in the folder, with the part's number when the file was split. */
  readonly name: string;
  readonly text: string;
  readonly bytes: number;
}

export interface Folder {
  readonly root: string;
  readonly files: number;
  readonly bytes: number;
  readonly documents: readonly Document[];
  /** What was left out, split or cut, for people. */
  readonly notes: readonly string[];
}

export const FOLDER = {
  /** A text as JSON: a task's input is at most 64 KiB, and holds a name and options beside the text. */
  part_bytes: 56 * 1024,
  /** Of a longer file only the beginning is read. */
  parts_max: 4,
  file_bytes: 4 * 1024 * 1024,
  entries_max: 20_000,
} as const;

const SKIPPED_FOLDERS = new Set(
  "node_modules bower_components vendor dist build out target coverage __pycache__ venv site-packages".split(" "),
);
const GENERATED = /(^|[-.])lock(\.\w+)?$|\.(min\.\w+|map|svg)$|^npm-shrinkwrap\.json$|^go\.sum$/;

interface Left {
  generated: number;
  binary: number;
  large: number;
  unreadable: number;
  split: number;
  cut: number;
  unwalked: boolean;
}

/** Throws Fault "usage" when there is no such folder, or nothing in it to work on. */
export function readFolder(root: string): Folder {
  mustBeFolder(root);
  const left: Left = { generated: 0, binary: 0, large: 0, unreadable: 0, split: 0, cut: 0, unwalked: false };
  const documents: Document[] = [];
  let files = 0;
  for (const path of walk(root, left)) {
    const text = textOf(path, left);
    if (text === undefined || text.trim() === "") continue;
    files += 1;
    documents.push(...documentsOf(relative(root, path), text, left));
  }
  if (documents.length === 0) {
    throw new Fault("usage", `there is no text to work on in ${root}`, {
      remedy: "name a folder with text or source files: npm start -- <folder>",
    });
  }
  const bytes = documents.reduce((sum, document) => sum + document.bytes, 0);
  return { root, files, bytes, documents, notes: notesOf(left) };
}

function mustBeFolder(root: string): void {
  const remedy = "name a folder with text or source files: npm start -- <folder>";
  const found = statSync(root, { throwIfNoEntry: false });
  if (found === undefined) throw new Fault("usage", `there is no folder ${root}`, { remedy });
  if (!found.isDirectory()) throw new Fault("usage", `${root} is not a folder`, { remedy });
}

/** Files in an order that does not depend on the machine; links are not followed. */
function walk(root: string, left: Left): readonly string[] {
  const files: string[] = [];
  const folders = [root];
  let entries = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of entriesOf(folder, left)) {
      entries += 1;
      if (entries > FOLDER.entries_max) left.unwalked = true;
      if (left.unwalked) return files.sort();
      const { name } = entry;
      if (name.startsWith(".")) continue;
      if (entry.isDirectory() && !SKIPPED_FOLDERS.has(name)) folders.push(join(folder, name));
      if (!entry.isFile()) continue;
      if (GENERATED.test(name)) left.generated += 1;
      else files.push(join(folder, name));
    }
  }
  return files.sort();
}

function entriesOf(folder: string, left: Left): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    left.unreadable += 1;
    return [];
  }
}

/** Undefined for what is no text. */
function textOf(path: string, left: Left): string | undefined {
  try {
    if (statSync(path).size > FOLDER.file_bytes) {
      left.large += 1;
      return undefined;
    }
    const bytes = readFileSync(path);
    if (bytes.includes(0)) throw new TypeError("a text has no NUL");
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    // Bytes that are no UTF-8 are a TypeError; anything else is the disk's.
    if (error instanceof TypeError) left.binary += 1;
    else left.unreadable += 1;
    return undefined;
  }
}

function documentsOf(name: string, text: string, left: Left): Document[] {
  const parts = partsOf(text);
  if (parts.length > 1) left.split += 1;
  if (parts.length > FOLDER.parts_max) left.cut += 1;
  return parts.slice(0, FOLDER.parts_max).map((part, index) => ({
    name: parts.length === 1 ? name : `${name}#${index + 1}`,
    text: part,
    bytes: Buffer.byteLength(part),
  }));
}

/** Cut between lines; a line that is too long for a part by itself is cut where it must be. */
function partsOf(text: string): readonly string[] {
  if (jsonBytes(text) <= FOLDER.part_bytes) return [text];
  const parts: string[] = [];
  let part = "";
  let part_bytes = 0;
  for (const line of text.match(/[^\n]{0,8000}\n?/g) ?? []) {
    const bytes = jsonBytes(line);
    if (part_bytes + bytes > FOLDER.part_bytes) {
      parts.push(part);
      part = "";
      part_bytes = 0;
    }
    part += line.toWellFormed();
    part_bytes += bytes;
  }
  if (part !== "") parts.push(part);
  return parts;
}

export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function notesOf(left: Left): string[] {
  const kib = FOLDER.part_bytes / 1024;
  const notes = [
    left.generated > 0 && `${plural(left.generated, "generated file")} left out (lock files, maps)`,
    left.binary > 0 && `${plural(left.binary, "binary file")} left out`,
    left.large > 0 && `${plural(left.large, "file")} over ${FOLDER.file_bytes / 1024 / 1024} MiB left out`,
    left.unreadable > 0 && `${plural(left.unreadable, "entry", "entries")} could not be read`,
    left.split > 0 && `${plural(left.split, "file")} split into parts of at most ${kib} KiB`,
    left.cut > 0 && `${plural(left.cut, "file")} cut after ${FOLDER.parts_max} parts`,
    left.unwalked && `only the first ${FOLDER.entries_max} entries were looked at`,
  ];
  return notes.filter((note) => note !== false);
}

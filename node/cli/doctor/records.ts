/**
 * Records of runs and journals of nodes: are the chains of the newest whole? Reads only, so a node may run meanwhile: what it is still
 * writing has no end yet, and that is no finding. What a chain says is not judged here: `moot replay` does that.
 */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ChainReader, damaged } from "../../records/chain.ts";
import { fencesOf, fileOf, journalsIn, list, partsIn, recordsIn } from "../../records/places.ts";
import { plural } from "../output.ts";
import { bytesText } from "../transfer.ts";
import { type Finding, failed, some } from "./finding.ts";

/** Of records: the newest. Bytes bound the time that a look takes. */
const NEWEST = 100;
const RECORDS_BYTES = 256 * 1024 * 1024;
const JOURNAL_BYTES = 512 * 1024 * 1024;
const REMEDY = "restore the file from a copy; what it says cannot be trusted";

interface File {
  readonly file: string;
  readonly bytes: number;
  readonly at_ms: number;
}

export function checkRecords(data: string, isRunning: boolean): readonly Finding[] {
  const name = "records";
  const files = list(recordsIn(data))
    .filter((task) => /^[0-9a-f]{64}$/.test(task))
    .flatMap((task) => fencesOf(data, task).flatMap((fence) => fileAt(fileOf(data, task, fence))))
    .sort((left, right) => right.at_ms - left.at_ms);
  if (files.length === 0) return [{ name, level: "ok", detail: "none" }];
  const wrong: Finding[] = [];
  let [checked, open, read_bytes] = [0, 0, 0];
  for (const { file, bytes } of files.slice(0, NEWEST)) {
    if (read_bytes + bytes > RECORDS_BYTES) break;
    read_bytes += bytes;
    checked += 1;
    try {
      if (!isSealed([file])) open += 1;
    } catch (error) {
      if (statSync(file, { throwIfNoEntry: false }) !== undefined) wrong.push(failed(name, error, REMEDY));
    }
  }
  const total = bytesText(files.reduce((sum, { bytes }) => sum + bytes, 0));
  const detail = `${plural(files.length, "record")}, ${total}; the chains of the newest ${checked} are whole`;
  const head: Finding[] = wrong.length === 0 ? [{ name, level: "ok", detail }] : [];
  if (open > 0 && !isRunning) head.push(cutOff(name, plural(open, "record")));
  return [...head, ...some(name, wrong)];
}

/** The newest journal: older ones are no longer written, and `moot replay` plays any. */
export function checkJournals(data: string, isRunning: boolean): readonly Finding[] {
  const name = "journal";
  const journals = list(journalsIn(data)).filter((folder) => /^\d{1,16}$/.test(folder));
  const newest = journals.toSorted((left, right) => Number(right) - Number(left))[0];
  if (newest === undefined) return [];
  const folder = join(journalsIn(data), newest);
  const parts = partsIn(folder);
  const bytes = parts.flatMap(fileAt).reduce((sum, file) => sum + file.bytes, 0);
  const about = `${plural(journals.length, "journal")}, the newest of ${bytesText(bytes)}`;
  if (bytes > JOURNAL_BYTES)
    return [{ name, level: "ok", detail: `${about}: not read, it is large; moot replay ${folder} does` }];
  try {
    const isWhole = parts.length === 0 || isSealed(parts);
    if (!isWhole && !isRunning) return [cutOff(name, folder)];
    return [{ name, level: "ok", detail: `${about}; its chain is whole` }];
  } catch (error) {
    return [failed(name, error, REMEDY)];
  }
}

/** Whether the chain has its end. Throws Fault "store-damaged" with line and offset. */
function isSealed(parts: readonly string[]): boolean {
  const reader = new ChainReader(() => undefined);
  for (const [index, part] of parts.entries()) {
    const bytes = readFileSync(part);
    const rest = reader.add(bytes, part);
    if (rest === 0) continue;
    const place = { name: part, line: reader.lines + 1, offset: bytes.length - rest };
    if (reader.sealed) throw damaged(place, "something follows its end");
    if (index < parts.length - 1) throw damaged(place, "it ends within a line");
  }
  return reader.sealed;
}

function cutOff(name: string, what: string): Finding {
  const detail = `${what} without an end: cut off when the process ended; up to there the chain is whole`;
  return { name, level: "warn", detail, remedy: "nothing is lost but the end; moot replay plays it up to there" };
}

function fileAt(file: string): File[] {
  const found = statSync(file, { throwIfNoEntry: false });
  return found?.isFile() === true ? [{ file, bytes: found.size, at_ms: found.mtimeMs }] : [];
}

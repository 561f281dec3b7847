/**
 * Large data on disk: how much there is, what downloads left half made, and whether a sample is what its names say. Reads only, so a node
 * may run meanwhile; what it removes between two looks is no finding.
 */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseDigest } from "../../../protocols/kernel/mod.ts";
import { KeptBlobs } from "../../blobs/kept.ts";
import { systemCode } from "../../fault.ts";
import { plural } from "../output.ts";
import { bytesText } from "../transfer.ts";
import { type Finding, failed, some } from "./finding.ts";

/** Read and hashed: the newest, as long as they fit. A whole check of many GiB would take minutes. */
const SAMPLE = { blobs: 32, bytes: 256 * 1024 * 1024 } as const;
const REMEDY = "drop it, and get it again from a peer that has it";
/** Half-made for so long: nobody goes on with it. */
const OLD_PART_MS = 24 * 3600 * 1000;

interface File {
  readonly name: string;
  readonly kind: string;
  readonly bytes: number;
  readonly at_ms: number;
}

export async function checkBlobs(data: string): Promise<readonly Finding[]> {
  const dir = join(data, "blobs");
  const files = filesIn(dir);
  if (files.length === 0) return [{ name: "blobs", level: "ok", detail: "none" }];
  const whole = files.filter(({ kind }) => kind === "blob").sort((left, right) => right.at_ms - left.at_ms);
  const partial = files.filter(({ kind }) => kind === "part" || kind === "tmp");
  const { checked, wrong } = await sampled(new KeptBlobs(dir), whole);
  const bytes = whole.reduce((sum, file) => sum + file.bytes, 0);
  const detail = `${plural(whole.length, "blob")}, ${bytesText(bytes)}; ${checked} of them read and checked`;
  const head: Finding[] = wrong.length === 0 ? [{ name: "blobs", level: "ok", detail }] : [];
  return [...head, ...some("blobs", wrong), ...partialFindings(partial)];
}

async function sampled(kept: KeptBlobs, whole: readonly File[]) {
  const wrong: Finding[] = [];
  let [checked, left_bytes] = [0, SAMPLE.bytes as number];
  for (const { name, bytes } of whole) {
    const blob = parseDigest(name);
    if (blob === undefined || bytes > left_bytes || checked >= SAMPLE.blobs) continue;
    left_bytes -= bytes;
    checked += 1;
    try {
      for await (const _ of kept.read({ $blob: blob, bytes }));
    } catch (error) {
      // It went while it was looked at.
      if (statSync(kept.path(blob), { throwIfNoEntry: false }) !== undefined)
        wrong.push(failed("blobs", error, REMEDY));
    }
  }
  return { checked, wrong };
}

function partialFindings(partial: readonly File[]): Finding[] {
  if (partial.length === 0) return [];
  const bytes = partial.reduce((sum, file) => sum + file.bytes, 0);
  const detail = `${plural(partial.length, "file")} half made, ${bytesText(bytes)}: downloads under way, or cut off`;
  if (partial.every(({ at_ms }) => Date.now() - at_ms < OLD_PART_MS)) return [{ name: "blobs", level: "ok", detail }];
  const remedy =
    "get the blobs again, which goes on where it was cut off, or let them be: the node forgets them in time";
  return [{ name: "blobs", level: "warn", detail, remedy }];
}

function filesIn(dir: string): File[] {
  try {
    return readdirSync(dir).flatMap((file) => {
      const found = statSync(join(dir, file), { throwIfNoEntry: false });
      const at = file.lastIndexOf(".");
      if (found?.isFile() !== true || at < 0) return [];
      return [{ name: file.slice(0, at), kind: file.slice(at + 1), bytes: found.size, at_ms: found.mtimeMs }];
    });
  } catch (error) {
    // ENOTDIR: the data folder is a file, which the check of the data folder says.
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}

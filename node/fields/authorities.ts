/**
 * `ca:` beside a URL: the file with the certificates of the authorities that are trusted for it, and no others. Looked at when a config
 * is checked, read for every run, so that a renewed file needs no restart. Whether a server's certificate is theirs is TLS's to judge.
 */
import { X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { Fault, messageOf } from "../fault.ts";
import { must } from "./fields.ts";
import type { Absent } from "./programs.ts";

const FILE = "the path of a file with certificates as PEM";
const REMEDY = `give ${FILE}`;
const PATH_CHARS_MAX = 4096;
/** All the authorities that browsers know need a quarter of it. */
const FILE_BYTES_MAX = 1024 * 1024;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** An absolute path; a relative one starts from `dir`. */
export function authoritiesField(dir: string) {
  return z
    .string(must(FILE))
    .min(1, must(FILE))
    .max(PATH_CHARS_MAX, must("shorter"))
    .transform((path) => resolve(dir, path))
    .optional();
}

/** What is wrong with the file, if there is one; undefined when it can be used. */
export function wrongAuthorities(path: string | undefined): Absent | undefined {
  if (path === undefined) return undefined;
  const found = read(path);
  return typeof found === "string" ? undefined : found;
}

/** The certificates as PEM. Throws Fault "handler" when the file cannot be used. */
export function authoritiesIn(path: string): string {
  const found = read(path);
  if (typeof found === "string") return found;
  throw new Fault("handler", `ca ${found.problem}: ${found.remedy}`);
}

function read(path: string): string | Absent {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isFile() !== true) return { problem: `names ${path}, which is not a file`, remedy: REMEDY };
    if (found.size > FILE_BYTES_MAX)
      return { problem: `names ${path}, which has more than ${FILE_BYTES_MAX} bytes`, remedy: REMEDY };
    const certificates = readFileSync(path, "utf8").match(CERTIFICATE) ?? [];
    for (const one of certificates) new X509Certificate(one);
    if (certificates.length > 0) return `${certificates.join("\n")}\n`;
    return { problem: `names ${path}, which has no certificate in it`, remedy: REMEDY };
  } catch (error) {
    return { problem: `names ${path}, which cannot be read as certificates (${messageOf(error)})`, remedy: REMEDY };
  }
}

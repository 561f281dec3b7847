/**
 * How many batches were acknowledged, in a file of its own: `<data>/store.mark`. It is written after each synced batch and
 * not synced itself, so after a power cut it may lag, but it is never ahead of what was promised: a store that ends
 * before its mark has lost something (a cut or damaged log, an old backup).
 */
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import { systemCode } from "../fault.ts";
import { damaged } from "./database.ts";

const FORM = /^(\d{16}) ([0-9a-f]{8})\n$/;

export class Mark {
  /** As it was when opened; undefined when there was none. */
  readonly found: number | undefined;
  readonly #fd: number;

  constructor(file: string) {
    this.found = read(file);
    this.#fd = openSync(file, this.found === undefined ? "w" : "r+", 0o600);
  }

  /** One small write in place: a sector is old or new, never half. */
  set(serial: number): void {
    const digits = String(serial).padStart(16, "0");
    writeSync(this.#fd, `${digits} ${sum(digits)}\n`, 0);
  }

  sync(): void {
    fsyncSync(this.#fd);
  }

  close(): void {
    this.sync();
    closeSync(this.#fd);
  }
}

function read(file: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(file, "latin1");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
  if (text === "") return undefined; // made, and the power went before its first sector was on disk
  const [, digits = "", crc] = FORM.exec(text) ?? [];
  if (crc === undefined || crc !== sum(digits)) throw damaged(file, "its checksum does not match", { offset: 0 });
  return Number(digits);
}

function sum(digits: string): string {
  return crc32(digits).toString(16).padStart(8, "0");
}

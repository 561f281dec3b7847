/**
 * A blob that is here for whoever works with it, as its name says and not as the disk has it: every chunk is checked when it is read. One
 * that was damaged since it came is dropped by the store, fetched again from whoever has it, and read on where it was damaged. Takes the
 * view of one run; woken by its reading. A program reads its file itself, so that is read through once before.
 */
import type { BlobRef } from "../../protocols/mod.ts";
import { Fault, messageOf } from "../fault.ts";
import { HandlerError } from "../handlers/mod.ts";
import type { Blobs, Getting } from "./blobs.ts";

/** In pieces of a chunk. Throws as `Blobs.get` does, and HandlerError "retry" for what is damaged and cannot be had again. */
export async function* contents(blobs: Blobs, ref: BlobRef, getting: Getting): AsyncGenerator<Uint8Array> {
  let next = 0;
  let damage: Fault | undefined;
  for (;;) {
    await have(blobs, ref, { getting, damage });
    try {
      for await (const chunk of blobs.read(ref.$blob, next)) {
        next += 1;
        yield chunk;
      }
      return;
    } catch (error) {
      damage = newDamage(error, damage);
    }
  }
}

/** A file with its contents, read through just now. Throws as `contents` does. */
export async function wholeFile(blobs: Blobs, ref: BlobRef, getting: Getting): Promise<string> {
  let damage: Fault | undefined;
  for (;;) {
    const path = await have(blobs, ref, { getting, damage });
    try {
      for await (const _ of blobs.read(ref.$blob)) getting.signal?.throwIfAborted();
      return path;
    } catch (error) {
      damage = newDamage(error, damage);
    }
  }
}

interface Having {
  readonly getting: Getting;
  /** What was found the last time that it was here. */
  readonly damage: Fault | undefined;
}

async function have(blobs: Blobs, ref: BlobRef, { getting, damage }: Having): Promise<string> {
  try {
    return await blobs.get(ref, getting);
  } catch (error) {
    throw damage === undefined ? error : lost(damage, messageOf(error));
  }
}

/** Once it may happen; a disk that damages the next copy too is no place to read from. */
function newDamage(error: unknown, before: Fault | undefined): Fault {
  if (!(error instanceof Fault) || error.code !== "store-damaged") throw error;
  if (before !== undefined) throw lost(error, "it was fetched again, and damaged again");
  return error;
}

function lost(damage: Fault, why: string): HandlerError {
  return new HandlerError("retry", `${damage.message}; ${why}`, damage);
}

/**
 * A folder of one run of a program: the files of its input are named to it, and those that it leaves there become blobs of its output. Made
 * before the program starts, removed when it is over. Where blobs come from and go to is its maker's: a node's store, or, when a run is
 * played again, nowhere.
 */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { lstat, open, realpath, rm } from "node:fs/promises";
import { isAbsolute, join, sep } from "node:path";
import { BLOB, type BlobRef, blobsIn, mapBlobs } from "../../protocols/mod.ts";
import { Fault, messageOf } from "../fault.ts";
import { makeFolder } from "../folder.ts";
import { HandlerError, type ScratchFolder } from "../handlers/mod.ts";

/** The name of a file in the folder. */
const FILE_CHARS = 1_024;

interface ScratchDesk {
  /** A file with the contents of a blob of the input. */
  path(ref: BlobRef): Promise<string>;
  put(source: AsyncIterable<Uint8Array>, media?: string): Promise<BlobRef>;
}

type OnFile = NonNullable<Parameters<ScratchFolder["collected"]>[1]>;

/** References in an input. Throws HandlerError "invalid-input". */
export function refsOf(input: unknown): readonly BlobRef[] {
  try {
    return blobsIn(input);
  } catch (error) {
    throw new HandlerError("invalid-input", messageOf(error), error);
  }
}

/** A folder of one run of a program: gone after it. */
export class Scratch implements ScratchFolder {
  readonly dir: string;
  readonly #desk: ScratchDesk;

  private constructor(dir: string, desk: ScratchDesk) {
    this.dir = dir;
    this.#desk = desk;
  }

  /** A new folder in this one, which is made when it is not there. */
  static make(home: string, desk: ScratchDesk): Scratch {
    const dir = join(home, randomBytes(12).toString("hex"));
    makeFolder(dir, 0o700);
    return new Scratch(dir, desk);
  }

  /** The input for a program: each reference with the local file as its `path`. */
  async localised(input: unknown): Promise<unknown> {
    const paths = new Map<string, string>();
    for (const ref of refsOf(input)) if (!paths.has(ref.$blob)) paths.set(ref.$blob, await this.#desk.path(ref));
    return mapBlobs(input, (ref) => ({ ...ref, path: paths.get(ref.$blob) }));
  }

  /** The output with `{"$file": "name"}` turned into references to blobs, one after the other. Throws HandlerError "invalid-output". */
  async collected(output: unknown, onFile: OnFile = same): Promise<unknown> {
    const inner = (item: unknown) => this.collected(item, onFile);
    if (Array.isArray(output)) return sequence(output, inner);
    if (typeof output !== "object" || output === null) return output;
    if (Object.hasOwn(output, "$file")) return this.#file(output, onFile);
    const keys = Object.keys(output);
    const values = await sequence(Object.values(output), inner);
    return Object.fromEntries(keys.map((key, index) => [key, values[index]]));
  }

  async remove(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }

  async #file(said: object, onFile: OnFile): Promise<BlobRef> {
    const name = "$file" in said ? said.$file : undefined;
    const media = "media" in said && typeof said.media === "string" ? said.media : undefined;
    if (typeof name !== "string" || name === "" || name.length > FILE_CHARS || name.includes("\0"))
      throw refused("a $file is a path in the folder MOOT_SCRATCH");
    const path = await this.#inside(name);
    // Not through a link, also when one takes the file's place meanwhile; not a pipe, which would wait for ever.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(path, flags).catch((error: unknown) => {
      throw refused(`the file ${name} cannot be read: ${messageOf(error)}`);
    });
    try {
      if (!(await file.stat()).isFile()) throw refused(`${name} is no file`);
      const bytes = file.createReadStream({ autoClose: false, highWaterMark: BLOB.chunk_bytes });
      return await onFile(name, await this.#desk.put(bytes, media));
    } catch (error) {
      if (error instanceof Fault)
        throw new HandlerError(error.code === "too-large" ? "output-too-large" : "retry", error.message, error);
      throw error;
    } finally {
      await file.close();
    }
  }

  async #inside(name: string): Promise<string> {
    const path = join(this.dir, name);
    if (isAbsolute(name) || !path.startsWith(this.dir + sep))
      throw refused(`${name} leads out of the folder MOOT_SCRATCH`);
    try {
      if ((await lstat(path)).isSymbolicLink()) throw refused(`${name} is a link`);
      const root = await realpath(this.dir);
      const real = await realpath(path);
      // A folder on the way may be a link too.
      if (!real.startsWith(root + sep)) throw refused(`${name} leads out of the folder MOOT_SCRATCH`);
      return real;
    } catch (error) {
      if (error instanceof HandlerError) throw error;
      throw refused(`there is no file ${name} in the folder MOOT_SCRATCH`);
    }
  }
}

const same: OnFile = async (_name, ref) => ref;

function refused(why: string): HandlerError {
  return new HandlerError("invalid-output", why);
}

async function sequence<A, B>(items: readonly A[], act: (item: A) => Promise<B>): Promise<B[]> {
  const done: B[] = [];
  for (const item of items) done.push(await act(item));
  return done;
}

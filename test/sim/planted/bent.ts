/** A bug on purpose: a line of a source file, and what it becomes while the file is loaded. */
export interface Bend {
  readonly name: string;
  /** From the root of the repository. */
  readonly file: string;
  /** Exactly this, once in the file … */
  readonly find: string;
  /** … becomes this. */
  readonly put: string;
}

/** One that the swarm must find. */
export interface Sin extends Bend {
  /** What the checkers may call it. `throws`: an assertion stopped a machine. */
  readonly breaks: readonly string[];
  /** Worlds in which it must have shown, from the first seed on. */
  readonly worlds: number;
}

/** Throws Error when the text to be changed is not there, or is there more than once: then the source has moved on. */
export function bent(source: string, { name, file, find, put }: Bend): string {
  const times = source.split(find).length - 1;
  if (times !== 1) throw new Error(`"${name}": ${file} has this ${times} times, not once: ${find}`);
  return source.replace(find, () => put);
}

/** A peer that breaks one clause: a line of our own source, changed as it is loaded. */
export interface Mutant {
  /** What it breaks; the scripts of this clause must say so. */
  readonly clause: string;
  /** In words, what it does wrong. */
  readonly does: string;
  /** From the root of the repository. */
  readonly file: string;
  /** Exactly this, once in the file … */
  readonly find: string;
  /** … becomes this. */
  readonly put: string;
  /** Where it shows; absent: in virtual time. */
  readonly stage?: "libp2p";
}

/**
 * The one way a machine says that its own invariant is broken. A peer's bad input is never a reason to throw (that is a
 * refusal, an effect); the driver lets this error stop the node, because a machine that is wrong about itself must not go on.
 */
export class Broken extends Error {
  override readonly name = "Broken";
}

/** Throws `Broken` when `truth` is false. `claim` says what should have held, in the present tense. */
export function assert(truth: boolean, claim: string): asserts truth {
  if (!truth) throw new Broken(claim);
}

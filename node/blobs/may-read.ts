/**
 * Who may read which blob: for now every member of the network that knows its name, which is a hash of 256 bits that nobody guesses.
 * The one place where more is asked.
 */
import type { Digest, PeerId } from "../../protocols/mod.ts";

export type MayRead = (peer: PeerId, blob: Digest) => boolean;

export const mayRead: MayRead = () => true;

/**
 * What each version of the protocol requires, clause by clause. A set is frozen when its version is released: a peer that was
 * checked against it can be checked against the very same one again, whatever the specification says by then.
 */
export interface Requirement {
  readonly id: string;
  readonly level: "MUST" | "SHOULD";
}

function clauses(prefix: string, level: Requirement["level"], numbers: readonly number[]): readonly Requirement[] {
  return numbers.map((number) => ({ id: `${prefix}-${number}`, level }));
}

/** Version 1 is not released yet: until then its set follows the specification, and a test compares the two. */
const VERSION_1: readonly Requirement[] = [
  ...clauses("WIRE", "MUST", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16]),
  ...clauses("WIRE", "SHOULD", [14]),
  ...clauses("DIR", "MUST", [1, 2, 3, 4, 10]),
  ...clauses("DIR", "SHOULD", [5, 6, 7, 8, 9, 11, 12, 13]),
  ...clauses("AUCTION", "MUST", [1, 4, 5, 6, 8, 13, 16, 18, 19, 22]),
  ...clauses("AUCTION", "SHOULD", [2, 3, 7, 9, 10, 11, 12, 14, 15, 17, 20, 21, 23]),
  ...clauses(
    "CLAIM",
    "MUST",
    [1, 2, 3, 5, 6, 7, 8, 9, 10, 12, 15, 16, 18, 20, 21, 23, 24, 25, 26, 27, 28, 32, 36, 40, 41, 42, 43, 45, 47],
  ),
  ...clauses("CLAIM", "SHOULD", [4, 11, 13, 14, 17, 19, 22, 29, 30, 31, 33, 34, 35, 37, 38, 39, 44, 46, 48]),
  ...clauses("PERM", "MUST", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
  ...clauses("PERM", "SHOULD", [12]),
  ...clauses("BLOB", "MUST", [1, 2, 3, 4]),
  ...clauses("BLOB", "SHOULD", [5, 6, 7]),
];

export const REQUIREMENTS: ReadonlyMap<string, readonly Requirement[]> = new Map([["1", VERSION_1]]);
export const NEWEST = "1";

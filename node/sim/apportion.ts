/** Dividing a number among groups in proportion to their sizes. Pure. */

/** Largest remainders; whole numbers that sum up to `total`. Of groups without size, the first gets all. */
export function apportion(sizes: readonly number[], total: number): readonly number[] {
  const sum = sizes.reduce((left, right) => left + right, 0);
  if (sum === 0) return sizes.map((_, index) => (index === 0 ? total : 0));
  const exact = sizes.map((size) => (size * total) / sum);
  const shares = exact.map(Math.floor);
  const rest = total - shares.reduce((left, right) => left + right, 0);
  const neediest = exact
    .map((share, index) => ({ index, left: share - Math.floor(share) }))
    .toSorted((one, other) => other.left - one.left || one.index - other.index);
  for (const { index } of neediest.slice(0, rest)) shares[index] = (shares[index] ?? 0) + 1;
  return shares;
}

/** The same, and no group that had some is left without. The total must be at least the number of such groups. */
export function apportionToAll(sizes: readonly number[], total: number): readonly number[] {
  const shares = [...apportion(sizes, total)];
  for (const [index, size] of sizes.entries()) {
    if (size === 0 || shares[index] !== 0) continue;
    const largest = shares.indexOf(Math.max(...shares));
    shares[largest] = (shares[largest] ?? 0) - 1;
    shares[index] = 1;
  }
  return shares;
}

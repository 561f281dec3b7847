/** Which of the known words did they mean? Pure. */

/** The known word that begins so, or the one with the fewest edits if that is near enough to be a slip; or undefined. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const meant = word.slice(0, 64).toLowerCase();
  if (meant.length > 2) {
    const whole = known.find((candidate) => candidate.startsWith(meant));
    if (whole !== undefined) return whole;
  }
  let best: string | undefined;
  let fewest = Math.max(2, Math.floor(meant.length / 3)) + 1;
  for (const candidate of known) {
    const edits = distance(meant, candidate.toLowerCase());
    if (edits < fewest) {
      fewest = edits;
      best = candidate;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment) that turn one into the other. */
export function distance(left: string, right: string): number {
  const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number) => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let row = 1; row <= left.length; row++) {
    rows[row] = [row];
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1];
      let edits = Math.min(
        at(row - 1, column) + 1,
        (rows[row]?.[column - 1] ?? 0) + 1,
        at(row - 1, column - 1) + (same ? 0 : 1),
      );
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (row > 1 && column > 1 && swapped) edits = Math.min(edits, at(row - 2, column - 2) + 1);
      rows[row]?.push(edits);
    }
  }
  return at(left.length, right.length);
}

/**
 * Which byte was changed, from a CRC-32 alone: the difference between the checksum of then and that of now depends only on what was
 * changed and on how far from the end. So it is traced back byte by byte, until it is what one byte can make. Right when one byte
 * was changed; when more were, it is wrong once in 2^32 / (255 * bytes). Pure.
 */

/** Reflected, as everywhere. */
const POLYNOMIAL = 0xedb88320;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ POLYNOMIAL : sum >>> 1;
  return sum;
});
/** By its first byte, which no two entries share. */
const ENTRY_OF = new Uint8Array(256);
TABLE.forEach((sum, byte) => {
  ENTRY_OF[sum >>> 24] = byte;
});

/** How far from the end of so many bytes it is, 0 for the last. Undefined: no single byte of them explains it. */
export function changedByte(difference: number, bytes: number): number | undefined {
  let left = difference >>> 0;
  if (left === 0) return undefined;
  for (let back = 0; back < bytes; back++) {
    const byte = ENTRY_OF[left >>> 24] ?? 0;
    const entry = TABLE[byte] ?? 0;
    if (entry === left) return back;
    left = (((left ^ entry) << 8) | byte) >>> 0;
  }
  return undefined;
}

/** Bytes as scripts write them: one character for each, U+0000 to U+00FF. Base64 by RFC 4648, section 4. Pure. */
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Throws RangeError at a character that is no byte: a mistake in a script. */
export function base64Of(text: string): string {
  let out = "";
  for (let at = 0; at < text.length; at += 3) {
    const three = [0, 1, 2].map((index) => (at + index < text.length ? text.charCodeAt(at + index) : 0));
    if (three.some((byte) => byte > 0xff)) throw new RangeError("a character that is no byte");
    const [one = 0, two = 0, last = 0] = three;
    const digits = [one >> 2, ((one & 3) << 4) | (two >> 4), ((two & 15) << 2) | (last >> 6), last & 63];
    const used = Math.min(4, text.length - at + 1);
    out += digits.map((digit, index) => (index < used ? DIGITS.charAt(digit) : "=")).join("");
  }
  return out;
}

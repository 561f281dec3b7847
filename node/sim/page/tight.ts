/**
 * Script text without the spaces that only its readers need. Knows strings and templates, and leaves them as they are; counts on
 * what the formatter of this project sees to: a semicolon ends every statement. Knows no comments and no regular expressions:
 * what goes through it must not have any. Pure.
 */
export function tight(text: string): string {
  return new Tight(text).code(0).out;
}

interface Piece {
  readonly out: string;
  /** Where what follows begins. */
  readonly end: number;
}

const WORD = /[\w$#]/;
const SPACE = /\s/;

class Tight {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }

  /** Up to the end, or the brace that closes what a template opened. */
  code(from: number): Piece {
    let out = "";
    let depth = 0;
    let at = from;
    for (let char = this.#text[at]; char !== undefined; char = this.#text[at]) {
      if (char === "}" && depth === 0) break;
      if (char === "{") depth += 1;
      if (char === "}") depth -= 1;
      // The last statement of a block ends with the block.
      if (char === "}" && out.endsWith(";")) out = out.slice(0, -1);
      const piece = this.#piece(at, char, out.at(-1) ?? "");
      out += piece.out;
      at = piece.end;
    }
    return { out, end: at };
  }

  #piece(at: number, char: string, before: string): Piece {
    if (char === '"' || char === "'") return this.#string(at, char);
    if (char === "`") return this.#template(at);
    if (!SPACE.test(char)) return { out: char, end: at + 1 };
    let end = at;
    while (SPACE.test(this.#text[end] ?? "")) end += 1;
    const after = this.#text[end] ?? "";
    const apart = (WORD.test(before) && WORD.test(after)) || ("+-".includes(before) && before === after);
    return { out: apart ? " " : "", end };
  }

  #string(from: number, quote: string): Piece {
    let at = from + 1;
    while (at < this.#text.length && this.#text[at] !== quote) at += this.#text[at] === "\\" ? 2 : 1;
    return { out: this.#text.slice(from, at + 1), end: at + 1 };
  }

  #template(from: number): Piece {
    let out = "`";
    let at = from + 1;
    while (at < this.#text.length && this.#text[at] !== "`") {
      if (this.#text.startsWith("${", at)) {
        const inner = this.code(at + 2);
        out += `\${${inner.out}}`;
        at = inner.end + 1;
        continue;
      }
      const length = this.#text[at] === "\\" ? 2 : 1;
      out += this.#text.slice(at, at + length);
      at += length;
    }
    return { out: `${out}\``, end: at + 1 };
  }
}

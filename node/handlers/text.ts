/** Bounding the words that strangers' programs say, before they travel or are shown. Pure. */
import { HANDLER } from "./limits.ts";

/** At most `chars` of a text, cut with an ellipsis and never inside a surrogate pair. */
export function bounded(text: string, chars: number = HANDLER.message_chars): string {
  if (text.length <= chars) return text.toWellFormed();
  const cut = text.slice(0, chars - 1);
  return `${(/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut).toWellFormed()}…`;
}

/** The beginning of a text as a quoted, one-line excerpt. */
export function excerpt(text: string): string {
  return JSON.stringify(bounded(text, HANDLER.excerpt_chars));
}

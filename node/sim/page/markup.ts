/** HTML as text: everything that a record says goes through `escaped`. Pure. */
import { visible } from "../../cli/output.ts";

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  ["'", "&#39;"],
]);

/** Safe as text and inside a quoted attribute; nothing in it is hidden or reorders what stands around it. */
export function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/g, (char) => ENTITIES.get(char) ?? "");
}

/** JSON that may stand inside a script element: no `<` can begin an end tag or a comment. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

export interface Column {
  readonly head: string;
  readonly number?: boolean;
}

/** Cells are markup already. */
export function tableOf(columns: readonly Column[], rows: readonly (readonly string[])[], caption = ""): string {
  const style = (index: number) => (columns[index]?.number === true ? ' class="number"' : "");
  const heads = columns.map(({ head }, index) => `<th scope="col"${style(index)}>${escaped(head)}</th>`).join("");
  const body = rows.map(
    (cells) => `<tr>${cells.map((cell, index) => `<td${style(index)}>${cell}</td>`).join("")}</tr>`,
  );
  const told = caption === "" ? "" : `<caption>${escaped(caption)}</caption>`;
  return `<div class="scroll" tabindex="0"><table>${told}<thead><tr>${heads}</tr></thead><tbody>
${body.join("\n")}
</tbody></table></div>`;
}

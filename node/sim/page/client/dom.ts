/** Elements, made in one call. Texts become text nodes: nothing that a record says is ever read as markup. */
type Attributes = Readonly<Record<string, string | number | undefined>>;
type Child = Node | string;

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  fill(element, attributes, children);
  return element;
}

export function draw<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  fill(element, attributes, children);
  return element;
}

function fill(element: Element, attributes: Attributes, children: readonly Child[]): void {
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined)
      element.setAttribute(name, typeof value === "number" ? String(Math.round(value * 10) / 10) : value);
  element.append(...children);
}

/** What the page brings along under this id. */
export function part(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

/** A table with a head, the way most tables of the page are. */
export function table(heads: readonly string[], rows: readonly (readonly Child[])[], caption = ""): HTMLTableElement {
  const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
  const body = rows.map((cells) => make("tr", {}, ...cells.map((cell) => make("td", {}, cell))));
  const told = caption === "" ? [] : [make("caption", {}, caption)];
  return make("table", {}, ...told, make("thead", {}, head), make("tbody", {}, ...body));
}

/** What is too wide scrolls within itself, also by keyboard. */
export function scroll(child: Child): HTMLElement {
  return make("div", { class: "scroll", tabindex: "0" }, child);
}

/** Calls back with what somebody typed or chose. */
export function onValue(id: string, event: "input" | "change", then: (value: string) => void): void {
  const field = part(id);
  if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement)
    field.addEventListener(event, () => then(field.value));
}

export function option(value: string, text: string): HTMLOptionElement {
  return make("option", { value }, text);
}

/** Calls back with the width, at first and whenever it changes; sizes are read before they are set. */
export function onWidth(element: Element, then: (width: number) => void): void {
  let last = -1;
  new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width ?? 0);
    if (width === last || width === 0) return;
    last = width;
    requestAnimationFrame(() => then(width));
  }).observe(element);
}

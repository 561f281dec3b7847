/**
 * State diagrams of the machines, drawn from the tables of legal moves that the machines themselves check, so that the
 * README cannot show a move that does not exist. Pure text in, text out; `npm run diagrams` reads and writes the file.
 */
import { AUCTION_MOVES } from "./auction/mod.ts";
import { CONDUCTOR_MOVES, CONTRACTOR_MOVES } from "./claim/mod.ts";

export interface Machine {
  readonly starts: string;
  readonly moves: Readonly<Record<string, readonly string[]>>;
}

export const MACHINES: ReadonlyMap<string, Machine> = new Map([
  ["auction", { starts: "idle", moves: AUCTION_MOVES }],
  ["conductor", { starts: "standing-by", moves: CONDUCTOR_MOVES }],
  ["contractor", { starts: "awarded", moves: CONTRACTOR_MOVES }],
]);

/** A Mermaid diagram in a fenced block, without a line end after it. States that lead nowhere are ends. */
export function diagram(name: string, { starts, moves }: Machine): string {
  const states = Object.entries(moves);
  const lines = [
    ...states.filter(([state]) => idOf(state) !== state).map(([state]) => `state "${state}" as ${idOf(state)}`),
    `[*] --> ${idOf(starts)}`,
    ...states.flatMap(([from, next]) => next.map((to) => `${idOf(from)} --> ${idOf(to)}`)),
    ...states.filter(([, next]) => next.length === 0).map(([state]) => `${idOf(state)} --> [*]`),
  ];
  const body = lines.map((line) => `  ${line}`).join("\n");
  return `\`\`\`mermaid\n---\ntitle: ${name}\n---\nstateDiagram-v2\n${body}\n\`\`\``;
}

/** The text with every block between `<!-- diagram:<name> -->` and `<!-- /diagram -->` drawn anew. */
export function withDiagrams(text: string): string {
  return text.replace(
    /(<!-- diagram:([a-z-]+) -->\n)[\s\S]*?(<!-- \/diagram -->)/g,
    (block: string, opening: string, name: string, closing: string) => {
      const machine = MACHINES.get(name);
      return machine === undefined ? block : `${opening}${diagram(name, machine)}\n${closing}`;
    },
  );
}

/** Mermaid takes a hyphen for the beginning of an arrow. */
function idOf(state: string): string {
  return state.replaceAll("-", "_");
}

/**
 * Commands: what a grant lets its audience do, as paths (UCAN 1.0): `member`, `announce/<skills>`, `execute/<skills>`,
 * `read/<task>`, `delegate`, `revoke`. Skills are one skill, all under a dotted name (`text.*`), or all (`*`); a task is one, or
 * all (`*`). One command covers another when every act of the other is an act of its own. Pure.
 */
import { parseSkill, parseTaskId } from "../kernel/mod.ts";

const BARE = ["member", "delegate", "revoke"] as const;
const ABOUT = ["announce", "execute", "read"] as const;

const UNDER = /^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)*\.\*$/;
const COMMAND_CHARS = 128;

/** Whether this text is a command. */
export function isCommand(text: string): boolean {
  if (text.length > COMMAND_CHARS) return false;
  if (BARE.some((verb) => verb === text)) return true;
  const [verb, what, ...rest] = text.split("/");
  if (what === undefined || rest.length > 0) return false;
  if (verb === "read") return what === "*" || parseTaskId(what) !== undefined;
  if (verb !== "announce" && verb !== "execute") return false;
  return what === "*" || UNDER.test(what) || parseSkill(what) !== undefined;
}

/** Whether whoever may do `held` may do `asked`. Both are commands. */
export function covers(held: string, asked: string): boolean {
  if (held === asked) return true;
  const slash = held.indexOf("/");
  if (slash < 0 || !asked.startsWith(held.slice(0, slash + 1))) return false;
  const what = held.slice(slash + 1);
  if (what === "*") return true;
  // `text.*` covers what begins with `text.`: a dot ends a part of a name, so `textual.x` does not.
  return what.endsWith(".*") && asked.startsWith(held.slice(0, -1));
}

/**
 * A grant of `member` that says nothing of work means all of it. As soon as one of them is named, only what is named is
 * meant.
 */
export function expanded(commands: readonly string[]): readonly string[] {
  const narrowed = commands.some((command) => command.includes("/"));
  if (narrowed || !commands.includes("member")) return commands;
  return [...commands, ...ABOUT.map((verb) => `${verb}/*`)];
}

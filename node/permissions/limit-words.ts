/** Limits of a grant as they are typed: `rate_per_min=60`, `peers=12D3Koo…,12D3Koo…`. Pure. */
import { type Bounds, bounds } from "../../protocols/mod.ts";
import { Fault } from "../fault.ts";

/** Throws Fault "usage". */
export function boundsOf(words: readonly string[]): Bounds {
  const found = bounds.safeParse(Object.fromEntries(words.map(pair)));
  if (found.success) return found.data;
  const remedy = `a limit is <name>=<value>, with a name of ${Object.keys(bounds.shape).join(", ")}`;
  const issue = found.error.issues[0];
  throw new Fault("usage", `a limit is wrong: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`, { remedy });
}

function pair(text: string): [string, unknown] {
  const [name = "", ...rest] = text.split("=");
  const value = rest.join("=");
  if (name === "peers") return [name, value.split(",")];
  return [name, /^\d+(\.\d+)?$/.test(value) ? Number(value) : value];
}

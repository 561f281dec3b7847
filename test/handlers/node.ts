/** A process that ends in the middle of a run, for a test: says who runs, then leaves with exit code 7. */
import type { Entry } from "../../node/handlers/mod.ts";
import { run, shell } from "./helpers.ts";

const script = "trap '' TERM; sleep 600 & echo progress 0 $$ $! >&2; wait";
const onEntry = (entry: Entry) =>
  entry.type === "progress" && process.stdout.write(`${entry.note ?? ""}\n`, () => process.exit(7));
await run(shell(script), {}, { onEntry });

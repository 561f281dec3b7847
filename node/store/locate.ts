/**
 * A fault of a damaged store, with the byte near which the damage is: always one, and as near as the files can show. Whoever has a
 * backup, or wants to know what their disk did, needs the place.
 */
import { basename } from "node:path";
import { Fault } from "../fault.ts";
import { type Check, type Flaw, flawOf, rootOf } from "./damage.ts";
import type { LogEnd } from "./log.ts";
import { PageFile } from "./pages.ts";

/** Of a database that SQLite could not say anything about. */
const PAGE_BYTES = 4096;

interface Place extends Flaw {
  readonly file: string;
}

/** Only for databases that this process has closed: reading such a file would free its lock. `log`: as it was before that. */
export function located(fault: Fault, check: Check, log?: LogEnd): Fault {
  const { file, found, offset: known } = fault.details ?? {};
  if (fault.code !== "store-damaged" || typeof file !== "string" || typeof found !== "string") return fault;
  const place: Place = typeof known === "number" ? { file, offset: known } : placeOf({ file, found, check, log });
  const { message, remedy, cause, details } = fault;
  const { offset, or = [] } = place;
  const others = or.length === 0 ? "" : `, or in the pages at ${or.join(", ")}`;
  return new Fault("store-damaged", `${message} (near byte ${offset} of ${basename(place.file)}${others})`, {
    ...(remedy === undefined ? {} : { remedy }),
    cause,
    details: { ...details, damaged: place.file, offset, ...(or.length === 0 ? {} : { or }) },
  });
}

interface Clues {
  readonly file: string;
  readonly found: string;
  readonly check: Check;
  readonly log: LogEnd | undefined;
}

function placeOf({ file, found, check, log }: Clues): Place {
  const isLost = found.startsWith(LOST);
  if (log !== undefined && (log.certain || isLost)) return { file: log.file, offset: log.offset };
  try {
    const flaw = flawOf(file, check) ?? pageNamed(file, found);
    // Every row is what was written, and not all rows are those that were: the totals are all there is to point to.
    return { file, ...(flaw ?? { offset: rootOf(file, "totals") ?? 0 }) };
  } catch {
    return { file, offset: 0 }; // it cannot be read at all
  }
}

/** How a fault begins that says of a store that it is an older one. */
export const LOST = "it ends with batch";

/** The page that SQLite's own check names. One that is "never used" is whole: something else has lost it. */
function pageNamed(file: string, found: string): Flaw | undefined {
  const named = [...found.matchAll(/\bpage (\d+)(: never used)?/gi)];
  const [, page] = named.find(([, , unused]) => unused === undefined) ?? named[0] ?? [];
  if (page === undefined) return undefined;
  const pages = new PageFile(file);
  const size = pages.page_bytes === 0 ? PAGE_BYTES : pages.page_bytes;
  pages.close();
  return { offset: (Number(page) - 1) * size };
}

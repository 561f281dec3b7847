/** `npm run diagrams`: draws the state diagrams in the protocol's README anew from the machines' tables. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withDiagrams } from "../../protocols/diagrams.ts";

const file = join(import.meta.dirname, "../../protocols/README.md");
writeFileSync(file, withDiagrams(readFileSync(file, "utf8")));

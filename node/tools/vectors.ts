/** `npm run vectors`: writes the files of `protocols/vectors/` anew. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { vectorFiles } from "./vectors/mod.ts";

const folder = join(import.meta.dirname, "../../protocols/vectors");
mkdirSync(folder, { recursive: true });
for (const [name, content] of await vectorFiles()) writeFileSync(join(folder, name), content);

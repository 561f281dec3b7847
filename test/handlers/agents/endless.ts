/** A module that never ends loading. It says first in which process. */
import { writeFileSync } from "node:fs";

const { MOOT_TEST_TELLS } = process.env;
if (MOOT_TEST_TELLS !== undefined) writeFileSync(MOOT_TEST_TELLS, String(process.pid));
setInterval(() => undefined, 1_000);
await new Promise(() => undefined);

export default () => null;

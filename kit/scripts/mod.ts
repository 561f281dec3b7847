/** All scripts, section by section of the specification. */
import type { Script } from "../script.ts";
import { BIDDER } from "./bidder.ts";
import { CONDUCTOR } from "./conductor.ts";
import { CONTRACTOR } from "./contractor.ts";
import { CUSTODIAN } from "./custodian.ts";
import { DIRECTORY } from "./directory.ts";
import { WIRE } from "./wire.ts";

export const SCRIPTS: readonly Script[] = [...WIRE, ...DIRECTORY, ...BIDDER, ...CONTRACTOR, ...CUSTODIAN, ...CONDUCTOR];

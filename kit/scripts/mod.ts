/** All scripts, section by section of the specification. */
import type { Script } from "../script.ts";
import { ADMISSION } from "./admission.ts";
import { AUCTIONEER } from "./auctioneer.ts";
import { AUCTIONEER_BIDS } from "./auctioneer-bids.ts";
import { AUCTIONEER_RECORDS } from "./auctioneer-records.ts";
import { BIDDER } from "./bidder.ts";
import { BIDDER_CALLERS } from "./bidder-callers.ts";
import { BIDDER_CROWD } from "./bidder-crowd.ts";
import { BLOBS } from "./blobs.ts";
import { CONDUCTOR } from "./conductor.ts";
import { CONDUCTOR_WORK } from "./conductor-work.ts";
import { CONTRACTOR } from "./contractor.ts";
import { CONTRACTOR_WORK } from "./contractor-work.ts";
import { CONTRACTS } from "./contracts.ts";
import { CUSTODIAN } from "./custodian.ts";
import { LEASES } from "./custodian-leases.ts";
import { REFUSALS } from "./custodian-refusals.ts";
import { VOTES } from "./custodian-votes.ts";
import { DIRECTORY } from "./directory.ts";
import { DIRECTORY_BOUNDS } from "./directory-bounds.ts";
import { INITIATOR } from "./initiator.ts";
import { PARTIALS } from "./partials.ts";
import { REVOCATIONS } from "./revocations.ts";
import { RIGHTS } from "./rights.ts";
import { SUB_TASKS } from "./sub-tasks.ts";
import { WIRE } from "./wire.ts";
import { DOCUMENTS } from "./wire-documents.ts";
import { ORDER } from "./wire-order.ts";
import { TIMES } from "./wire-times.ts";
import { TOPICS } from "./wire-topics.ts";

export const SCRIPTS: readonly Script[] = [
  ...WIRE,
  ...DOCUMENTS,
  ...TIMES,
  ...TOPICS,
  ...ORDER,
  ...DIRECTORY,
  ...DIRECTORY_BOUNDS,
  ...BIDDER,
  ...BIDDER_CROWD,
  ...BIDDER_CALLERS,
  ...CONTRACTOR,
  ...CONTRACTOR_WORK,
  ...PARTIALS,
  ...SUB_TASKS,
  ...CONTRACTS,
  ...AUCTIONEER,
  ...AUCTIONEER_BIDS,
  ...AUCTIONEER_RECORDS,
  ...CUSTODIAN,
  ...VOTES,
  ...REFUSALS,
  ...LEASES,
  ...CONDUCTOR,
  ...CONDUCTOR_WORK,
  ...INITIATOR,
  ...ADMISSION,
  ...RIGHTS,
  ...REVOCATIONS,
  ...BLOBS,
];

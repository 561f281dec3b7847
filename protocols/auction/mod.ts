export { Bidder } from "./bidder.ts";
export type { BidderEffect, BidderEvent } from "./bidding.ts";
export { Callers } from "./callers.ts";
export { AUCTION_MOVES, Auction, type AuctionEffect, type AuctionEvent, type Candidate } from "./initiator.ts";
export { Missed } from "./missed.ts";
export { type RankedBid, type Receipts, scoreOf, waitInCrowd, whyFirst } from "./ranking.ts";
export { Slumps } from "./slumps.ts";
export type { AuctionMessage, CfpDocument } from "./wire.ts";

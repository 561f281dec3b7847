/**
 * Every number of the protocol: unit last in the name, reason beside it, relations asserted below when this file is loaded.
 * A bound on something a peer sends is checked before the thing is parsed or stored.
 */
import { assert } from "./assert.ts";

export const LIMITS = {
  /** Task inputs and outputs as JSON text. What is larger travels beside them, as blobs. */
  body_bytes: 64 * 1024,
  /** A gossip message: an announcement stays under 512 bytes so that gossipsub sends no IDONTWANT for it. */
  gossip_bytes: 8 * 1024,
  /** Of an announcement before it is signed: 118 bytes of envelope bring it to 511. A longer one leaves its contract out. */
  announcement_bytes: 393,
  /** A frame of the directory or auction protocols, without a task's body. */
  control_bytes: 64 * 1024,
  /** A frame of the claim protocol or an award: a body (at most doubled by JSON string escapes) and its documents. */
  claim_bytes: 256 * 1024,
  /** JSON nesting and keys of anything a peer sends; what is deeper is refused before it is parsed. */
  json_depth: 16,
  /** More than the schemas of any card that fits (decision 15). */
  json_keys: 4096,
  /** Nesting of a task's input or output. */
  body_depth: 64,
  /** A signed document in base64: an outcome whose result doubles by escapes, and its account. */
  seal_chars: 208 * 1024,

  /** A task's life from submit to its deadline. */
  deadline_ms_max: 24 * 3600 * 1000,
  deadline_ms_default: 30_000,
  /** A contractor that has not renewed for this long is lost. Renewals go out at a third of it. */
  lease_ms_default: 9_000,
  lease_ms_min: 300,
  lease_ms_max: 10 * 60 * 1000,
  /** Rounds of ballots; a ballot counts when its round is at most the jump and so many for each second of the task's life. */
  round_max: 1_000_000,
  round_jump: 1_000,
  rounds_per_second: 5,
  /** Awards of one task before its conductor gives up. */
  attempts_max_default: 3,
  attempts_max: 16,
  /** How far two machines' wall clocks may differ before documents are refused. */
  clock_tolerance_ms: 120_000,

  /** Candidates asked directly. 15 + 3k messages a task with 3 custodians: 4 keeps a re-award under 30 (decision 2). */
  directed_candidates: 4,
  /** So many of them are drawn by lot: initiators that know nothing of each other's tasks must not all ask the same. */
  drawn_candidates: 2,
  /** From this many eligible agents on, wide bids are suppressed by waiting. */
  crowd: 32,
  /** Bids that close a crowded auction early, and better bids that silence a bidder. */
  crowd_bids: 3,
  better_bids: 2,
  /** Bid windows. A directed one closes when everyone asked has answered. */
  directed_window_ms: 400,
  wide_window_ms: 600,
  /** After the first bid of an unanswered window, wait this share of the window for the others, not all of it. */
  bid_grace_parts: 4,
  /** Bids of one announcement that are compared. */
  bids_max: 64,
  /** Calls that a busy bidder remembers, to bid on when it has room. */
  missed_calls: 256,
  missed_spread: 32,
  /** How long a bid binds its bidder: two windows and an award. */
  hold_ms: 3_000,
  /** Places held for a caller in vain make it yield beyond this much; so much counts at most, and one of so many ms is forgotten. */
  unused_ms: 1_500,
  unused_ms_max: 12_000,
  unused_parts: 20,
  /** Pauses between announcements nobody answered: doubled from the first to the last. */
  pause_ms_first: 250,
  pause_ms_busy: 1_000,
  pause_ms_last: 5_000,

  /** Silence after which a request of the claim protocol is repeated. */
  retry_ms: 700,
  /** An award must be agreed to in this time. */
  agree_ms: 2_000,
  /** `submit` gives up when no majority of custodians has stored the task. */
  store_ms: 8_000,
  /** Each further custodian waits this much longer before it takes over, so that two seldom try at once. */
  take_over_step_ms: 800,
  /** A custodian keeps a decided record this long after the deadline (replays are refused by their age after that). */
  retention_ms: 3600 * 1000,
  /** Decided and open tasks kept; open ones in all, and of one initiator other than this node. */
  custody_max: 65_536,
  open_max: 8_192,
  open_of_one_max: 512,
  /** A decided task of another's keeps an input in memory up to this size; the disk keeps it whole. */
  input_memory_bytes: 4 * 1024,
  /** Work in hand at one peer, and finished work remembered against awards that arrive twice. */
  runs_max: 1_024,
  ran_max: 65_536,

  /** A card lapses after this long, and is renewed at a third of it. */
  card_ms: 10 * 60 * 1000,
  card_bytes: 32 * 1024,
  cards_max: 2_048,
  /** Entries of one digest; a larger directory is sampled. */
  digest_entries: 512,
  /** Digests go to a random neighbour this often, and news to this many at once. */
  gossip_ms: 10_000,
  news_fanout: 3,
  /** Between two of these turns, so many new neighbours get a full digest as well: one is enough to fill a newcomer. */
  greetings_max: 3,
  /** A DHT look-up for a skill is repeated no sooner than this. */
  look_up_ms: 10_000,
  /** Provider keys of one skill (a popular skill's records are spread over them). */
  skill_keys: 4,
  /** Topics of one network that carry announcements. */
  shards: 16,

  /** How deep tasks of tasks go: agents that ask each other in a ring end, and honest work seldom needs half of it. */
  depth_max: 8,
  /** Tasks that may come of one, at all depths: what a tree may cost a network at most, and what a root allows that says nothing. */
  sub_tasks_max: 16_384,
  sub_tasks_default: 1_024,
  /** A sub-task gets this part of what its run may still cause: some sixty side by side, and three levels, need not count. */
  sub_tasks_parts: 16,
  /** What a handler says meanwhile goes out at most this often, and at most so much of it at once: a fact of it fits a log line. */
  partial_ms: 250,
  partial_bytes: 12 * 1024,
  partial_items: 256,
  /** What waits to go out at a contractor; of more the oldest is dropped. */
  partial_queue_bytes: 256 * 1024,
  /** Progress alone goes out between renewals at most this often, and only when it is so much further or its note is another. */
  progress_ms: 500,
  progress_step_permille: 50,

  /** Texts that people read. */
  message_chars: 2_048,
  /** The same inside the account of a task, where there are many. */
  account_chars: 256,
  account_causes: 8,
  /** Tool calls in a failure, as JSON: 64 of about 300 bytes, with room for long names. */
  account_trace_bytes: 32 * 1024,
  /** Refusals and asked peers remembered for a failure's account. */
  account_entries: 64,
  /** Peers whose past work is remembered. */
  receipts_max: 1_024,
  /** So many tasks of a skill failed in a row, and a conductor prefers everybody else for a while, from the first to the last of these. */
  slump_failures: 3,
  slump_ms_first: 30_000,
  slump_ms_last: 600_000,
} as const;

assert(LIMITS.hold_ms > LIMITS.wide_window_ms + LIMITS.agree_ms / 4, "a hold outlives the window it was made in");
assert(LIMITS.unused_ms < LIMITS.hold_ms, "one bid that its caller lets lapse makes it yield");
assert(LIMITS.unused_ms > LIMITS.wide_window_ms + LIMITS.directed_window_ms, "declined after its windows it does not");
assert(
  LIMITS.claim_bytes >= 2 * LIMITS.body_bytes + LIMITS.control_bytes / 2,
  "an escaped body fits into a claim frame",
);
assert(LIMITS.seal_chars >= ((2 * LIMITS.body_bytes + 24 * 1024) * 4) / 3, "the largest outcome fits into an envelope");
assert(LIMITS.claim_bytes >= LIMITS.seal_chars + 16 * 1024, "an outcome and its awards fit into a claim frame");
assert(
  (LIMITS.seal_chars * 3) / 4 >=
    LIMITS.account_trace_bytes +
      // A text's character takes 6 bytes at most, as \u0001 does; the rest of an attempt, and of a line about a peer, 256.
      6 * LIMITS.account_chars * (LIMITS.attempts_max + 2 * LIMITS.account_causes) +
      6 * LIMITS.message_chars +
      256 * (LIMITS.attempts_max + 2 * LIMITS.account_entries + 8),
  "the largest account of a failure fits into an envelope",
);
assert(LIMITS.card_bytes < LIMITS.control_bytes, "a card fits into a control frame");
assert(
  LIMITS.round_jump + (LIMITS.rounds_per_second * 2 * LIMITS.deadline_ms_max) / 1000 <= LIMITS.round_max,
  "no task lives long enough to use its rounds up",
);
assert(LIMITS.lease_ms_min / 3 >= 100, "renewals are no flood");
assert(LIMITS.retry_ms * 2 < LIMITS.store_ms, "storing is tried more than twice");
assert(LIMITS.partial_ms <= LIMITS.progress_ms, "partial results wait for no progress");
assert(2 * LIMITS.partial_bytes < LIMITS.control_bytes, "escaped partial results fit into a frame beside an award");
assert(LIMITS.better_bids <= LIMITS.crowd_bids, "silence does not starve a crowded auction");
